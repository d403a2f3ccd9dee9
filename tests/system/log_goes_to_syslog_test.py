#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""log.file: syslog.  The daemon runs in a mount namespace of its own, where /dev/log is a socket of the test."""

import re
import shlex
import socket
import subprocess

from support.godwit import Godwit
from support.message import message
from support.namespaces import mount_namespace
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import BIN, kill_after, main, wait_until

DEVICES = ("null", "zero", "full", "random", "urandom")


class LogGoesToSyslog(ReceivingHost):
    def spawn_with_dev_log(self, godwit, path):
        """The daemon with a /dev that has the devices it needs, and `path` as /dev/log."""
        godwit.write_config()
        old = self.folder / "old-dev"
        old.mkdir()
        steps = [f"mount --rbind /dev {shlex.quote(str(old))}", "mount -t tmpfs none /dev"]
        for source, name in [(old / device, device) for device in DEVICES] + [(path, "log")]:
            steps.append(f"touch /dev/{name} && mount --bind {shlex.quote(str(source))} /dev/{name}")
        program = shlex.join([str(BIN / "godwitd"), "--config", str(godwit.config_file)])
        with open(godwit.error_file, "ab") as errors:
            return kill_after(self, subprocess.Popen(
                [*mount_namespace(self), "sh", "-ec", " && ".join(steps) + f" && exec {program}"], stdin=subprocess.DEVNULL,
                stdout=errors, stderr=errors), godwit.name)

    def test_every_event_is_a_datagram(self):
        path = self.folder / "dev-log"
        syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(syslog.close)
        syslog.bind(str(path))
        syslog.settimeout(20)
        self.godwit = self.host(log={"file": "syslog", "format": "text", "level": "info"})
        self.godwit.process = self.spawn_with_dev_log(self.godwit, path)
        wait_until(self.godwit._ready, "the daemon listens", 30)
        identity, _ = self.send(TO, message("logged"))

        seen = {}
        while "delivered" not in seen:
            line = syslog.recv(65536).decode()
            # RFC 3164: <facility * 8 + severity>, time, tag[pid]; facility 2 is mail, severity 6 is informational.
            found = re.fullmatch(r"<(\d+)>\w{3} [ \d]\d \d\d:\d\d:\d\d godwitd\[\d+\]: (.*)", line)
            self.assertTrue(found, line)
            self.assertEqual(int(found.group(1)) // 8, 2, line)
            event = re.search(r"(?:^|\s)(accepted|delivered)\s", found.group(2))
            if event and identity in line:
                seen[event.group(1)] = int(found.group(1))
                self.assertIn(f"<{SENDER}>" if event.group(1) == "delivered" else SENDER, line)
        self.assertEqual(seen, {"accepted": 22, "delivered": 22})
        self.assertEqual(self.godwit.stop(), 0)


if __name__ == "__main__":
    main()
