#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon takes from itself what it does not need before its first thread, and goes on doing all that it must."""

import errno
import os
import shutil
import tempfile
from pathlib import Path

from support import old_kernel
from support.certificate import Certificate
from support.faults import Faults
from support.kernel import why_not_shut_in
from support.maildir import Maildir
from support.receiving_host import ReceivingHost
from support.scenario import SANITIZER, main

NAME = "mail.xyz.example"


class DaemonIsShutIn(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.files = Certificate(self, NAME, self.net.host(1))
        self.elsewhere = Path(tempfile.mkdtemp(prefix="godwit-elsewhere-", dir="/var/tmp"))
        self.addCleanup(shutil.rmtree, self.elsewhere)

    def shut_in(self, **config):
        if why_not := why_not_shut_in():
            self.skipTest(why_not)
        self.godwit = self.host(certificate=self.files, **config)
        self.godwit.config["tls"]["check_interval"] = "200ms"
        self.faults = Faults(self, self.godwit)
        self.godwit.start()
        self.assertEqual(self.godwit.events("sandbox_incomplete"), [])

    def tried(self, call, path=""):
        """The errno of what the daemon's own process tries, in its thread that writes the log."""
        self.faults.attempt(call, str(path))
        with self.connect() as client:
            client.say("NOOP", "250")  # and a line of the log
        self.wait_until(lambda: self.faults.outcome(call) is not None, f"{call} was tried")
        return self.faults.outcome(call)

    def states_of_threads(self):
        tasks = Path(f"/proc/{self.godwit.process.pid}/task")
        return [dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
                for task in tasks.iterdir()]

    def test_every_thread_is(self):
        self.shut_in()
        states = self.states_of_threads()
        self.assertGreater(len(states), 5)
        self.assertEqual({state["Seccomp"] for state in states}, {"2"})
        self.assertEqual({state["NoNewPrivs"] for state in states}, {"1"})

    def test_it_cannot_open_what_is_forbidden_nor_execute_nor_be_traced(self):
        self.shut_in()
        secret = self.elsewhere / "secret"
        secret.write_text("x")
        self.assertEqual(self.tried("try_open", self.files.certificate), 0)
        for forbidden in (secret, self.elsewhere):
            self.assertEqual(self.tried("try_open", forbidden), errno.EACCES, forbidden)
        self.assertEqual(self.tried("try_execute", shutil.which("true")), errno.EPERM)
        self.assertEqual(self.tried("try_trace"), errno.EPERM)
        self.assert_still_works()

    def test_a_file_outside_is_not_opened_and_a_restart_opens_it(self):
        self.shut_in()
        for name in "certificate", "private_key":
            path = getattr(self.files, name)
            shutil.copy(path, self.elsewhere / name)
            self.godwit.config["tls"]["certificates"][0][name] = str(self.elsewhere / name)
        self.godwit.write_config()
        refused = self.godwit.control("reload", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("Permission denied", refused.stdout + refused.stderr)
        self.assertIn(f"tls.certificates: {self.elsewhere}/private_key lies outside", refused.stdout + refused.stderr)
        self.assert_still_works()
        self.godwit.stop()
        self.godwit.start()
        self.godwit.control("reload")
        self.assert_still_works()

    def test_mail_to_a_store_outside_waits_for_the_restart_that_the_reload_names(self):
        self.shut_in()
        self.godwit.config["domains"]["new.example"] = {
            "deliver": f"maildir:{self.elsewhere}/{{local}}", "recipients": "any"}
        self.godwit.write_config()
        said = self.godwit.control("reload")
        self.assertIn(f"domains: {self.elsewhere}", said.stdout + said.stderr)
        self.godwit.wait_event("restart_needed", key=f"domains: {self.elsewhere}/")
        identity, content = self.send("somchai@new.example")
        self.assertIn("Permission denied", self.godwit.wait_event("deferred", id=identity)["reply"])
        self.assertEqual(list(self.elsewhere.iterdir()), [])
        self.assert_still_works()
        self.godwit.restart()
        (filed,) = Maildir(self.elsewhere / "somchai").wait(1)
        self.assertEqual(filed.content, content)

    def test_certificates_are_renewed_and_mail_is_filed(self):
        self.shut_in()
        other = Certificate(self, "new.xyz.example")
        os.replace(other.certificate, self.files.certificate)
        os.replace(other.private_key, self.files.private_key)
        self.godwit.wait_event("certificate_reloaded", subject="CN=new.xyz.example")
        self.assert_still_works()

    def test_a_kernel_that_cannot_do_it_is_remarked_and_mail_flows(self):
        if SANITIZER or not old_kernel.is_possible():
            self.skipTest("not with this program, or on this machine")
        self.godwit = self.host(certificate=self.files).start(old_kernel.LAUNCHER)
        lacking = {"files": "this kernel has no Landlock", "system calls": "this kernel has no seccomp"}
        self.assertEqual(
            {event["reason"] for event in self.godwit.events("sandbox_incomplete")},
            {f"{what}{whose}: {why}" for what, why in lacking.items() for whose in ("", " of the process with the private keys")})
        self.assert_still_works()

    def test_it_can_be_left_out(self):
        self.godwit = self.host(certificate=self.files, sandbox={"enabled": False})
        self.faults = Faults(self, self.godwit)
        self.godwit.start()
        self.assertEqual({state["Seccomp"] for state in self.states_of_threads()}, {"0"})
        (self.elsewhere / "secret").write_text("x")
        self.assertEqual(self.tried("try_open", self.elsewhere / "secret"), 0)
        self.assertEqual(self.tried("try_execute", self.elsewhere / "gone"), errno.ENOENT)
        self.assert_still_works()


if __name__ == "__main__":
    main()
