#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real servers of others between two daemons: what a user submits goes to them and comes from them over TLS, and not a byte of it is
changed."""

import base64

from support import unpacked
from support.certificate import Certificate
from support.dialogue import Dialogue
from support.exim import Exim
from support.godwit import Godwit
from support.message import large_body, message
from support.opensmtpd import OpenSmtpd
from support.postfix import Postfix
from support.scenario import SUBMISSION_PORT, Scenario, main

SENDER, TO = "mod@abc.example", "somchai@xyz.example"
BETWEEN = "mail.between.example"

CONTENTS = {
    "small": message("small"),
    "no body": message("no body", body=""),
    "dots": message("dots", body=".\r\n..\r\n.x\r\n...\r\n"),
    "long lines": message("long lines", body=("x" * 990 + "\r\n") * 20),
    "blanks": message("blanks", body="  \r\n\t\r\nend with a blank \r\n\r\n\r\n"),
    "8-bit": message("8-bit", body="Gr\u00fc\u00dfe\r\n".encode("utf-8") + bytes(range(128, 256)) + b"\r\n",
                     headers=["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]),
    "large": message("large", body=large_body(3_000_000)),
}


class OtherServersPassMailOn(Scenario):
    def start(self, make, tls):
        if reason := unpacked.obstacle():
            self.skipTest(reason)
        first, between, last = self.net.host(1), self.net.host(2), self.net.host(3)
        certificates = {name: Certificate(self, name) for name in ("mail.abc.example", BETWEEN, "mail.xyz.example")}
        self.last = Godwit(self, "last", hostname="mail.xyz.example", address=last, certificate=certificates["mail.xyz.example"],
                           domains={"xyz.example": ["somchai"]}).start()
        self.between = make(between, last, certificates[BETWEEN]).start()
        self.first = Godwit(self, "first", hostname="mail.abc.example", address=first, certificate=certificates["mail.abc.example"],
                            domains={"abc.example": "accounts"},
                            routes=[{"domains": ["*"], "next_hop": f"[{between}]:20025", "tls": tls}])
        self.first.with_submission().add_account(SENDER, "secret").start()
        self.certificate = certificates["mail.abc.example"]

    def send_all(self):
        for content in CONTENTS.values():
            with Dialogue(self.first.address, SUBMISSION_PORT) as client:
                client.say("EHLO client.abc.example", "250")
                client.starttls(self.certificate.client_context(), "mail.abc.example")
                client.say("EHLO client.abc.example", "250")
                client.say("AUTH PLAIN " + base64.b64encode(f"\0{SENDER}\0secret".encode()).decode(), "235")
                client.say(f"MAIL FROM:<{SENDER}> BODY=8BITMIME", "250")
                client.say(f"RCPT TO:<{TO}>", "250")
                client.data(content)

    def assert_all_arrived(self):
        arrived = self.last.mailbox(TO).wait(len(CONTENTS), timeout=60)
        for name, content in CONTENTS.items():
            copies = [stored for stored in arrived if stored.content == content]
            self.assertEqual(len(copies), 1, f"{name}: changed on the way")
            hops = copies[0].header("Received")
            self.assertEqual(len(hops), 3, hops)
            self.assertIn(" with esmtps ", hops[0].lower())
        self.assertEqual(self.first.queued(), 0)

    def pass_on(self, make, tls="require"):
        self.start(make, tls)
        self.send_all()
        self.assert_all_arrived()

    def test_postfix(self):
        def postfix(address, onward, certificate):
            settings = {
                "myhostname": BETWEEN, "mydestination": "", "relayhost": f"[{onward}]:20025", "mynetworks": "127.0.0.0/8",
                "message_size_limit": 100 << 20, "smtpd_tls_security_level": "encrypt", "smtp_tls_security_level": "encrypt",
                "smtpd_tls_cert_file": certificate.certificate, "smtpd_tls_key_file": certificate.private_key}
            return Postfix(self, address, settings, {})

        self.pass_on(postfix)

    def test_exim(self):
        self.pass_on(lambda address, onward, certificate: Exim(self, address, BETWEEN, onward, certificate))

    def test_opensmtpd(self):
        # As a server, that of Debian 12 fails in every handshake (it cannot sign with OpenSSL 3): what it is sent goes in clear, what it
        # sends does not.
        self.pass_on(lambda address, onward, certificate: OpenSmtpd(self, address, BETWEEN, onward, certificate), tls="opportunistic")


if __name__ == "__main__":
    main()
