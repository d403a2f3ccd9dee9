#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A message with 100 Received headers is in a loop, and goes no further."""

from support.dialogue import Dialogue
from support.message import dot_stuffed, message
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import main


def travelled(hops):
    return message(headers=[f"Received: from a.example by b.example; Mon, 02 Nov 2026 08:00:{n % 60:02} +0000" for n in range(hops)])


class LoopsAreStopped(ReceivingHost):
    def test_a_hundred_hops_are_too_many(self):
        self.start()
        with Dialogue(self.godwit.address) as client:
            client.envelope(SENDER, TO)
            client.say("DATA", "354")
            client.send(dot_stuffed(travelled(101)))
            reply = client.reply()
        if reply.startswith("250"):
            self.godwit.wait_event("bounced", enhanced="5.4.6")
        else:
            self.assertTrue(reply.startswith("554 5.4.6"), reply)
        self.assertEqual(self.godwit.mailbox(TO).count(), 0)

    def test_a_long_way_is_no_loop(self):
        self.start()
        _, content = self.send(content=travelled(60))
        (stored,) = self.godwit.mailbox(TO).wait()
        self.assertTrue(stored.raw.replace(b"\r\n", b"\n").endswith(content.replace(b"\r\n", b"\n")))

    def test_mail_to_itself_by_a_wrong_route_ends(self):
        # The next hop of the domain is this very host: the message goes round until it has 100 Received.
        self.start(routes=[{"domains": ["round.example"], "next_hop": f"[{self.net.host(1)}]:20025"}])
        self.send("user@round.example", sender="malee@xyz.example")
        (report,) = self.godwit.mailbox("malee@xyz.example").wait(timeout=60)
        self.assertIn(b"5.4.6", report.content)
        self.godwit.wait_empty_queue()


if __name__ == "__main__":
    main()
