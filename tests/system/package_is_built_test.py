#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian package has all that is installed, asks about the configuration before it changes it, and has scripts that run."""

import os
import shutil
import unittest

from support.package import field, open_package
from support.scenario import Scenario, main

SCRIPTS = ("postinst", "prerm", "postrm")
CONFFILE = "etc/godwit/godwit.yaml"


@unittest.skipUnless(shutil.which("cpack") and shutil.which("dpkg-shlibdeps"), "makes a Debian package")
class PackageIsBuilt(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        open_package(cls)

    def field(self, name):
        return field(self.package, name)

    def test_it_says_what_it_is(self):
        self.assertRegex(self.package.name, r"^godwit_\d+\.\d+\.\d+_\w+\.deb$")
        self.assertEqual(self.field("Package"), "godwit")
        self.assertEqual(self.field("Section"), "mail")
        self.assertEqual(self.field("Provides"), "mail-transport-agent")
        self.assertEqual(self.field("Conflicts"), "mail-transport-agent")
        # Found out from the programs.
        for library in "libc6", "libssl3", "libc-ares2", "libyaml-cpp0.7":
            self.assertIn(library, self.field("Depends"))
        # Loaded where they are configured.
        self.assertCountEqual(self.field("Recommends").split(", "), ["libldap-2.5-0", "libpq5"])

    def test_it_has_what_is_installed(self):
        files = {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file() or path.is_symlink()}
        self.assertEqual({path for path in files if not path.startswith("usr/")}, {CONFFILE})
        expected = {"usr/sbin/godwitd", "usr/sbin/sendmail", "usr/bin/godwitctl", "usr/bin/mailq", "usr/bin/newaliases",
                    "usr/lib/systemd/system/godwitd.service", "usr/lib/sysusers.d/godwit.conf", "usr/lib/tmpfiles.d/godwit.conf",
                    "usr/share/man/man1/godwitctl.1", "usr/share/man/man1/sendmail.1", "usr/share/man/man1/mailq.1",
                    "usr/share/man/man5/godwit.yaml.5", "usr/share/man/man8/godwitd.8",
                    "usr/share/bash-completion/completions/godwitctl", "usr/share/godwit/godwit.yaml"}
        self.assertEqual(expected - files, set())
        self.assertRegex(self.run_program(self.root / "usr/sbin/godwitd", "--version").stdout, r"\d+\.\d+\.\d+")
        # init takes the example for none.
        self.assertEqual((self.root / CONFFILE).read_bytes(), (self.root / "usr/share/godwit/godwit.yaml").read_bytes())

    def test_everything_belongs_to_root(self):
        listing = self.run_program("dpkg-deb", "--contents", self.package).stdout
        self.assertEqual([line for line in listing.splitlines() if " root/root " not in line], [])
        self.assertNotRegex(listing, r"(?m)^\S*[sS]\S* ")  # set-user-id, set-group-id

    def test_the_configuration_is_the_administrators(self):
        self.assertEqual((self.control / "conffiles").read_text().split(), ["/" + CONFFILE])

    def test_the_scripts_are_scripts(self):
        for name in SCRIPTS:
            script = self.control / name
            self.assertTrue(os.access(script, os.X_OK), name)
            self.run_program("sh", "-n", script)
            if shutil.which("shellcheck"):
                self.run_program("shellcheck", script)

    def test_the_scripts_pass_over_what_is_not_theirs(self):
        for name, words in ("postinst", ("abort-upgrade", "0.0.1")), ("prerm", ("upgrade", "0.0.2")), ("postrm", ("upgrade", "0.0.2")):
            self.run_program("sh", self.control / name, *words, env={"PATH": self.stubs(name)})

    def test_a_first_installation_makes_user_and_folders(self):
        done = self.run_program("sh", self.control / "postinst", "configure", "", env={"PATH": self.stubs("first")})
        called = (self.folder / "called").read_text()
        self.assertIn("systemd-sysusers godwit.conf\nsystemd-tmpfiles --create godwit.conf\n", called)
        self.assertNotIn("restart", called)
        self.assertNotIn("enable", called)
        self.assertIn("godwitctl init", done.stdout)

    def stubs(self, name):
        """A folder of programs that only say that they were called."""
        folder = self.folder / f"stubs-{name}"
        folder.mkdir()
        for program in "systemd-sysusers", "systemd-tmpfiles", "systemctl", "rm", "rmdir":
            stub = folder / program
            stub.write_text(f'#!/bin/sh\necho "{program} $*" >> "{self.folder}/called"\n')
            stub.chmod(0o755)
        return f"{folder}:/usr/bin:/bin"


if __name__ == "__main__":
    main()
