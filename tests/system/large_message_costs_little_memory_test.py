#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""50 MB in, spooled and out again: less than 4 MiB of memory more than before."""

import hashlib

from support.message import large_body, message
from support.peer import ScriptedPeer
from support.receiving_host import TO, ReceivingHost
from support.scenario import main

SIZE = 50_000_000
AWAY = "user@elsewhere.example"


class LargeMessageCostsLittleMemory(ReceivingHost):
    def pass_through(self, size, count):
        content = message(f"{size} bytes", body=large_body(size))
        self.send([TO, AWAY], content)
        self.wait_until(lambda: len(self.peer.transactions) == count, "it is relayed", timeout=60)
        stored = self.godwit.mailbox(TO).wait(count, timeout=60)
        self.godwit.wait_empty_queue()
        self.assertIn(hashlib.sha256(content).digest(), [hashlib.sha256(each.content).digest() for each in stored])
        self.assertTrue(self.peer.transactions[-1].content.endswith(content))

    def test_in_spooled_and_out(self):
        self.peer = ScriptedPeer(self, 2, "mx.elsewhere.example")
        self.start(routes=[{"domains": ["elsewhere.example"], "next_hop": f"[{self.peer.address}]:{self.peer.port}"}])
        self.pass_through(1_000_000, 1)  # the code itself becomes resident
        self.godwit.forget_most_memory()
        before = self.godwit.most_memory()
        self.pass_through(SIZE, 2)
        self.assert_memory(self.godwit.most_memory() - before, 4096)


if __name__ == "__main__":
    main()
