#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A spool that an earlier version wrote is read; one that a later version wrote is refused with clear words, and left as it is.

spools/version-1.tar.xz was written by the first version of the format: ten messages in two segments, one sealed; of one message one of two
recipients has been served, one message is held, one lies in large/.
"""

import json
import pathlib
import struct
import tarfile

from support.receiving_host import ReceivingHost
from support.scenario import main

SPOOLS = pathlib.Path(__file__).parent / "spools"
VERSION_AT, COVERED = 12, slice(12, 64)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    return crc ^ 0xFFFFFFFF


class SpoolOfAnotherVersion(ReceivingHost):
    def unpacked(self, name):
        self.godwit = self.host(domains={"xyz.example": ["somchai", "malee"], "abc.example": ["mod"]})
        self.godwit.write_config()
        with tarfile.open(SPOOLS / name) as archive:
            archive.extractall(self.godwit.spool)
        return self.godwit

    def test_the_first_one_is_read(self):
        godwit = self.unpacked("version-1.tar.xz")
        report = json.loads(godwit.control("--json", "spool", "check", "--directory", godwit.spool).stdout)
        self.assertEqual((report["sound"], report["messages"], report["large"]), (True, 10, 1))
        godwit.start()
        self.assertEqual(godwit.wait_event("spool_recovered")["messages"], 10)
        (held,) = self.wait_until(
            lambda: [message["id"] for message in godwit.control_json("queue", "list")["messages"] if message["state"] == "held"],
            "the queue has been read")
        godwit.control("queue", "release", held)
        # Who was served is not served again; what is older than mail may become has gone back.
        godwit.wait_empty_queue()
        told = {(entry["id"], entry["to"]) for event in ("delivered", "expired", "bounced") for entry in godwit.events(event)}
        self.assertEqual(len({identity for identity, to in told if "xyz.example" in to}), 10)
        self.assertEqual([to for _, to in told if "there.example" in to], [])

    def test_a_later_one_is_refused(self):
        godwit = self.unpacked("version-1.tar.xz")
        segment = max((godwit.spool / "journal").glob("*.seg"))
        block = bytearray(segment.read_bytes()[:64])
        block[VERSION_AT:VERSION_AT + 4] = struct.pack("<I", 7)
        block[8:12] = struct.pack("<I", crc32c(block[COVERED]))
        with open(segment, "r+b") as file:
            file.write(block)
        before = self.contents()
        process = godwit.spawn()
        self.assertEqual(process.wait(20), 1)
        expected = f"{segment} has spool format 7 of a newer version, and this version of Godwit knows formats up to 1"
        self.assertIn(expected, godwit.errors())
        self.assertEqual(self.contents(), before)
        checked = godwit.control("spool", "check", "--directory", godwit.spool, check=False)
        self.assertEqual(checked.returncode, 1)
        self.assertIn(expected, checked.stdout + checked.stderr)
        self.assertEqual(self.contents(), before)

    def contents(self):
        return {path: path.read_bytes() for path in self.godwit.spool.rglob("*") if path.is_file() and path.name != "lock"}


if __name__ == "__main__":
    main()
