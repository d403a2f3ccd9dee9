#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Damage in the middle of a segment: that message is quarantined and reported, the others are delivered."""

import re

from support.message import large_body, message
from support.scenario import main
from support.sending_host import SendingHost

TO = "user@xyz.example"


class SegmentIsDamaged(SendingHost):
    def damage(self, mark):
        """Flips one byte of the stored message that contains `mark`."""
        for segment in sorted((self.godwit.spool / "journal").glob("*.seg")):
            data = segment.read_bytes()
            place = data.find(mark)
            if place >= 0:
                with open(segment, "r+b") as file:
                    file.seek(place)
                    file.write(bytes([data[place] ^ 0xFF]))
                return
        self.fail(f"{mark} is in no segment")

    def test_the_others_arrive(self):
        peer = self.mx("xyz.example", 10, "mx.xyz.example", 2, up=False)
        self.start(delivery={"retry": {"first": "5s", "max": "5s"}})
        sent = {}
        for number in range(5):
            content = message(f"message-number-{number}")
            identity, _ = self.send(TO, content)
            self.godwit.wait_event("deferred", id=identity)
            sent[number] = (identity, content)
        self.godwit.kill()
        self.damage(b"message-number-2")
        peer.up()
        self.godwit.start()
        received = peer.wait(4, 40)
        self.godwit.wait_empty_queue()
        for number, (_, content) in sent.items():
            found = sum(transaction.content.endswith(content) for transaction in received)
            self.assertEqual(found, 0 if number == 2 else 1, number)
        self.assertTrue(any((self.godwit.spool / "quarantine").iterdir()), "nothing in quarantine")
        reported = self.godwit.events("spool_damaged")
        self.assertTrue(reported and "quarantine" in reported[0]["kept"], reported)
        self.assertEqual([entry["id"] for entry in self.godwit.events("message_damaged")], [sent[2][0]])

    def test_while_the_daemon_runs(self):
        peer = self.mx("xyz.example", 10, "mx.xyz.example", 2, up=False)
        self.start(spool={"segment_size": "1MiB"}, delivery={"retry": {"first": "2s", "factor": 1, "max": "2s"}})
        sent = {}
        for number in range(30):  # more than a segment
            content = message(f"message-number-{number:02}", body=large_body(60_000))
            sent[number] = self.send(TO, content)
        self.godwit.restart()  # so that nothing is in memory
        self.godwit.wait_event("spool_scrubbed")
        broken = {2: "in a sealed segment", 29: "in the one that is written to"}
        for number in broken:
            self.damage(b"message-number-%02d" % number)
        # Who reads the one brings both to light.
        self.godwit.control("queue", "retry", sent[2][0], check=False)
        self.assertIn("damaged", self.godwit.wait_event("unreadable", id=sent[2][0])["reason"])
        for number in broken:
            self.godwit.control("queue", "retry", sent[number][0], check=False)
            self.godwit.wait_event("message_damaged", id=sent[number][0])
        self.assertGreaterEqual(len(self.godwit.events("spool_damaged")), 2)
        self.wait_until(lambda: re.search(r"godwit_spool_quarantined_total [2-9]", self.godwit.metrics()), "the metrics say so")
        peer.up()
        received = peer.wait(len(sent) - len(broken), 40)
        for number, (identity, _) in sent.items():
            self.godwit.control("queue", "retry", identity, check=False)
        self.godwit.wait_empty_queue()
        for number, (_, content) in sent.items():
            found = sum(transaction.content.endswith(content) for transaction in received)
            self.assertEqual(found, 0 if number in broken else 1, number)
        kept = b"".join(path.read_bytes() for path in (self.godwit.spool / "quarantine").iterdir())
        for number in broken:
            self.assertIn(b"message-number-%02d" % number, kept.replace(bytes([ord("m") ^ 0xFF]), b"m"))
        self.assertEqual(self.godwit.stop(), 0)

    def test_a_torn_tail_is_cut(self):
        peer = self.mx("xyz.example", 10, "mx.xyz.example", 2, up=False)
        self.start(delivery={"retry": {"first": "5s", "max": "5s"}})
        identity, content = self.send(TO)
        self.godwit.wait_event("deferred", id=identity)
        self.godwit.kill()
        # A write that power loss cut in the middle: bytes after the last group that are no group.
        segment = sorted((self.godwit.spool / "journal").glob("*.seg"))[-1]
        data = segment.read_bytes()
        end = len(data.rstrip(b"\0"))
        with open(segment, "r+b") as file:
            file.seek((end + 8191) // 4096 * 4096)
            file.write(b"half a group")
        peer.up()
        self.godwit.start()
        self.assert_arrived(peer, content)
        self.godwit.wait_empty_queue()


if __name__ == "__main__":
    main()
