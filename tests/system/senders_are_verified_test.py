#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mail of strangers: SPF, DKIM and DMARC are looked up, said in the header, and applied where the configuration says so."""

import base64
import email
import subprocess

from support.dialogue import Dialogue, queued_id
from support.dns import Dns
from support.godwit import Godwit
from support.peer import ScriptedPeer
from support.scenario import BIN, Scenario, main

# Debian's dkimpy signs: python3-dkim belongs to Debian's own Python.
SIGN = """
import sys, dkim
message = sys.stdin.buffer.read()
key = open(sys.argv[3], "rb").read()
sys.stdout.buffer.write(dkim.sign(message, sys.argv[2].encode(), sys.argv[1].encode(), key,
                                  canonicalize=(sys.argv[4].encode(), sys.argv[5].encode())) + message)
"""


def content(author, subject="Hello", body="Hello World\r\n", extra=""):
    return (f"{extra}From: Mod <{author}>\r\nTo: somchai@xyz.example\r\nSubject: {subject}\r\n"
            f"Date: Mon, 02 Nov 2026 08:00:00 +0000\r\nMessage-ID: <1@abc.example>\r\n\r\n{body}").encode()


class SendersAreVerified(Scenario):
    def setUp(self):
        super().setUp()
        self.key = self.folder / "dkim.pem"
        subprocess.run(["openssl", "genrsa", "-traditional", "-out", self.key, "2048"], check=True, capture_output=True)
        public = subprocess.run(["openssl", "rsa", "-in", self.key, "-pubout", "-outform", "DER"], check=True,
                                capture_output=True).stdout
        self.dns = (Dns(self)
                    .txt("good.example", "v=spf1 ip4:127.0.0.0/8 -all")
                    .txt("bad.example", "v=spf1 ip4:192.0.2.1 -all exp=why.bad.example")
                    .txt("why.bad.example", "%{i} is none of our hosts")
                    .txt("s1._domainkey.abc.example", "v=DKIM1; p=" + base64.b64encode(public).decode())
                    .txt("_dmarc.abc.example", "v=DMARC1; p=reject; rua=mailto:dmarc@abc.example")
                    .txt("_dmarc.careful.example", "v=DMARC1; p=quarantine")
                    .start())

    def daemon(self, **config):
        self.godwit = Godwit(self, hostname="mail.xyz.example", address=self.net.host(1), dns=self.dns,
                             domains={"xyz.example": ["somchai"]}, trusted_networks=["192.0.2.0/24"], **config).start()

    def deliver(self, sender, message, expect="250", hello="mail.abc.example", to="somchai@xyz.example"):
        with Dialogue(self.godwit.address, source=self.net.host(2)) as client:
            client.say(f"EHLO {hello}", "250")
            client.say(f"MAIL FROM:<{sender}>", "250")
            client.say(f"RCPT TO:<{to}>", "250")
            return client.data(message, expect)

    def results(self, sender, message, hello="mail.abc.example"):
        """The fields of the message as it was delivered, from the top, each on one line."""
        mailbox = self.godwit.mailbox("somchai@xyz.example")
        before = {stored.path for stored in mailbox.messages()}
        self.deliver(sender, message, hello=hello)
        (self.stored,) = [one for one in mailbox.wait(len(before) + 1) if one.path not in before]
        found = email.message_from_bytes(self.stored.raw).get_all("Authentication-Results", [])
        return [" ".join(value.split()) for value in found]

    def signed(self, message, header="relaxed", body="simple"):
        return subprocess.run(["/usr/bin/python3", "-c", SIGN, "abc.example", "s1", str(self.key), header, body],
                              input=message, check=True, capture_output=True).stdout

    def test_what_was_found_stands_on_top(self):
        self.daemon()
        (found,) = self.results("mod@good.example", content("mod@good.example"))
        self.assertTrue(found.startswith("mail.xyz.example; spf=pass smtp.mailfrom=mod@good.example; dkim=none; dmarc=none"),
                        found)
        (found,) = self.results("mod@bad.example", content("mod@good.example"))
        self.assertIn("spf=fail", found)
        (found,) = self.results("", content("mod@good.example"))
        self.assertIn("spf=none smtp.helo=mail.abc.example", found)

    def test_of_reports_the_helo_name_is_verified(self):
        self.daemon()
        for hello, result in (("bad.example", "fail"), ("good.example", "pass")):
            (found,) = self.results("", content("mod@else.example"), hello=hello)
            self.assertIn(f"spf={result} smtp.helo={hello};", found)
        (found,) = self.results("mod@good.example", content("mod@good.example"), hello="bad.example")
        self.assertIn("spf=pass smtp.mailfrom=mod@good.example;", found)
        self.assertNotIn("smtp.helo", found)

    def test_signatures_of_dkimpy_are_verified(self):
        self.daemon()
        for header in ("relaxed", "simple"):
            for body in ("relaxed", "simple"):
                (found,) = self.results("x@else.example", self.signed(content("mod@abc.example", body="a \t b\r\n\r\n\r\n"),
                                                                      header, body))
                self.assertIn("dkim=pass header.d=abc.example", found)
                self.assertIn("dmarc=pass (p=reject dis=none) header.from=abc.example", found)

    def test_large_messages_are_verified_and_kept_whole(self):
        self.daemon()
        message = self.signed(content("mod@abc.example", body="0123456789 abcdefghij\r\n" * 40000))
        (found,) = self.results("x@else.example", message)
        self.assertIn("dkim=pass header.d=abc.example", found)
        self.assertTrue(self.stored.content.endswith(message))

    def test_forged_results_are_taken_out(self):
        self.daemon()
        forged = "Authentication-Results: mail.xyz.example;\r\n\tdkim=pass header.d=bank.example\r\n"
        other = "Authentication-Results: other.example; spf=pass\r\n"
        found = self.results("mod@bad.example", content("mod@bad.example", extra=forged + other))
        self.assertEqual(len(found), 2)
        self.assertNotIn("bank.example", "".join(found))

    def test_only_what_is_forwarded_is_sealed(self):
        peer = ScriptedPeer(self, 3, "mx.elsewhere.example")
        key = self.folder / "seal.pem"
        self.run_program(BIN / "godwitctl", "dkim", "generate", "xyz.example", "s1", "--file", key)
        self.daemon(arc={"seal_as": "xyz.example"}, dkim={"keys": [{"domain": "xyz.example", "selector": "s1", "private_key": str(key)}]},
                    aliases={"away@xyz.example": ["me@elsewhere.example"]},
                    routes=[{"domains": ["elsewhere.example"], "next_hop": f"[{peer.address}]:{peer.port}"}])
        self.results("mod@good.example", content("mod@good.example"))
        self.assertNotIn(b"ARC-Seal", self.stored.raw)
        self.deliver("mod@good.example", content("mod@good.example"), to="away@xyz.example")
        forwarded = peer.wait()[0].content
        self.assertIn(b"ARC-Seal: i=1; a=rsa-sha256; ", forwarded)
        self.assertNotIn(b"DKIM-Signature", forwarded)

    def test_policies_are_only_reported_by_default(self):
        self.daemon()
        (found,) = self.results("mod@bad.example", content("ceo@abc.example"))
        self.assertIn("dmarc=fail (p=reject dis=reject) header.from=abc.example", found)

    def test_policies_are_applied_where_configured(self):
        self.daemon(verification={"dmarc": "apply", "spf_fail": "accept"})
        reply = self.deliver("mod@bad.example", content("ceo@abc.example"), "550")
        self.assertTrue(reply.startswith("550 5.7.26"), reply)
        (found,) = self.results("x@else.example", self.signed(content("ceo@abc.example")))
        self.assertIn("dmarc=pass", found)
        identity = queued_id(self.deliver("mod@bad.example", content("ceo@careful.example")))
        accepted = self.godwit.wait_event("accepted", id=identity)
        self.assertIn("dmarc=fail(quarantine)", accepted["verified"])
        self.assertIn("asks to quarantine", self.godwit.control("queue", "show", identity).stdout)
        self.assertEqual(self.godwit.mailbox("somchai@xyz.example").count(), 1)
        self.godwit.control("queue", "release", identity)
        self.godwit.mailbox("somchai@xyz.example").wait(2)

    def test_spf_fails_are_refused_where_configured(self):
        self.daemon(verification={"spf_fail": "reject"})
        with Dialogue(self.godwit.address, source=self.net.host(2)) as client:
            client.say("EHLO mail.abc.example", "250")
            client.say("MAIL FROM:<mod@bad.example>", "250")
            reply = client.say("RCPT TO:<somchai@xyz.example>", "550 5.7.23")
            self.assertIn(f"{self.net.host(2)} is none of our hosts", reply)
            client.say("RSET", "250")
            client.say("MAIL FROM:<mod@good.example>", "250")
            client.say("RCPT TO:<somchai@xyz.example>", "250")


if __name__ == "__main__":
    main()
