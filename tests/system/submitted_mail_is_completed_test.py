#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""RFC 6409 section 8: the header of what users submit is completed, and that of what is relayed is not touched."""

import base64
import email

from support.certificate import Certificate
from support.dialogue import Dialogue, queued_id
from support.godwit import Godwit
from support.scenario import MX_PORT, SUBMISSION_PORT, Scenario, main

ALICE, BOB = "alice@example.com", "bob@example.com"


class SubmittedMailIsCompleted(Scenario):
    def setUp(self):
        super().setUp()
        host = self.net.host(1)
        self.certificate = Certificate(self, "mail.example.com", host)
        self.godwit = Godwit(self, hostname="mail.example.com", address=host, domains={"example.com": "accounts"},
                             certificate=self.certificate, origin="example.com")
        self.godwit.with_submission().add_account(ALICE, "secret").add_account(BOB, "another").start()

    def submit(self, content, parameters=""):
        with Dialogue(self.godwit.address, SUBMISSION_PORT) as client:
            client.say("EHLO client.abc.example", "250")
            client.starttls(self.certificate.client_context(), "mail.example.com")
            client.say("EHLO client.abc.example", "250")
            client.say("AUTH PLAIN " + base64.b64encode(f"\0{ALICE}\0secret".encode()).decode(), "235")
            client.say(f"MAIL FROM:<{ALICE}>{parameters}", "250")
            client.say(f"RCPT TO:<{BOB}>", "250")
            self.identity = queued_id(client.data(content))
        (stored,) = self.godwit.mailbox(BOB).wait()
        self.content = stored.content
        return email.message_from_bytes(stored.content)

    def test_what_is_missing_is_added(self):
        stored = self.submit(b"Subject: bare\r\n\r\nHello\r\n")
        self.assertIn(ALICE, stored["From"])
        self.assertEqual(len(stored.get_all("Date")), 1)
        self.assertRegex(stored["Message-ID"], rf"^<.*{self.identity}.*@mail\.example\.com>$")
        self.assertIsNone(stored["Sender"])

    def test_bcc_is_taken_out(self):
        stored = self.submit(f"From: {ALICE}\r\nTo: friends:;\r\nBcc: {BOB}\r\n\r\nHello\r\n".encode())
        self.assertIsNone(stored["Bcc"])

    def test_sender_names_who_writes_for_others(self):
        stored = self.submit(b"From: The Board <board@example.com>\r\n\r\nHello\r\n")
        self.assertEqual(stored["From"], "The Board <board@example.com>")
        self.assertIn(ALICE, stored["Sender"])

    def test_what_is_whole_passes_as_it_is(self):
        content = (f"From: Alice <{ALICE}>\r\nDate: Mon, 02 Nov 2026 08:00:00 +0000\r\nMessage-ID: <1@abc.example>\r\n"
                   "X-Odd:no blank\r\n\r\nHello\r\n").encode()
        self.submit(content)
        self.assertEqual(self.content, content)

    def test_what_is_relayed_is_not_touched(self):
        content = b"Subject: bare\r\nBcc: somebody@example.com\r\n\r\nHello\r\n"
        with Dialogue(self.godwit.address, MX_PORT) as client:
            client.submit("mod@abc.example", BOB, content)
        (stored,) = self.godwit.mailbox(BOB).wait()
        self.assertEqual(stored.content, content)


if __name__ == "__main__":
    main()
