#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A message in BDAT chunks (RFC 3030), pipelined, into a mailbox and onwards."""

from support.dialogue import Dialogue, queued_id
from support.message import large_body, message
from support.peer import ScriptedPeer
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import main

CHUNK = 100_000


def chunks(content, size=CHUNK):
    return [content[at:at + size] for at in range(0, len(content), size)]


class ChunksAreTaken(ReceivingHost):
    def start_with_peer(self):
        peer = ScriptedPeer(self, 2, "mx.elsewhere.example")
        self.start(routes=[{"domains": ["elsewhere.example"], "next_hop": f"[{peer.address}]:{peer.port}"}])
        return peer

    def test_large_message_in_pipelined_chunks(self):
        peer = self.start_with_peer()
        # Lines that begin with dots are nothing special here.
        content = message("in chunks", body=b".\r\n..\r\n.hidden\r\n" + large_body(3_000_000))
        parts = chunks(content)
        with Dialogue(self.godwit.address) as client:
            self.assertIn("CHUNKING", client.say("EHLO client.abc.example", "250"))
            client.envelope(SENDER, TO, "user@elsewhere.example", hello=None)
            client.send(b"".join(b"BDAT %d\r\n%s" % (len(part), part) for part in parts) + b"BDAT 0 LAST\r\n")
            for part in parts:
                self.assertEqual(client.reply(), f"250 2.0.0 {len(part)} octets received")
            queued_id(client.reply())
            client.quit()
        (stored,) = self.godwit.mailbox(TO).wait()
        self.assertTrue(stored.content == content, "the mailbox's copy differs")
        self.assertTrue(peer.wait()[0].content.endswith(content), "the peer's copy differs")

    def test_a_client_that_vanishes_between_chunks_leaves_nothing(self):
        self.start()
        client = self.connect()
        client.envelope(SENDER, TO)
        part = large_body(CHUNK)
        for _ in range(20):  # enough for a file of its own
            client.send(b"BDAT %d\r\n%s" % (len(part), part))
            client.expect("250")
        client.close()
        large = self.godwit.spool / "large"
        self.wait_until(lambda: not any(large.iterdir()), "the body's file is gone")
        self.assertEqual(self.godwit.queued(), 0)
        self.assert_still_works()


if __name__ == "__main__":
    main()
