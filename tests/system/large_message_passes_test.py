#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""20 MB each way, byte by byte."""

from support.message import large_body, message
from support.peer import ScriptedPeer
from support.receiving_host import TO, ReceivingHost
from support.scenario import main

SIZE = 20_000_000


class LargeMessagePasses(ReceivingHost):
    def test_in_and_out(self):
        peer = ScriptedPeer(self, 2, "mx.elsewhere.example")
        self.start(routes=[{"domains": ["elsewhere.example"], "next_hop": f"[{peer.address}]:{peer.port}"}])
        content = message("large", body=large_body(SIZE))
        self.send([TO, "user@elsewhere.example"], content)
        (stored,) = self.godwit.mailbox(TO).wait(timeout=60)
        self.assertTrue(stored.content == content, "the mailbox's copy differs")
        transaction = peer.wait(timeout=60)[0]
        self.assertTrue(transaction.content.endswith(content), "the peer's copy differs")
        self.godwit.wait_empty_queue()
        large = self.godwit.spool / "large"
        self.wait_until(lambda: not large.exists() or not any(large.iterdir()), "the body's file is gone")

    def test_it_waits_through_a_kill(self):
        peer = ScriptedPeer(self, 2, "mx.elsewhere.example", up=False)
        self.start(routes=[{"domains": ["elsewhere.example"], "next_hop": f"[{peer.address}]:{peer.port}"}])
        content = message("large", body=large_body(SIZE))
        self.send("user@elsewhere.example", content)
        self.godwit.kill()
        peer.up()
        self.godwit.start()
        transaction = peer.wait(timeout=60)[0]
        self.assertTrue(transaction.content.endswith(content), "the peer's copy differs")


if __name__ == "__main__":
    main()
