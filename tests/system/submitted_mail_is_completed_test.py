#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""RFC 6409 section 8: the header of what users submit is completed, and that of what is relayed is not touched."""

import base64
import email
import sqlite3

from support.certificate import Certificate
from support.dialogue import Dialogue, queued_id
from support.godwit import Godwit
from support.scenario import MX_PORT, SUBMISSION_PORT, Scenario, main

ALICE, BOB, CAROL = "alice@example.com", "bob@example.com", "carol@example.com"
CAROLS_HASH = "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g."  # "password"


class SubmittedMailIsCompleted(Scenario):
    def setUp(self):
        super().setUp()
        host = self.net.host(1)
        self.certificate = Certificate(self, "mail.example.com", host)
        self.godwit = Godwit(self, hostname="mail.example.com", address=host, domains={"example.com": "accounts"},
                             certificate=self.certificate, origin="example.com")
        self.godwit.with_submission().add_account(ALICE, "secret").add_account(BOB, "another").start()

    def submit(self, content, parameters="", user=ALICE, password="secret"):
        with Dialogue(self.godwit.address, SUBMISSION_PORT) as client:
            client.say("EHLO client.abc.example", "250")
            client.starttls(self.certificate.client_context(), "mail.example.com")
            client.say("EHLO client.abc.example", "250")
            client.say("AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode(), "235")
            client.say(f"MAIL FROM:<{user}>{parameters}", "250")
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

    def submit_as_carol(self, content):
        """Her account is a row of a table."""
        table = self.folder / "users.sqlite"
        with sqlite3.connect(table) as database:
            database.execute("CREATE TABLE users (name text, password text, senders text)")
            database.execute("INSERT INTO users VALUES (?, ?, 'sales@example.com')", (CAROL, CAROLS_HASH))
        database.close()
        self.godwit.stop()
        self.godwit.config["accounts"] = [str(self.godwit.accounts_file), {
            "type": "sqlite", "path": str(table), "query": "SELECT password, senders FROM users WHERE name = :user"}]
        self.godwit.start()
        return self.submit(content, user=CAROL, password="password")

    def test_senders_of_a_row_are_the_users_own(self):
        self.assertIsNone(self.submit_as_carol(b"From: sales@example.com\r\n\r\nHello\r\n")["Sender"])

    def test_others_than_those_of_the_row_are_not(self):
        self.assertIn(CAROL, self.submit_as_carol(b"From: board@example.com\r\n\r\nHello\r\n")["Sender"])

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
