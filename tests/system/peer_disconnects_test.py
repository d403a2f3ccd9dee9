#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A client that goes away, in every state and in both ways: nothing half is kept, the daemon lives."""

from support.certificate import Certificate
from support.dialogue import Dialogue
from support.message import message
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import main, wait_until

STEPS = [b"EHLO client.example\r\n", f"MAIL FROM:<{SENDER}>\r\n".encode(), f"RCPT TO:<{TO}>\r\n".encode(), b"DATA\r\n",
         b"Subject: half\r\n\r\n", b"a line\r\n", b".\r"]


class PeerDisconnects(ReceivingHost):
    def leave_after(self, steps, how, wait):
        client = Dialogue(self.godwit.address)
        for step in STEPS[:steps]:
            client.send(step)
            if wait and not client.pending and STEPS.index(step) < 4:
                client.expect("[23]")
        getattr(client, how)()

    def test_in_every_state(self):
        self.start()
        for steps in range(len(STEPS) + 1):
            for how in ("close", "reset"):
                for wait in (True, False):
                    with self.subTest(steps=steps, how=how, wait=wait):
                        self.leave_after(steps, how, wait)
        Dialogue(self.godwit.address, greeting=None).reset()
        wait_until(lambda: self.godwit.status()["connections"]["in"] == 0, "all connections are gone")
        self.assertEqual(self.godwit.events("accepted"), [])
        self.assertEqual(self.godwit.queued(), 0)
        self.assert_still_works()

    def test_before_it_read_the_last_reply(self):
        self.start(threads=1)
        whole = b"".join(STEPS[:6]) + b".\r\nQUIT\r\n"
        for parting in (b"QUIT\r\n", b"GET / HTTP/1.1\r\n\r\n", whole):
            for _ in range(40):
                client = Dialogue(self.godwit.address, greeting=None)
                client.send(parting)
                client.reset()
        self.wait_until(lambda: self.godwit.status()["connections"]["in"] == 0, "all connections are gone")
        self.assert_still_works()

    def test_after_the_final_dot_the_message_is_kept_or_not_but_never_half(self):
        self.start()
        content = message("gone before the reply")
        for _ in range(20):
            client = Dialogue(self.godwit.address)
            client.envelope(SENDER, TO)
            client.say("DATA", "354")
            client.send(content + b".\r\n")
            client.reset()
        self.assert_still_works()
        self.godwit.wait_empty_queue()
        for stored in self.godwit.mailbox(TO).messages():
            if b"gone before" in stored.content:
                self.assertEqual(stored.content, content)

    def test_in_the_middle_of_a_handshake(self):
        self.start(certificate=Certificate(self, "mail.xyz.example", self.net.host(1)))
        for data in (b"", b"\x16\x03\x01", b"no TLS at all\r\n" * 10, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"):
            with self.subTest(data), Dialogue(self.godwit.address) as client:
                client.say("EHLO client.example", "250")
                client.say("STARTTLS", "220")
                client.send(data)
        self.assert_still_works()


if __name__ == "__main__":
    main()
