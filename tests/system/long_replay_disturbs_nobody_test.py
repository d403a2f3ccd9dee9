#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A replay of 100,000 envelopes tells how far it is; mail is taken and the daemon answers meanwhile."""

import json
import os
import statistics
import subprocess
import time

from support.godwit import ControlConnection
from support.history_file import event, frame, write_history
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import BIN, PATIENCE, kill_after, main

FRAMES, EVENTS = 400, 250  # of each file; of each frame
ENVELOPES = FRAMES * EVENTS


class LongReplayDisturbsNobody(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.godwit = self.host(domains={"xyz.example": ["somchai"], "second.example": ["ann"]})
        recipients = [TO, "ann@second.example", *(f"user{number}@host{number}.example" for number in range(50))]
        one = frame(b"".join(
            event("accepted", time.time_ns(), [0x5F00000000000 + number],
                  {"id": "06ZQ3W8K1M4TR", "from": f"<{SENDER}>", "to": f"<{recipients[number % len(recipients)]}>", "size": 2000,
                   "client": "192.0.2.1", "service": "mx", "hello": "a.example", "account": ""}) for number in range(EVENTS)))
        write_history(self.godwit.folder / "state", [one] * FRAMES)
        self.godwit.start()

    def drop_second(self):
        self.godwit.config["domains"].pop("second.example")
        self.godwit.write_config()

    def begin(self):
        process = subprocess.Popen([BIN / "godwitctl", "config", "test-replay", "--last", str(ENVELOPES), "--json"], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env={**os.environ, "GODWIT_SOCKET": str(self.godwit.control_socket)})
        return kill_after(self, process, "godwitctl")

    def test_mail_flows_meanwhile(self):
        self.drop_second()
        replay = self.begin()
        answers, taken = [], []
        while replay.poll() is None:
            began = time.monotonic()
            self.godwit.status()
            answers.append(time.monotonic() - began)
            began = time.monotonic()
            self.send(TO)
            taken.append(time.monotonic() - began)
        said, progress = replay.communicate(timeout=60)
        self.assertEqual(replay.returncode, 0, progress)
        report = json.loads(said)
        # What came meanwhile is not among them, or pushes as many of the oldest out.
        self.assertEqual(report["accepted"], ENVELOPES)
        of_domain = report["changes"]["newly_rejected"]["envelopes"]
        self.assertGreater(of_domain, ENVELOPES // 60)
        self.assertEqual(of_domain + report["unchanged"], report["accepted"])
        self.assertIn(f" of {ENVELOPES} envelopes replayed\n", progress)
        self.assertGreater(len(answers), 5)
        for times in (answers, taken):
            self.assertLess(statistics.median(times), 0.2 * PATIENCE, times)
        self.godwit.wait_empty_queue()

    def test_one_at_a_time(self):
        first = self.begin()
        self.wait_until(lambda: self.progress().get("state") == "running", "it has begun")
        second = self.godwit.control("config", "test-replay", check=False)
        self.assertIn("another replay is under way", second.stderr)
        first.communicate(timeout=600)  # minutes under sanitizers
        self.assertEqual(first.returncode, 0)
        self.assertEqual(self.godwit.control_json("config", "test-replay", "--last", "10")["accepted"], 10)

    def progress(self):
        connection = ControlConnection(self.godwit.control_socket)
        try:
            connection.request("GET", "/v1/configuration/replay")
            return json.load(connection.getresponse())
        finally:
            connection.close()

    def test_a_stop_does_not_wait_for_it(self):
        replay = self.begin()
        self.wait_until(lambda: self.progress().get("state") == "running", "it has begun")
        began = time.monotonic()
        self.assertEqual(self.godwit.stop(), 0)
        self.assertLess(time.monotonic() - began, 15)
        replay.communicate(timeout=30)  # it cannot reach the daemon any more, and ends
        self.assertEqual(replay.returncode, 1)


if __name__ == "__main__":
    main()
