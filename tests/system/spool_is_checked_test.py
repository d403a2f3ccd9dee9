#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""godwitctl spool check: beside a working daemon, after its end, and when bytes were damaged."""

import json
import threading

from support.dialogue import Dialogue
from support.message import large_body, message
from support.scenario import main
from support.sending_host import SENDER, SendingHost

TO = "user@xyz.example"


class SpoolIsChecked(SendingHost):
    def check(self, *options, code=0):
        """The report; the exit status must be `code`."""
        done = self.godwit.control("--json", "spool", "check", "--directory", self.godwit.spool, *options, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def send_until(self, stop):
        number = 0
        with Dialogue(self.godwit.address) as client:
            while not stop.is_set():
                number += 1
                client.submit(SENDER, TO, message(f"load {number}", body=large_body(300_000 if number % 20 == 0 else 3000)))

    def test_beside_a_daemon_under_load(self):
        self.mx("xyz.example", 10, "mx.xyz.example", 2)
        self.start(spool={"segment_size": "1MiB"})
        stop = threading.Event()
        sender = threading.Thread(target=self.send_until, args=(stop,))
        sender.start()
        try:
            for _ in range(15):
                report = self.check()
                self.assertTrue(report["sound"], report["damages"])
        finally:
            stop.set()
            sender.join(30)
        self.godwit.wait_empty_queue()
        asked = self.godwit.control("--json", "spool", "check")
        self.assertEqual(json.loads(asked.stdout)["directory"], str(self.godwit.spool), "the daemon says where it is")
        self.assertIn(f"the spool is {self.godwit.spool} (the daemon at {self.godwit.control_socket} says so)", asked.stderr)
        self.assertEqual(self.godwit.stop(), 0)
        self.assertIn("no daemon answers", self.godwit.control("spool", "check", check=False).stderr)
        report = self.check()
        self.assertEqual(report["messages"], 0)
        self.assertEqual(report["quarantine"], [])
        (self.godwit.spool / "quarantine").rmdir()
        self.assertTrue(self.check()["sound"], "as in a copy that lacks what was empty")

    def test_damage_is_found(self):
        self.mx("xyz.example", 10, "mx.xyz.example", 2, up=False)
        self.start()
        identities = [self.send(TO, message(f"message-number-{number}"))[0] for number in range(3)]
        identities.append(self.send(TO, message("large", body=large_body(400_000)))[0])
        self.assertEqual(self.godwit.stop(), 0)
        report = self.check()
        self.assertEqual((report["messages"], report["large"]), (4, 1))

        body = self.godwit.spool / "large" / identities[3]
        with open(body, "r+b") as file:
            file.seek(200_000)
            file.write(b"other bytes")
        segment = sorted((self.godwit.spool / "journal").glob("*.seg"))[0]
        data = segment.read_bytes()
        with open(segment, "r+b") as file:
            file.seek(data.find(b"message-number-1"))
            file.write(b"M")
        report = self.check(code=1)
        self.assertFalse(report["sound"])
        self.assertEqual(sorted(fault["file"] for fault in report["damages"]), [f"journal/{segment.name}", f"large/{identities[3]}"])
        text = self.godwit.control("spool", "check", "--config", self.godwit.config_file, check=False)
        self.assertEqual(text.returncode, 1)
        self.assertIn(f"damaged: large/{identities[3]}, message {identities[3]}", text.stdout)
        self.assertEqual(segment.read_bytes()[:len(data)].count(b"Message-number-1"), 1, "the check changed something")

    def test_what_is_no_spool(self):
        self.start()
        done = self.godwit.control("spool", "check", "--directory", self.folder, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("no spool", done.stderr)


if __name__ == "__main__":
    main()
