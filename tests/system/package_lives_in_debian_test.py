#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The package in a clean Debian with systemd: it is installed in place of another mail server, made a mail host, started, takes and
delivers mail, refuses nobody while it is restarted and upgraded, is removed without losing mail, and purged."""

import json
import re
import subprocess
import unittest

from support import debian
from support.dialogue import Dialogue
from support.guests import Guest, Guests
from support.maildir import Maildir
from support.message import message
from support.package import field, make_package
from support.scenario import Scenario, main

ALICE = "alice@example.com"
AWAY = "bob@elsewhere.example"  # no DNS server answers: mail to him waits
KEEP_CONFFILES = ("-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold")
FOLDERS = {"/etc/godwit": "750 root godwit", "/var/spool/godwit": "700 godwit godwit", "/var/vmail": "2770 godwit godwit",
           "/var/spool/godwit-maildrop": "3733 godwit godwit"}
DEPLOY_HOOK = "etc/letsencrypt/renewal-hooks/deploy/godwit"
OBSTACLE = debian.why_not()


@unittest.skipIf(OBSTACLE, f"no machine can be made here: {OBSTACLE}")
class PackageLivesInDebian(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.package = make_package(cls)
        cls.version = field(cls.package, "Version")
        debian.download(cls.package)

    # ---- packages -------------------------------------------------------------------------------------------------

    def later(self, suffix, changed=lambda root: None):
        """The same package in a later version, with what changed(its unpacked files) makes of it."""
        root = self.folder / f"later{suffix}"
        subprocess.run(["dpkg-deb", "--raw-extract", self.package, root], check=True)
        control = root / "DEBIAN" / "control"
        control.write_text(re.sub(r"(?m)^Version: .*", f"Version: {self.version}{suffix}", control.read_text()))
        changed(root)
        return self.built(root, f"godwit_{self.version}{suffix}.deb")

    def built(self, root, name):
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", root, self.folder / name], check=True,
                       capture_output=True)
        return self.folder / name

    def other_mail_server(self):
        """As each one in Debian is packaged."""
        root = self.folder / "other"
        (root / "DEBIAN").mkdir(parents=True)
        (root / "DEBIAN" / "control").write_text(
            "Package: other-mail-server\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: another\n"
            + "".join(f"{relation}: mail-transport-agent\n" for relation in ("Provides", "Conflicts", "Replaces")))
        program = root / "usr/sbin/sendmail"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\necho other\n")
        program.chmod(0o755)
        return self.built(root, "other.deb")

    # ---- the machine ----------------------------------------------------------------------------------------------

    def systemctl(self, *words, **options):
        return self.machine.run("systemctl", *words, **options)

    def connect(self, **options):
        client = self.machine.inside(lambda: Dialogue("127.0.0.1", 25, **options))
        self.addCleanup(client.close)
        return client

    def take(self, recipient, subject):
        with self.connect() as client:
            client.submit("mod@abc.example", recipient, message(subject))

    def subjects(self):
        """Of the mail that alice has, in no order."""
        mailbox = Maildir(self.machine.root / "var/vmail/example.com/alice")
        return [re.search(rb"(?m)^Subject: (.*?)\r?$", path.read_bytes()).group(1).decode() for path in mailbox.files()]

    def wait_for(self, subject):
        self.wait_until(lambda: self.subjects().count(subject) == 1, f"alice has {subject!r}")

    def queued(self):
        return self.machine.run("godwitctl", "queue").stdout

    def wait_for_queue(self):
        self.wait_until(lambda: AWAY in self.queued(), "mail waits in the queue")

    def guests(self, dropped):
        machine = self.machine

        class Visitor(Guest):
            port = 25
            may_be_dropped = dropped

            def enter(self):
                return machine.inside(super().enter)

        return Guests(self, "127.0.0.1", ALICE, guest=Visitor, pause=0.1)

    def refuses_nobody(self, *changes, crash=False):
        """Clients come all the time while the machine is changed in these ways, each of which starts the daemon anew."""
        guests = self.guests(crash)
        for change in changes:
            before = self.machine.main_process("godwitd")
            guests.wait_for_more(20)
            change()
            self.wait_until(lambda: self.machine.main_process("godwitd") not in (0, before), "another daemon runs")
        guests.wait_for_more(20)
        twice = guests.leave(self.subjects)
        if not crash:
            self.assertEqual(twice, [])

    # ---- its life -------------------------------------------------------------------------------------------------

    def test_from_installation_to_purge(self):
        self.machine = debian.Debian(self).boot()
        self.is_installed()
        self.becomes_a_mail_host()
        self.starts_and_delivers()
        self.is_found_in_the_journal()
        self.is_reloaded()
        self.does_not_start_with_a_wrong_configuration()
        self.refuses_nobody(lambda: self.systemctl("restart", "godwitd"), lambda: self.systemctl("restart", "godwitd"))
        self.refuses_nobody(lambda: self.systemctl("kill", "--signal=KILL", "godwitd"), crash=True)
        self.is_upgraded()
        self.keeps_running_when_the_new_one_refuses_its_configuration()
        self.has_its_sockets_from_a_unit()
        self.is_removed_and_installed_again()
        self.is_purged()

    def is_installed(self):
        self.machine.install(self.other_mail_server())
        done = self.machine.install(self.package)
        self.assertIn("Removing other-mail-server", done.stdout)
        self.assertIn("godwitctl init", done.stdout)
        self.assertIn("sendmail", self.machine.run("sendmail", "--version").stdout)
        for folder, expected in FOLDERS.items():
            self.assertEqual(self.machine.run("stat", "--format=%a %U %G", folder).stdout.strip(), expected, folder)
        self.assertEqual(self.systemctl("is-enabled", "godwitd", check=False).stdout.strip(), "disabled")
        self.assertFalse(self.machine.is_active("godwitd"), "nothing to start yet")
        self.machine.run("systemd-analyze", "verify", "--man=no", "godwitd.service", "godwitd.socket")

    def becomes_a_mail_host(self):
        self.machine.run("godwitctl", "init", "example.com", "--yes", "--hostname", "mail.example.com", "--account", ALICE,
                         "--address", "192.0.2.1")

    def starts_and_delivers(self):
        self.systemctl("enable", "--now", "godwitd")
        self.take(ALICE, "from outside")
        self.wait_for("from outside")
        for user in "root", "nobody":
            self.machine.run("setpriv", f"--reuid={user}", "--clear-groups", "--regid=nogroup", "sendmail", ALICE,
                             input=f"Subject: from {user}\n\nhello\n")
            self.wait_for(f"from {user}")
        self.machine.run("sendmail", AWAY, input="Subject: waits\n\nhello\n")
        self.wait_for_queue()

    def is_found_in_the_journal(self):
        """By what stands in the log, without looking for words in lines."""
        def entries():
            shown = self.machine.run("journalctl", "--output=json", "GODWIT_EVENT=delivered", f"GODWIT_TO=<{ALICE}>").stdout
            found = [json.loads(line) for line in shown.splitlines() if line.startswith("{")]
            return found if len(found) >= 3 else None

        entry = self.wait_until(entries, "the journal has what was delivered")[0]
        self.assertEqual((entry["_SYSTEMD_UNIT"], entry["SYSLOG_IDENTIFIER"], entry["PRIORITY"]), ("godwitd.service", "godwitd", "6"))
        self.assertIn(f" delivered id={entry['GODWIT_ID']} ", entry["MESSAGE"])
        waiting = self.machine.run("journalctl", "--output=cat", "--priority=warning", f"GODWIT_TO=<{AWAY}>").stdout
        self.assertIn(" deferred id=", waiting)

    def mistake(self):
        return self.machine.root / "etc/godwit/conf.d/mistake.yaml"

    def is_reloaded(self):
        before = self.machine.main_process("godwitd")
        self.systemctl("reload", "godwitd")
        self.assertIn(" reloaded", self.machine.run("journalctl", "--output=cat", "GODWIT_EVENT=reloaded").stdout)
        self.mistake().write_text("hostnam: x\n")
        self.assertNotEqual(self.systemctl("reload", "godwitd", check=False).returncode, 0)
        self.assertIn("the old one stays", self.machine.run("journalctl", "--output=cat", "GODWIT_EVENT=reload_refused").stdout)
        self.assertIn("mistake.yaml:1:1", self.machine.run("journalctl", "--output=cat", "--unit=godwitd").stdout)
        self.assertEqual(self.machine.main_process("godwitd"), before)
        self.take(ALICE, "after a reload that was refused")
        self.wait_for("after a reload that was refused")

    def does_not_start_with_a_wrong_configuration(self):
        """Nor is it tried again: the same would come of it."""
        self.systemctl("stop", "godwitd")
        self.assertNotEqual(self.systemctl("start", "godwitd", check=False).returncode, 0)
        shown = self.systemctl("show", "--property=ExecMainStatus,NRestarts,ActiveState", "godwitd").stdout.split()
        self.assertEqual(sorted(shown), ["ActiveState=failed", "ExecMainStatus=2", "NRestarts=0"])
        self.mistake().unlink()
        self.systemctl("reset-failed", "godwitd")  # so many starts in so short a time are the test's only
        self.systemctl("start", "godwitd")
        self.wait_for_queue()

    def is_upgraded(self):
        """What the administrator wrote stays, and what waits; clients notice nothing."""
        configuration = self.machine.root / "etc/godwit/godwit.yaml"
        written = configuration.read_text() + "stop_grace: 20s\n"
        configuration.write_text(written)

        def changed(root):
            (root / "etc/godwit/godwit.yaml").write_text("# a later example\nhostname: mail.example.org\n")

        self.refuses_nobody(lambda: self.machine.install(self.later(".1", changed), *KEEP_CONFFILES))
        self.assertEqual(configuration.read_text(), written)
        self.assertIn("later example", (configuration.parent / "godwit.yaml.dpkg-dist").read_text())
        self.assertIn(f"{self.version}.1", self.machine.run("dpkg-query", "--show", "godwit").stdout)
        self.wait_for_queue()

    def keeps_running_when_the_new_one_refuses_its_configuration(self):
        before = self.machine.main_process("godwitd")
        mistake = self.mistake()
        mistake.write_text("hostnam: x\n")
        done = self.machine.install(self.later(".2"), *KEEP_CONFFILES)
        self.assertIn("mistake.yaml:1:1", done.stdout)
        self.assertEqual(self.machine.main_process("godwitd"), before)
        self.take(ALICE, "from the old one")
        self.wait_for("from the old one")
        mistake.unlink()
        self.systemctl("restart", "godwitd")

    def has_its_sockets_from_a_unit(self):
        self.systemctl("stop", "godwitd")
        with self.assertRaises(ConnectionRefusedError):
            self.connect()
        self.systemctl("enable", "--now", "godwitd.socket")
        client = self.connect()  # starts the daemon
        client.submit("mod@abc.example", ALICE, message("woken"))
        self.wait_for("woken")
        self.refuses_nobody(lambda: self.systemctl("restart", "godwitd"), lambda: self.systemctl("restart", "godwitd"))

    def is_removed_and_installed_again(self):
        mail = sorted(self.subjects())
        self.machine.run("apt-get", "remove", "-y", "-q", "godwit")
        for unit in "godwitd.service", "godwitd.socket":
            self.assertFalse(self.machine.is_active(unit))
        for gone in "usr/sbin/godwitd", "usr/sbin/sendmail":
            self.assertFalse((self.machine.root / gone).exists(), gone)
        self.assertEqual(self.machine.run("find", "/etc/systemd/system", "-name", "godwit*").stdout, "")
        self.machine.install(self.later(".3"), *KEEP_CONFFILES)
        self.assertFalse(self.machine.is_active("godwitd"))
        self.systemctl("start", "godwitd")
        self.wait_for_queue()
        self.assertEqual(sorted(self.subjects()), mail)

    def is_purged(self):
        """Twice: with mail in the spool and a hook of the administrator, and without mail and with the hook of init."""
        hook = self.machine.root / DEPLOY_HOOK
        hook.parent.mkdir(parents=True)
        hook.write_text("#!/bin/sh\n# Not made by godwitctl init: mine.\n")
        done = self.machine.run("apt-get", "purge", "-y", "-q", "godwit")
        for kept in "/var/spool/godwit", "/var/vmail":
            self.assertIn(f"godwit: {kept} is kept", done.stdout)
        self.assert_gone("etc/godwit", "var/lib/godwit", "var/log/godwit", "var/spool/godwit-maildrop")
        hook.unlink()  # it stayed
        self.machine.install(self.package)
        self.becomes_a_mail_host()
        self.assertIn("install -m", hook.read_text())
        self.systemctl("start", "godwitd")
        self.wait_for_queue()
        self.machine.run("sh", "-c", "godwitctl queue delete $(godwitctl --json queue | grep -oE '[0-9A-Z]{13}' | head -n 1)")
        self.wait_until(lambda: AWAY not in self.queued(), "nothing waits")
        done = self.machine.run("apt-get", "purge", "-y", "-q", "godwit")
        self.assertNotIn("/var/spool/godwit is kept", done.stdout)
        self.assert_gone("etc/godwit", "var/lib/godwit", "var/spool/godwit", "usr/share/godwit", "usr/share/doc/godwit",
                         DEPLOY_HOOK)
        self.assertIn("from outside", self.subjects())

    def assert_gone(self, *paths):
        self.assertEqual([path for path in paths if (self.machine.root / path).exists()], [])


if __name__ == "__main__":
    main()
