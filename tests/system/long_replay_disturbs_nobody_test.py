#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A replay of 100,000 envelopes tells how far it is; mail is taken and the daemon answers meanwhile."""

import json
import os
import statistics
import struct
import subprocess
import time

from support.godwit import ControlConnection
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import BIN, kill_after, main

FRAMES, EVENTS = 400, 250  # of each file; of each frame
ENVELOPES = FRAMES * EVENTS


def crc32c(data):
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def named(text):
    return struct.pack("<B", len(text)) + text.encode()


def field(name, value):
    return named(name) + (struct.pack("<BQ", 1, value) if isinstance(value, int) else struct.pack("<BI", 0, len(value)) + value.encode())


def event(name, identity, **fields):
    """As docs/history-format.md has it."""
    inside = struct.pack("<QBQ", time.time_ns(), 1, identity) + named(name) + struct.pack("<B", len(fields))
    inside += b"".join(field(key, value) for key, value in fields.items())
    return struct.pack("<I", len(inside)) + inside


def frame(payload):
    return b"GWFR" + struct.pack("<II", len(payload), crc32c(payload)) + payload


class LongReplayDisturbsNobody(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.godwit = self.host(domains={"xyz.example": ["somchai"], "second.example": ["ann"]})
        history = self.godwit.folder / "state" / "history"
        history.mkdir(parents=True)
        recipients = [TO, "ann@second.example", *(f"user{number}@host{number}.example" for number in range(50))]
        one = frame(b"".join(event("accepted", 0x5F00000000000 + number, id="06ZQ3W8K1M4TR", **{"from": f"<{SENDER}>"},
                                   to=f"<{recipients[number % len(recipients)]}>", size=2000, client="192.0.2.1", service="mx", hello="a.example",
                                   account="") for number in range(EVENTS)))
        (history / "00000001.hist").write_bytes(b"GWHIST1\n" + one * FRAMES)
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
            self.assertLess(statistics.median(times), 0.2, times)
        self.godwit.wait_empty_queue()

    def test_one_at_a_time(self):
        first = self.begin()
        self.wait_until(lambda: self.progress().get("state") == "running", "it has begun")
        second = self.godwit.control("config", "test-replay", check=False)
        self.assertIn("another replay is under way", second.stderr)
        first.communicate(timeout=60)
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
