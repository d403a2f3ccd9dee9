#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An account that sends as it never did before is stopped: its mail is held, the postmaster is told, one command ends it."""

import base64
import contextlib
import time

from support.certificate import Certificate
from support.dialogue import Dialogue
from support.godwit import ControlConnection, Godwit
from support.message import message
from support.scenario import SUBMISSION_PORT, Scenario, main

ALICE, BOB = "alice@example.com", "bob@example.com"


class AccountIsStopped(Scenario):
    def start(self, **breaker):
        host = self.net.host(1)
        self.certificate = Certificate(self, "mail.example.com", host)
        # Nobody listens at the next hop: what is not held waits.
        self.godwit = Godwit(self, hostname="mail.example.com", address=host, domains={"example.com": "accounts"},
                             certificate=self.certificate, postmaster=BOB, breaker=breaker,
                             routes=[{"domains": ["*"], "next_hop": f"[{self.net.host(9)}]:9"}])
        self.godwit.with_submission().add_account(ALICE, "secret").add_account(BOB, "secret").start()

    def login(self, account):
        client = Dialogue(self.godwit.address, SUBMISSION_PORT)
        self.addCleanup(client.close)
        client.say("EHLO client.abc.example", "250")
        client.starttls(self.certificate.client_context(), "mail.example.com")
        client.say("EHLO client.abc.example", "250")
        client.say("AUTH PLAIN " + base64.b64encode(f"\0{account}\0secret".encode()).decode(), "235")
        return client

    def stopped(self):
        return [account["name"] for account in self.godwit.status()["accounts"]["stopped"]]

    def held(self):
        return self.godwit.status()["queue"]["held"]

    def ask(self, order):
        """The status of an answer, sooner than a program would have it."""
        with contextlib.closing(ControlConnection(self.godwit.control_socket)) as connection:
            connection.request("POST", order)
            answer = connection.getresponse()
            answer.read()
            return answer.status

    def break_out(self):
        """Six recipients in an hour where five are allowed; the mail before is in the queue."""
        client = self.login(ALICE)
        client.submit(ALICE, [f"a{i}@elsewhere.example" for i in range(5)], message(sender=ALICE))
        client.envelope(ALICE, hello=None)
        client.say("RCPT TO:<one-more@elsewhere.example>", "450 4.7.1 Your account sends so much that it was stopped")
        self.wait_until(lambda: self.held() == 1, "its mail is held")
        return client

    def test_it_is_held_and_the_postmaster_is_told_once(self):
        self.start(recipients=5)
        client = self.break_out()
        client.say("RSET", "250")
        client.say(f"MAIL FROM:<{ALICE}>", "450 4.7.1")
        self.login(ALICE).say(f"MAIL FROM:<{ALICE}>", "450 4.7.1")
        self.login(BOB).submit(BOB, BOB, message(sender=BOB))  # nobody else is
        mails = self.godwit.mailbox(BOB).wait(2)
        (notice,) = [each for each in mails if b"Account alice@example.com was stopped" in each.raw]
        self.assertIn(b"6 recipients in an hour; the most before were 0", notice.raw)
        self.assertEqual(notice.header("Return-Path"), ["<>"])
        self.assertEqual(self.godwit.wait_event("account_stopped")["account"], ALICE)
        self.assertIn(ALICE, self.godwit.control("account", "stopped").stdout)
        self.assertIn("STOPPED", self.godwit.control("status").stdout)

    def test_it_stays_so_over_a_restart_and_is_released(self):
        self.start(recipients=5)
        self.break_out()
        self.wait_until(lambda: self.godwit.mailbox(BOB).files(), "the postmaster is told")
        self.godwit.restart()  # a crash
        self.assertEqual(self.stopped(), [ALICE])
        self.login(ALICE).say(f"MAIL FROM:<{ALICE}>", "450 4.7.1")
        self.assertEqual(self.held(), 1)
        done = self.godwit.control("account", "release", "Alice@example.com")
        self.assertIn("1 message released. Alice@example.com may send again.", done.stdout)
        self.assertEqual((self.held(), self.stopped()), (0, []))
        # What it did is usual from now on.
        client = self.login(ALICE)
        client.submit(ALICE, [f"b{i}@elsewhere.example" for i in range(20)], message(sender=ALICE))
        self.assertEqual(self.stopped(), [])
        # A crash may repeat a delivery, not a message.
        notices = [mail for mail in self.godwit.mailbox(BOB).messages() if b"was stopped" in mail.raw]
        self.assertEqual(len({mail.content for mail in notices}), 1, "the postmaster was told once")

    def test_its_mail_is_thrown_away(self):
        self.start(recipients=5)
        self.break_out()
        self.assertIn("1 message thrown away", self.godwit.control("account", "purge", ALICE).stdout)
        self.assertEqual(self.stopped(), [ALICE])
        self.assertEqual(self.held(), 0)
        self.assertEqual(self.godwit.order("/v1/accounts/purge?name=" + ALICE), {"name": ALICE, "done": "purge", "count": 0})
        self.login(ALICE).say(f"MAIL FROM:<{ALICE}>", "450 4.7.1")
        self.assertEqual(self.godwit.order("/v1/accounts/release?name=" + ALICE), {"name": ALICE, "done": "release", "count": 0})
        self.assertEqual(self.godwit.control("account", "release", ALICE, check=False).returncode, 1)
        client = self.login(ALICE)
        client.envelope(ALICE, *[f"c{i}@elsewhere.example" for i in range(5)], hello=None)
        client.say("RCPT TO:<c6@elsewhere.example>", "450 4.7.1")  # nothing was learned

    def test_whoever_is_released_at_once_stays_so(self):
        self.start(recipients=100)
        client = self.login(ALICE)
        for i in range(100):
            client.submit(ALICE, [f"a{i}@elsewhere.example"], message(sender=ALICE), hello=None)
        client.envelope(ALICE, hello=None)
        client.say("RCPT TO:<one-more@elsewhere.example>", "450 4.7.1")
        # While its mail is being held.
        self.wait_until(lambda: self.ask("/v1/accounts/release?name=" + ALICE) == 200, "it is released")
        # Its mail is looked for once more, five seconds after the stop.
        until = time.monotonic() + 7
        self.wait_until(lambda: time.monotonic() > until or self.held() or self.stopped(), "nothing is held again")
        self.assertEqual((self.held(), self.stopped()), (0, []))

    def test_refused_recipients_stop_it_too(self):
        self.start(refused=3, refused_percent=30)
        client = self.login(ALICE)
        client.envelope(ALICE, *[BOB] * 16, hello=None)
        for _ in range(8):
            client.say("RCPT TO:<nobody@example.com>", "550")
        client.say("RCPT TO:<nobody@example.com>", "450 4.7.1")
        self.wait_until(lambda: self.stopped() == [ALICE], "it is stopped")
        self.assertRegex(self.godwit.wait_event("account_stopped")["reason"], r"recipients refused in an hour, 3\d % of all")
        client.data(message(sender=ALICE), "450 4.7.1")  # its end of data, too

    def test_whoever_is_exempt_is_not(self):
        self.start(recipients=5, exempt=[ALICE])
        self.login(ALICE).submit(ALICE, [f"a{i}@elsewhere.example" for i in range(20)], message(sender=ALICE))
        self.assertEqual(self.stopped(), [])


if __name__ == "__main__":
    main()
