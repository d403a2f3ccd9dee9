#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The dialogues an administrator types first, to the letter."""

from support.dialogue import Dialogue, queued_id
from support.godwit import Godwit
from support.scenario import Scenario, main

TEXT = (b"From: Mod <mod@abc.example>\r\nTo: Somchai <somchai@xyz.example>\r\nSubject: Test\r\n"
        b"Date: Mon, 02 Nov 2026 08:00:00 +0000\r\nMessage-ID: <1@abc.example>\r\n\r\nHello World\r\n")


class TelnetDialogue(Scenario):
    def setUp(self):
        super().setUp()
        self.godwit = Godwit(self, hostname="mail.xyz.example", address=self.net.host(1),
                             domains={"xyz.example": ["somchai", "malee"]}).start()

    def exactly(self, client, line, reply):
        self.assertEqual(client.say(line), reply)

    def begin(self):
        client = Dialogue(self.godwit.address, greeting=None)
        self.addCleanup(client.close)
        self.assertEqual(client.reply(), "220 mail.xyz.example ESMTP Godwit")
        self.exactly(client, "HELO mypc.abc.example", "250 mail.xyz.example")
        self.exactly(client, "MAIL FROM: <mod@abc.example>", "250 2.1.0 Ok")
        return client

    def finish(self, client):
        self.exactly(client, "DATA", "354 End data with <CR><LF>.<CR><LF>")
        client.send(TEXT)
        identity = queued_id(client.say("."))
        self.exactly(client, "QUIT", "221 2.0.0 Bye")
        client.expect_close()
        return identity

    def test_one_recipient(self):
        client = self.begin()
        self.exactly(client, "RCPT TO: <somchai@xyz.example>", "250 2.1.5 Ok")
        identity = self.finish(client)
        (message,) = self.godwit.mailbox("somchai@xyz.example").wait()
        self.assertEqual(message.content, TEXT)
        received = message.header("Received")[0]
        self.assertIn("mypc.abc.example", received)
        self.assertIn(f"with SMTP id {identity}", " ".join(received.split()))
        self.assertNotIn("ESMTP id", received)

    def test_two_recipients_of_one_domain_get_one_copy_each(self):
        client = self.begin()
        self.exactly(client, "RCPT TO: <somchai@xyz.example>", "250 2.1.5 Ok")
        self.exactly(client, "RCPT TO: <malee@xyz.example>", "250 2.1.5 Ok")
        self.finish(client)
        for name in ("somchai", "malee"):
            (message,) = self.godwit.mailbox(f"{name}@xyz.example").wait()
            self.assertEqual(message.content, TEXT)
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.mailbox("somchai@xyz.example").count(), 1)
        self.assertEqual(self.godwit.mailbox("malee@xyz.example").count(), 1)

    def test_a_recipient_named_twice_gets_one_copy(self):
        client = self.begin()
        for _ in range(2):
            client.say("RCPT TO:<somchai@xyz.example>", "250")
        self.finish(client)
        self.godwit.mailbox("somchai@xyz.example").wait()
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.mailbox("somchai@xyz.example").count(), 1)

    def test_the_other_commands(self):
        with Dialogue(self.godwit.address) as client:
            lines = client.say("EHLO mypc.abc.example", "250").splitlines()
            self.assertEqual(lines[0], "250-mail.xyz.example")
            for word in ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"):
                self.assertIn(word, [line[4:] for line in lines])
            self.assertTrue(any(line[4:].startswith("SIZE ") for line in lines))
            self.assertFalse(any("AUTH" in line for line in lines), "AUTH in the clear")
            client.say("NOOP", "250 2.0.0")
            client.say("VRFY somchai", "252 2")
            client.say("EXPN all", "502 5.5.1")
            client.say("HELP", "214")
            client.say("MAIL FROM:<mod@abc.example>", "250")
            client.say("RSET", "250 2.0.0")
            client.say("RCPT TO:<somchai@xyz.example>", "503 5.5.1")
            client.quit()


if __name__ == "__main__":
    main()
