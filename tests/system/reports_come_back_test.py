#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sender addresses that tell whom a bounce is about, and what reports that come back to them do."""

from support.dialogue import Dialogue, send
from support.scenario import main
from support.sending_host import SENDER, SendingHost

NEWS, TO, OTHER = "news@abc.example", "reader@lists.example", "second@lists.example"


def report(recipient, action="failed", status="5.1.1", words="550 5.1.1 no such user"):
    return multipart("message/delivery-status",
                     f"Reporting-MTA: dns; mx.lists.example\n\nFinal-Recipient: rfc822; {recipient}\nAction: {action}\n"
                     f"Status: {status}\nDiagnostic-Code: smtp; {words}\n")


def complaint():
    return multipart("message/feedback-report", "Feedback-Type: abuse\nUser-Agent: FBL/1.0\nVersion: 1\n")


def multipart(kind, fields):
    return ("From: <MAILER-DAEMON@lists.example>\nSubject: report\nMIME-Version: 1.0\n"
            "Content-Type: multipart/report; boundary=\"b\"\n\n"
            f"--b\nContent-Type: text/plain\n\nSorry.\n--b\nContent-Type: {kind}\n\n{fields}\n--b--\n").replace("\n", "\r\n").encode()


class ReportsComeBack(SendingHost):
    def begin(self, **suppression):
        self.peer = self.mx("lists.example", 10, "mx.lists.example", 2)
        self.start(domains={"abc.example": ["mod", "news"]}, verp={"senders": [NEWS]},
                   suppression={"enabled": True, "reports": True, **suppression},
                   aliases={"away@abc.example": ["me@lists.example"]})

    def senders(self, *recipients, sender=NEWS):
        """With which senders mail leaves, by recipient."""
        before = len(self.peer.transactions)
        self.send(list(recipients), sender=sender)
        left = self.peer.wait(before + len(recipients))[before:]
        return {transaction.recipients[0]: transaction.sender for transaction in left}

    def come_back(self, address, content):
        return send(self.godwit.address, "", address, content)

    def is_suppressed(self, address):
        with Dialogue(self.godwit.address) as client:
            client.say("EHLO client.abc.example", "250")
            client.say(f"MAIL FROM:<{SENDER}>", "250")
            return client.say(f"RCPT TO:<{address}>").startswith("550")

    def test_each_recipient_sees_a_sender_of_its_own(self):
        self.begin()
        senders = self.senders(TO, OTHER)
        for recipient, sender in senders.items():
            local, domain = recipient.split("@")
            self.assertRegex(sender, rf"^news\+b=[^=@]{{4}}=[A-Z2-7]{{2}}={domain}={local}@abc\.example$")
        # Others send as ever, and all recipients at once.
        before = len(self.peer.transactions)
        self.send([TO, OTHER])
        together = self.peer.wait(before + 1)[before]
        self.assertEqual((together.sender, sorted(together.recipients)), (SENDER, sorted([TO, OTHER])))

    def test_a_report_reaches_the_sender_and_suppresses_its_recipient(self):
        self.begin()
        address = self.senders(TO)[TO]
        content = report("renamed@inside.lists.example")
        identity = self.come_back(address, content)
        returned = self.godwit.wait_event("returned", id=identity)
        self.assertEqual((returned["about"], returned["class"], returned["reporter"]),
                         (f"<{TO}>", "bad_mailbox", "mx.lists.example"))
        self.assertEqual(self.godwit.wait_event("suppressed", id=identity)["source"], "report")
        self.assertTrue(self.is_suppressed(TO))
        self.assertFalse(self.is_suppressed("renamed@inside.lists.example"))
        self.assertTrue(self.godwit.mailbox(NEWS).wait()[0].content.endswith(content))

    def test_a_delay_or_a_full_mailbox_suppresses_nobody(self):
        self.begin()
        address = self.senders(TO)[TO]
        for content in (report(TO, action="delayed"), report(TO, status="5.2.2", words="552 5.2.2 mailbox full")):
            self.godwit.wait_event("returned", id=self.come_back(address, content))
        self.assertFalse(self.is_suppressed(TO))

    def test_a_complaint_suppresses_its_recipient(self):
        self.begin()
        identity = self.come_back(self.senders(TO)[TO], complaint())
        self.assertEqual(self.godwit.wait_event("suppressed", id=identity)["class"], "complaint")
        self.assertTrue(self.is_suppressed(TO))

    def test_an_address_that_was_made_up_tells_nothing(self):
        self.begin()
        forged = self.senders(TO)[TO].replace("=reader@", "=second@")
        self.come_back(forged, report(OTHER))
        self.godwit.mailbox(NEWS).wait()
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.events("returned"), [])
        self.assertFalse(self.is_suppressed(OTHER))

    def test_a_report_to_a_forwarder_is_logged_and_passed_on_but_proves_nothing(self):
        self.begin()
        self.send("away@abc.example", sender="friend@lists.example")
        address = self.peer.wait()[0].sender
        self.assertTrue(address.startswith("SRS0="), address)
        identity = self.come_back(address, report(TO))
        self.assertEqual(self.godwit.wait_event("returned", id=identity)["about"], f"<{TO}>")
        self.assertEqual(self.peer.wait(2)[1].recipients, ["friend@lists.example"])
        self.assertFalse(self.is_suppressed(TO))

    def test_reports_suppress_only_where_they_may(self):
        self.begin(reports=False)
        identity = self.come_back(self.senders(TO)[TO], report(TO))
        self.godwit.wait_event("returned", id=identity)
        self.assertFalse(self.is_suppressed(TO))


if __name__ == "__main__":
    main()
