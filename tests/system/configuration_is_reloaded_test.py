#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A changed file is applied whole, or not at all; connections stay up."""

import signal

from support.message import message
from support.receiving_host import ReceivingHost
from support.scenario import main

NEW = "new@second.example"


class ConfigurationIsReloaded(ReceivingHost):
    def add_domain(self):
        self.godwit.config["domains"]["second.example"] = {
            "deliver": f"maildir:{self.godwit.vmail}/{{domain}}/{{local}}", "recipients": ["new"]}
        self.godwit.write_config()

    def takes(self, recipient):
        with self.connect() as client:
            client.say("EHLO client.example", "250")
            client.say("MAIL FROM:<mod@abc.example>", "250")
            return client.say(f"RCPT TO:<{recipient}>").startswith("250")

    def setUp(self):
        super().setUp()
        self.start(trusted_networks=[])
        self.assertFalse(self.takes(NEW))

    def test_godwitctl_reload_returns_when_it_is_in_force(self):
        old = self.connect()
        old.say("EHLO client.example", "250")
        self.add_domain()
        self.godwit.control("reload")
        self.assertTrue(self.takes(NEW))
        _, content = self.send(NEW)
        (stored,) = self.godwit.mailbox(NEW).wait()
        self.assertEqual(stored.content, content)
        old.say("NOOP", "250")
        old.submit("mod@abc.example", "somchai@xyz.example", message(), hello=None)

    def test_sighup_reloads(self):
        self.add_domain()
        self.godwit.process.send_signal(signal.SIGHUP)
        self.wait_until(lambda: self.takes(NEW), "the new domain is taken")

    def test_a_wrong_file_changes_nothing_and_says_why(self):
        self.add_domain()
        text = self.godwit.config_file.read_text().replace('"trusted_networks"', '"trusted_networkz"')
        self.godwit.config_file.write_text(text)
        done = self.godwit.control("reload", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("trusted_networkz", done.stdout + done.stderr)
        self.assertFalse(self.takes(NEW))
        self.assert_still_works()

    def test_what_needs_a_restart_is_named(self):
        self.godwit.config["spool"]["directory"] += "-moved"
        self.godwit.write_config()
        done = self.godwit.control("reload", check=False)
        self.assertIn("spool.directory", done.stdout + done.stderr)
        self.assert_still_works()

    def test_what_needs_a_restart_does_not_change_by_half(self):
        self.godwit.config["hostname"] = "other.xyz.example"
        self.godwit.config["limits"]["message_size"] = "20KiB"
        self.godwit.write_config()
        for _ in range(2):
            done = self.godwit.control("reload", check=False)
            for key in ("hostname", "limits.message_size"):
                self.assertIn(key, done.stdout + done.stderr)
        with self.connect() as client:
            self.assertIn("mail.xyz.example", client.greeting)
            self.assertNotIn("SIZE 20480", client.say("EHLO client.example", "250"))

    def test_sighup_reopens_the_log(self):
        moved = self.godwit.log_file.with_suffix(".1")
        self.godwit.log_file.rename(moved)
        self.godwit.process.send_signal(signal.SIGHUP)
        self.wait_until(self.godwit.log_file.exists, "a new log file")
        self.assert_still_works()
        self.assertTrue(self.godwit.events("accepted"))


if __name__ == "__main__":
    main()
