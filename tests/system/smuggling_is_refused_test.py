#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One byte stream has one reading: nothing but CRLF.CRLF ends data, on the way in and on the way out."""

from support.dialogue import Dialogue
from support.scenario import main
from support.sending_host import SENDER, SendingHost

SECOND = b"MAIL FROM:<evil@abc.example>\r\nRCPT TO:<user@xyz.example>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n"
ENDINGS = [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r\n.\r", b"\r.\r\n", b"\n.\r", b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\r\r\n.\r\r\n"]


class SmugglingIsRefused(SendingHost):
    def test_false_ends_of_data_never_end_it(self):
        peer = self.mx("xyz.example", 10, "mx.xyz.example", 2)
        self.start()
        for ending in ENDINGS:
            with self.subTest(ending), Dialogue(self.godwit.address) as client:
                client.envelope(SENDER, "user@xyz.example")
                client.say("DATA", "354")
                client.send(b"Subject: first\r\n\r\nx" + ending + SECOND)
                # One message was read to the one true end, and refused.
                client.expect(r"550 5\.6\.0")
                client.say("NOOP", "250 2.0.0")
        self.assertEqual(self.godwit.events("accepted"), [])
        self.assertEqual(peer.transactions, [])

    def test_a_dot_line_of_the_content_stays_content(self):
        peer = self.mx("xyz.example", 10, "mx.xyz.example", 2)
        self.start()
        content = b"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n" + SECOND
        self.send("user@xyz.example", content)
        self.assert_arrived(peer, content)
        self.godwit.wait_empty_queue()
        self.assertEqual(len(peer.transactions), 1)

    def test_pipelined_commands_after_the_end_are_commands(self):
        self.mx("xyz.example", 10, "mx.xyz.example", 2)
        self.start()
        with Dialogue(self.godwit.address) as client:
            client.say("EHLO client.example", "250")
            client.send(b"MAIL FROM:<a@abc.example>\r\nRCPT TO:<user@xyz.example>\r\nDATA\r\n")
            for code in ("250", "250", "354"):
                client.expect(code)
            client.send(b"Subject: x\r\n\r\nx\r\n.\r\nMAIL FROM:<b@abc.example>\r\nRSET\r\nQUIT\r\n")
            for code in ("250 2.0.0 Ok: queued", "250 2.1.0", "250", "221"):
                client.expect(code)


if __name__ == "__main__":
    main()
