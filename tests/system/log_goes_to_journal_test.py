#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Under systemd the journal gets each line with its fields.  The daemon runs in a mount namespace of its own, where a socket of the test
is journald's, and its standard error is what systemd says is the journal.  (With the real one: package_lives_in_debian_test.py.)"""

import os
import shlex
import socket
import subprocess

from support.message import message
from support.namespaces import mount_namespace
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import BIN, kill_after, main, wait_until


class LogGoesToJournal(ReceivingHost):
    def spawn_under_systemd(self, godwit, path):
        godwit.write_config()
        steps = ["mount -t tmpfs none /run", "mkdir -p /run/systemd/journal", "touch /run/systemd/journal/socket",
                 f"mount --bind {shlex.quote(str(path))} /run/systemd/journal/socket"]
        program = shlex.join([str(BIN / "godwitd"), "--config", str(godwit.config_file)])
        with open(godwit.error_file, "ab") as errors:
            status = os.fstat(errors.fileno())
            return kill_after(self, subprocess.Popen(
                [*mount_namespace(self), "sh", "-ec", " && ".join(steps) + f" && exec {program}"], stdin=subprocess.DEVNULL,
                stdout=errors, stderr=errors, env={**os.environ, "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}), godwit.name)

    def test_every_event_has_its_fields(self):
        path = self.folder / "journal"
        journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(journal.close)
        journal.bind(str(path))
        path.chmod(0o666)
        journal.settimeout(20)
        self.godwit = self.host(log={"file": "", "format": "text", "level": "info"})
        self.godwit.process = self.spawn_under_systemd(self.godwit, path)
        wait_until(self.godwit._ready, "the daemon listens", 30)
        identity, _ = self.send(TO, message("logged"))

        seen = {}
        while "delivered" not in seen:
            entry = dict(line.split("=", 1) for line in journal.recv(1 << 20).decode().splitlines())
            event = entry["GODWIT_EVENT"]
            self.assertRegex(entry["MESSAGE"], rf"^\S+Z (info|warn|error) {event}\b")
            if entry.get("GODWIT_ID") == identity:
                seen[event] = entry
        self.assertEqual({event: entry["GODWIT_FROM"] for event, entry in seen.items()},
                         dict.fromkeys(["accepted", "delivered"], f"<{SENDER}>"))
        delivered = seen["delivered"]
        self.assertEqual((delivered["PRIORITY"], delivered["GODWIT_TO"], delivered["GODWIT_ATTEMPTS"]), ("6", f"<{TO}>", "1"))
        self.assertEqual(self.godwit.stop(), 0)
        self.assertEqual(self.godwit.error_file.read_text(), "", "nothing a second time")


if __name__ == "__main__":
    main()
