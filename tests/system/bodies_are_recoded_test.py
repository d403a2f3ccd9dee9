#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""8BITMIME and BINARYMIME bodies: as they are where they may be, re-encoded for hosts and mailboxes that take less."""

import email
import email.policy
import os
from email.message import EmailMessage

from support.dialogue import Dialogue, queued_id
from support.message import large_body
from support.peer import ScriptedPeer
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import main

TEXT = "Gr\u00fc\u00dfe aus K\u00f6ln\r\nmit =, Punkt\r\n.\r\nund Leerzeichen \r\n"


def binary_message(size=300_000):
    """A multipart message with a text and `size` octets of anything, as a BINARYMIME client sends it; and those octets."""
    octets = os.urandom(size) + b"\r\n.\r\n\n\r\0"
    boundary = b"=_0123456789"
    return (b"From: <mod@abc.example>\r\nTo: <somchai@xyz.example>\r\nSubject: binary\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed; boundary=\"" + boundary + b"\"\r\nContent-Transfer-Encoding: binary\r\n\r\n"
            b"--" + boundary + b"\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            + TEXT.encode() + b"\r\n--" + boundary + b"\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Transfer-Encoding: binary\r\n\r\n" + octets + b"\r\n--" + boundary + b"--\r\n"), octets


class BodiesAreRecoded(ReceivingHost):
    def start_with_peer(self, *capabilities):
        peer = ScriptedPeer(self, 2, "mx.elsewhere.example", capabilities=("PIPELINING", *capabilities))
        self.start(routes=[{"domains": ["elsewhere.example"], "next_hop": f"[{peer.address}]:{peer.port}"}])
        return peer

    def send_binary(self, content, *recipients):
        with Dialogue(self.godwit.address) as client:
            self.assertIn("BINARYMIME", client.say("EHLO client.abc.example", "250"))
            client.say(f"MAIL FROM:<{SENDER}> BODY=BINARYMIME", "250")
            for recipient in recipients:
                client.say(f"RCPT TO:<{recipient}>", "250")
            for at in range(0, len(content), 100_000):
                part = content[at:at + 100_000]
                client.send(b"BDAT %d\r\n%s" % (len(part), part))
                client.expect("250")
            return queued_id(client.say("BDAT 0 LAST"))

    def assert_same_parts(self, content, octets):
        """In lines of seven bits where `content` is said to be; nothing is lost."""
        for line in content.split(b"\r\n"):
            self.assertFalse(b"\n" in line or b"\r" in line or b"\0" in line)
        text, data = email.message_from_bytes(content, policy=email.policy.SMTP).get_payload()
        self.assertEqual(text.get_payload(decode=True), TEXT.encode())
        self.assertTrue(data.get_payload(decode=True) == octets, "the octets differ")

    def test_binary_mail_goes_in_a_chunk_to_a_host_that_takes_it(self):
        peer = self.start_with_peer("8BITMIME", "SIZE 100000000", "CHUNKING", "BINARYMIME")
        content, _ = binary_message()
        self.send_binary(content, "user@elsewhere.example")
        [transaction] = peer.wait()
        self.assertIn(" BODY=BINARYMIME", transaction.mail_line)
        self.assertTrue(transaction.content.endswith(content), "it differs")

    def test_binary_mail_is_encoded_for_hosts_and_mailboxes_that_want_lines(self):
        peer = self.start_with_peer("8BITMIME", "SIZE 100000000")
        content, octets = binary_message()
        self.send_binary(content, TO, "user@elsewhere.example")
        [transaction] = peer.wait()
        self.assertIn(" BODY=8BITMIME", transaction.mail_line)
        self.assert_same_parts(transaction.content, octets)
        (stored,) = self.godwit.mailbox(TO).wait()
        self.assert_same_parts(stored.content, octets)

    def test_all_is_seven_bit_for_a_host_of_1982(self):
        peer = self.start_with_peer()
        content, octets = binary_message()
        self.send_binary(content, "user@elsewhere.example")
        self.assert_same_parts(peer.wait()[0].content, octets)
        self.assertTrue(peer.transactions[0].content.isascii())

    def test_eight_bit_mail_is_encoded_for_a_host_without_8bitmime(self):
        peer = self.start_with_peer("SIZE 100000000")
        letter = EmailMessage(policy=email.policy.SMTP)
        letter["From"], letter["To"], letter["Subject"] = SENDER, "user@elsewhere.example", "eight"
        letter.set_content(TEXT, cte="8bit")
        self.submit_as_8bit(bytes(letter))
        [transaction] = peer.wait()
        self.assertTrue(transaction.content.isascii())
        parsed = email.message_from_bytes(transaction.content, policy=email.policy.SMTP)
        self.assertEqual(parsed.get_content().replace("\n", "\r\n").replace("\r\r", "\r").strip(), TEXT.strip())

    def test_what_is_seven_bit_stays_as_it_is_whatever_was_declared(self):
        peer = self.start_with_peer("SIZE 100000000")
        content = (b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
                   + large_body(400_000))
        self.submit_as_8bit(content)
        self.assertTrue(peer.wait()[0].content.endswith(content), "it differs")

    def submit_as_8bit(self, content):
        with Dialogue(self.godwit.address) as client:
            client.say("EHLO client.abc.example", "250")
            client.say(f"MAIL FROM:<{SENDER}> BODY=8BITMIME", "250")
            client.say("RCPT TO:<user@elsewhere.example>", "250")
            return queued_id(client.data(content))


if __name__ == "__main__":
    main()
