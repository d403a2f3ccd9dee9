#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""50 MB in, spooled and out again: less than 4 MiB of memory more than before."""

import hashlib

from support.message import large_body, message
from support.peer import ScriptedPeer
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import main

SIZE = 50_000_000
AWAY = "user@elsewhere.example"


class LargeMessageCostsLittleMemory(ReceivingHost):
    def send_by_bdat(self, content):
        """In one chunk."""
        with self.connect() as client:
            client.envelope(SENDER, TO, AWAY)
            client.send(b"BDAT %d LAST\r\n" % len(content))
            client.send(content)
            client.expect("250 2.0.0 Ok: queued")

    def pass_through(self, size, count):
        content = message(f"{size} bytes", body=large_body(size))
        self.hand_in(content)
        self.wait_until(lambda: len(self.peer.transactions) == count, "it is relayed", timeout=60)
        stored = self.godwit.mailbox(TO).wait(count, timeout=60)
        self.godwit.wait_empty_queue()
        self.assertIn(hashlib.sha256(content).digest(), [hashlib.sha256(each.content).digest() for each in stored])
        self.assertTrue(self.peer.transactions[-1].content.endswith(content))

    def measure(self, hand_in, *capabilities):
        self.hand_in = hand_in
        self.peer = ScriptedPeer(self, 2, "mx.elsewhere.example", capabilities=("PIPELINING", "8BITMIME", "SIZE 100000000", *capabilities))
        self.start(routes=[{"domains": ["elsewhere.example"], "next_hop": f"[{self.peer.address}]:{self.peer.port}"}])
        self.pass_through(1_000_000, 1)  # the code itself becomes resident
        self.godwit.forget_most_memory()
        before = self.godwit.most_memory()
        self.pass_through(SIZE, 2)
        self.assert_memory(self.godwit.most_memory() - before, 4096)

    def test_in_spooled_and_out(self):
        self.measure(lambda content: self.send([TO, AWAY], content))

    def test_by_bdat_in_and_out(self):
        self.measure(self.send_by_bdat, "CHUNKING")
        self.assertTrue(any(command.startswith("BDAT") for command in self.peer.commands))


if __name__ == "__main__":
    main()
