#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every error of a configuration at once, each with its place and a hint; exit status 2."""

from support.receiving_host import ReceivingHost
from support.scenario import BIN, main

WRONG = """\
hostnam: mail.example.com
listeners:
  - address: "127.0.0.1:20025"
    service: mxx
limits:
  message_size: 50 bananas
  recipients: 10
delivery:
  retry: {frist: 5m}
"""
# Line and column of each error, and what it must name.
ERRORS = [("1:1", "hostname"), ("4:14", "mx"), ("6:17", "bananas"), ("9:11", "first")]


class WrongConfigurationExits2(ReceivingHost):
    def run_daemon(self, text, *options):
        file = self.folder / "wrong.yaml"
        file.write_text(text)
        return file, self.run_program(BIN / "godwitd", "--config", file, *options, check=False)

    def all_errors_are_named(self, *options):
        file, done = self.run_daemon(WRONG, *options)
        self.assertEqual(done.returncode, 2, done.stderr)
        text = done.stdout + done.stderr
        for place, word in ERRORS:
            with self.subTest(place):
                lines = [line for line in text.splitlines() if f"{file}:{place}: " in line]
                self.assertEqual(len(lines), 1, text)
                self.assertIn(word, lines[0].split(": ", 1)[1])
        self.assertIn("did you mean", text)

    def test_at_start(self):
        self.all_errors_are_named()

    def test_check(self):
        self.all_errors_are_named("--check")

    def test_what_is_no_yaml(self):
        file, done = self.run_daemon("hostname: [mail\n", "--check")
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"{file}:", done.stdout + done.stderr)

    def test_a_file_that_is_not_there(self):
        done = self.run_program(BIN / "godwitd", "--config", self.folder / "none.yaml", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("none.yaml", done.stdout + done.stderr)

    def test_usage(self):
        for program in ("godwitd", "godwitctl"):
            self.assertEqual(self.run_program(BIN / program, "--no-such-option", check=False).returncode, 2)
            self.assertRegex(self.run_program(BIN / program, "--version").stdout, r"\d+\.\d+\.\d+")
            self.assertIn("--help", self.run_program(BIN / program, "--help").stdout)

    def test_a_right_file_passes_the_check(self):
        godwit = self.host()
        godwit.write_config()
        self.run_program(BIN / "godwitd", "--config", godwit.config_file, "--check")


if __name__ == "__main__":
    main()
