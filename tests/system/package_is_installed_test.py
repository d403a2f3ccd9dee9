#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `cmake --install` puts into DESTDIR is all that a package needs, and systemd takes its units, users and folders."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from support.scenario import BIN, Scenario, main

EXPECTED = {
    "usr/sbin/godwitd", "usr/sbin/sendmail", "usr/bin/godwitctl", "usr/bin/mailq", "usr/bin/newaliases",
    "usr/lib/systemd/system/godwitd.service", "usr/lib/systemd/system/godwitd.socket", "usr/lib/sysusers.d/godwit.conf",
    "usr/lib/tmpfiles.d/godwit.conf", "usr/share/godwit/godwit.yaml", "usr/share/godwit/accounts.yaml.example", "usr/share/godwit/certbot-deploy-hook",
    "usr/share/doc/godwit/README.md", "usr/share/doc/godwit/LICENSE", "usr/share/doc/godwit/operations.md",
    "usr/share/doc/godwit/configuration.md", "usr/share/doc/godwit/quickstart.md", "usr/share/man/man1/godwitctl.1",
    "usr/share/man/man1/sendmail.1", "usr/share/man/man1/mailq.1", "usr/share/man/man5/godwit.yaml.5", "usr/share/man/man8/godwitd.8",
    "usr/share/bash-completion/completions/godwitctl", "usr/share/fish/vendor_completions.d/godwitctl.fish",
    "usr/share/zsh/vendor-completions/_godwitctl",
}


def needs(*programs):
    missing = [program for program in programs if not shutil.which(program)]
    return unittest.skipIf(missing, f"not here: {missing}")


class PackageIsInstalled(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="godwit-root-"))
        cls.addClassCleanup(shutil.rmtree, cls.root)
        done = subprocess.run(["cmake", "--install", str(BIN.parent), "--prefix", "/usr"], capture_output=True, text=True,
                              env={**os.environ, "DESTDIR": str(cls.root)}, timeout=100)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)

    def installed(self, path):
        return self.root / path

    def test_all_is_there(self):
        found = {str(path.relative_to(self.root)) for path in (self.root / "usr").rglob("*")
                 if path.is_symlink() or path.is_file()}
        self.assertEqual(EXPECTED - found, set())
        self.assertTrue([path for path in found if path.startswith("usr/share/godwit/fail2ban/")])
        for name in "mailq", "newaliases":
            self.assertEqual(os.readlink(self.installed("usr/bin") / name), "../sbin/sendmail")

    def test_the_programs_run(self):
        for path in "usr/sbin/godwitd", "usr/bin/godwitctl", "usr/sbin/sendmail":
            self.assertRegex(self.run_program(self.installed(path), "--version").stdout, r"\d+\.\d+\.\d+")

    @needs("man", "groff")
    def test_the_manual_pages_can_be_read(self):
        for page, words in {"man1/godwitctl.1": "godwitctl queue list", "man1/sendmail.1": "-oi", "man1/newaliases.1": "sendmail",
                            "man5/godwit.yaml.5": "limits.message_size", "man8/godwitd.8": "--check"}.items():
            done = self.run_program("man", "--warnings", "--local-file", self.installed("usr/share/man") / page,
                                    env={**os.environ, "MANWIDTH": "100", "LC_ALL": "C.UTF-8", "MANROFFOPT": "-rHY=0"})
            self.assertEqual(done.stderr, "", page)
            self.assertIn(words, done.stdout)
            self.assertIn("SEE ALSO", done.stdout)

    @needs("bash")
    def test_bash_completes(self):
        script = self.installed("usr/share/bash-completion/completions/godwitctl")

        def completed(*words):
            quoted = " ".join(f'"{word}"' for word in words)
            done = self.run_program("bash", "-c", f'source "{script}"; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _godwitctl; '
                                    'printf "%s\\n" "${COMPREPLY[@]}"', cwd=self.folder)
            return done.stdout.split()

        (self.folder / "some.yaml").touch()
        self.assertEqual(completed("godwitctl", "que"), ["queue"])
        self.assertEqual(completed("godwitctl", "--json", "queue", "rel"), ["release"])
        self.assertEqual(completed("godwitctl", "config", "show-effective", "--conf"), ["--config"])
        self.assertEqual(completed("godwitctl", "config", "check", "--config", "so"), ["some.yaml"])
        self.assertEqual(completed("godwitctl", "queue", "list", "--limit", ""), [])

    def unit(self, name):
        """A copy that names the programs where they are now."""
        text = self.installed("usr/lib/systemd/system") / name
        copy = self.folder / name
        copy.write_text(text.read_text().replace("=/usr/", f"={self.root}/usr/"))
        return copy

    @needs("systemd-analyze")
    def test_systemd_takes_the_units(self):
        for name in "godwitd.service", "godwitd.socket":
            done = self.run_program("systemd-analyze", "verify", "--man=no", "--generators=no", self.unit(name))
            self.assertEqual(done.stdout + done.stderr, "")

    @needs("systemd-analyze")
    def test_the_daemon_is_exposed_little(self):
        # In tenths.
        self.run_program("systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager",
                         self.installed("usr/lib/systemd/system/godwitd.service"))

    @needs("systemd-sysusers", "systemd-tmpfiles")
    @unittest.skipIf(os.geteuid() != 0, "makes a user, if only in a folder")
    def test_its_user_and_folders_are_made(self):
        (self.root / "etc").mkdir()
        self.run_program("systemd-sysusers", f"--root={self.root}")
        users = (self.root / "etc/passwd").read_text().splitlines()
        (user,) = [line.split(":") for line in users if line.startswith("godwit:")]
        self.run_program("systemd-tmpfiles", f"--root={self.root}", "--create", "--prefix=/etc", "--prefix=/var")
        for path, mode in ("var/spool/godwit", 0o700), ("etc/godwit", 0o750):
            status = (self.root / path).stat()
            self.assertEqual((status.st_mode & 0o7777) | mode, mode, path)
            self.assertIn(int(user[2]) if "spool" in path else int(user[3]), (status.st_uid, status.st_gid), path)


if __name__ == "__main__":
    main()
