#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an account may send in an hour: messages, recipients, new destinations."""

import base64

from support.certificate import Certificate
from support.dialogue import Dialogue
from support.godwit import Godwit
from support.message import message
from support.scenario import SUBMISSION_PORT, Scenario, main

ALICE, BOB = "alice@example.com", "bob@example.com"


class AccountsAreLimited(Scenario):
    def start(self, **account):
        host = self.net.host(1)
        self.certificate = Certificate(self, "mail.example.com", host)
        self.godwit = Godwit(self, hostname="mail.example.com", address=host, domains={"example.com": "accounts"},
                             certificate=self.certificate, limits={"account": account})
        self.godwit.with_submission().add_account(ALICE, "secret").add_account(BOB, "secret").start()

    def login(self, account):
        client = Dialogue(self.godwit.address, SUBMISSION_PORT)
        self.addCleanup(client.close)
        client.say("EHLO client.abc.example", "250")
        client.starttls(self.certificate.client_context(), "mail.example.com")
        client.say("EHLO client.abc.example", "250")
        client.say("AUTH PLAIN " + base64.b64encode(f"\0{account}\0secret".encode()).decode(), "235")
        return client

    def test_messages(self):
        self.start(messages=["2/1h", "100/1d"])
        client = self.login(ALICE)
        for _ in range(2):
            client.submit(ALICE, BOB, message(sender=ALICE))
        client = self.login(ALICE)  # a new connection changes nothing
        client.say(f"MAIL FROM:<{ALICE}>", "450 4.7.1 Too many messages from your account: 2/1h at most")
        self.login(BOB).submit(BOB, ALICE, message(sender=BOB))

    def test_recipients_and_new_destinations(self):
        self.start(recipients="5/1h", new_destinations="2/1h")
        client = self.login(ALICE)
        client.envelope(ALICE, "a@one.example", "b@one.example", "a@two.example")
        client.say("RCPT TO:<a@three.example>", "450 4.7.1")
        for address in "c@one.example", "d@one.example":
            client.say(f"RCPT TO:<{address}>", "250")
        client.say("RCPT TO:<e@one.example>", "450 4.7.1")
        self.assertIn("new destinations", self.godwit.events("rejected")[0]["reply"])


if __name__ == "__main__":
    main()
