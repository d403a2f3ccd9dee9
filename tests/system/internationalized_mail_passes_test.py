#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""RFC 6531: addresses and headers in UTF-8, into mailboxes and onwards, and back where a host cannot take them."""

import email
import email.policy
import smtplib
from email.message import EmailMessage

from support.dialogue import Dialogue, queued_id
from support.message import message
from support.scenario import MX_PORT, main
from support.sending_host import SENDER, SendingHost

EIGHT_BIT = ("PIPELINING", "8BITMIME", "SIZE 100000000")
DOMAIN, A_LABELS = "b\u00fccher.example", "xn--bcher-kva.example"
RECIPIENT = f"j\u00f6rg@{DOMAIN}"


class InternationalizedMailPasses(SendingHost):
    def send_utf8(self, recipient, sender=SENDER, content=None):
        with Dialogue(self.godwit.address) as client:
            self.assertIn("SMTPUTF8", client.say("EHLO client.abc.example", "250"))
            client.say(f"MAIL FROM:<{sender}> BODY=8BITMIME SMTPUTF8", "250")
            client.say(f"RCPT TO:<{recipient}>", "250")
            return queued_id(client.data(content or message()))

    def report(self):
        [stored] = self.godwit.mailbox(SENDER).wait()
        parts = email.message_from_bytes(stored.content, policy=email.policy.SMTPUTF8).get_payload()
        return parts[1].get_payload()[1], parts[2]

    def test_it_goes_to_a_host_that_offers_it_found_under_the_a_labels(self):
        peer = self.mx(A_LABELS, 10, "mx.far.example", 2, capabilities=(*EIGHT_BIT, "SMTPUTF8"))
        self.start()
        content = message(headers=["Comments: Gr\u00fc\u00dfe"])
        self.send_utf8(RECIPIENT, content=content)
        transaction = self.assert_arrived(peer, content)
        self.assertIn(" SMTPUTF8", transaction.mail_line)
        self.assertEqual(transaction.recipients[0].encode("latin-1").decode(), f"j\u00f6rg@{A_LABELS}")
        self.assertIn(b" with UTF8SMTP id ", transaction.content)

    def test_a_host_that_does_not_offer_it_gets_what_needs_it_not(self):
        peer = self.mx(A_LABELS, 10, "mx.far.example", 2, capabilities=EIGHT_BIT)
        self.start()
        # Only the domain is internationalized, and that has a form for everybody.
        self.send_utf8(f"jorg@{DOMAIN}")
        [transaction] = peer.wait()
        self.assertEqual(transaction.recipients, [f"jorg@{A_LABELS}"])
        self.assertNotIn("SMTPUTF8", transaction.mail_line)

    def test_an_address_that_a_host_cannot_take_comes_back(self):
        peer = self.mx(A_LABELS, 10, "mx.far.example", 2, capabilities=EIGHT_BIT)
        self.start()
        self.send_utf8(RECIPIENT)
        fields, _ = self.report()
        self.assertEqual(fields["status"], "5.6.7")
        self.assertEqual(fields["final-recipient"], f"utf-8; j\\x{{F6}}rg@{A_LABELS}")
        self.assertEqual(peer.transactions, [])

    def test_a_header_is_said_in_ascii_where_no_host_takes_it_as_it_is(self):
        peer = self.mx("far.example", 10, "mx.far.example", 2, capabilities=EIGHT_BIT)
        self.start()
        self.send_utf8("jorg@far.example", content=message(headers=["Comments: Gr\u00fc\u00dfe", f"Cc: J\u00f6rg <x@{DOMAIN}>"]))
        [transaction] = peer.wait()
        self.assertNotIn("SMTPUTF8", transaction.mail_line)
        self.assertTrue(transaction.content.isascii())
        arrived = email.message_from_bytes(transaction.content, policy=email.policy.default)
        self.assertEqual(arrived["Comments"], "Gr\u00fc\u00dfe")
        self.assertEqual(arrived["Cc"].addresses[0].display_name, "J\u00f6rg")
        self.assertEqual(arrived["Cc"].addresses[0].addr_spec, f"x@{A_LABELS}")

    def test_a_host_that_takes_it_as_it_is_comes_first(self):
        self.mx("far.example", 10, "mx1.far.example", 2, capabilities=EIGHT_BIT)
        second = self.mx("far.example", 20, "mx2.far.example", 3, capabilities=(*EIGHT_BIT, "SMTPUTF8"))
        self.start()
        content = message(headers=["Comments: Gr\u00fc\u00dfe"])
        self.send_utf8("jorg@far.example", content=content)
        self.assert_arrived(second, content)

    def test_a_header_without_a_form_in_ascii_comes_back_as_it_was(self):
        peer = self.mx("far.example", 10, "mx.far.example", 2, capabilities=EIGHT_BIT)
        self.start()
        self.send_utf8("jorg@far.example", content=message(headers=[f"Reply-To: <{RECIPIENT}>"]))
        fields, original = self.report()
        self.assertEqual(fields["status"], "5.6.7")
        self.assertIn("in Reply-To has no form in US-ASCII", fields["diagnostic-code"])
        self.assertEqual(original.get_content_type(), "message/global-headers")
        self.assertIn(f"Reply-To: <{RECIPIENT}>".encode(), self.godwit.mailbox(SENDER).messages()[0].content)
        self.assertEqual(peer.transactions, [])

    def test_a_signature_is_kept_whole_where_that_is_wanted(self):
        peer = self.mx("far.example", 10, "mx.far.example", 2, capabilities=EIGHT_BIT)
        self.start(delivery={"conversion": "unless_signed"})
        self.send_utf8("jorg@far.example", content=message(headers=["DKIM-Signature: v=1", "Comments: Gr\u00fc\u00dfe"]))
        fields, _ = self.report()
        self.assertEqual(fields["status"], "5.6.2")
        self.assertEqual(peer.transactions, [])

    def test_a_mailbox_may_have_a_name_in_utf8(self):
        self.start(domains={"abc.example": ["mod"], A_LABELS: ["j\u00f6rg"]})
        letter = EmailMessage(policy=email.policy.SMTPUTF8)
        letter["From"], letter["To"], letter["Subject"] = SENDER, RECIPIENT, "Gr\u00fc\u00dfe"
        letter.set_content("Hallo")
        with smtplib.SMTP(self.godwit.address, MX_PORT, timeout=20) as client:
            client.send_message(letter)
        [stored] = self.godwit.mailbox(f"j\u00f6rg@{A_LABELS}").wait()
        self.assertIn("Subject: Gr\u00fc\u00dfe".encode(), stored.content)

    def test_without_asking_for_it_there_is_none(self):
        self.start()
        with Dialogue(self.godwit.address) as client:
            client.say("EHLO client.abc.example", "250")
            client.say(f"MAIL FROM:<{RECIPIENT}>", "553 5.6.7")
            client.say(f"MAIL FROM:<{SENDER}>", "250")
            client.say(f"RCPT TO:<{RECIPIENT}>", "553 5.6.7")


if __name__ == "__main__":
    main()
