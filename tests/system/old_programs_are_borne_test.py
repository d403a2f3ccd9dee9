#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Printers and old programs that end lines of a message in LF alone: borne from who is trusted or has logged in, never from strangers."""

import base64

from support.certificate import Certificate
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import MX_PORT, SUBMISSION_PORT, main

ALICE, PASSWORD = "alice@xyz.example", "secret"
BARE = b"From: <%s>\nDate: Mon, 02 Nov 2026 08:00:00 +0000\nMessage-ID: <1@abc.example>\r\nSubject: toner\n\nlow\n.\n.\r\n..\n.hidden\rend\r\n.\r\n"
STORED = b"From: <%s>\r\nDate: Mon, 02 Nov 2026 08:00:00 +0000\r\nMessage-ID: <1@abc.example>\r\nSubject: toner\r\n\r\nlow\r\n.\r\n"


class OldProgramsAreBorne(ReceivingHost):
    def start_normalizing(self):
        self.certificate = Certificate(self, "mail.xyz.example", self.net.host(1))
        self.godwit = self.host(certificate=self.certificate, trusted_proxies=["127.0.0.0/8"], trusted_networks=["192.0.2.7/32"],
                                domains={"xyz.example": "any"})
        self.godwit.config["listeners"] = [
            {"address": f"{self.net.host(1)}:{MX_PORT}", "bare_newline": "normalize", "proxy_protocol": True},
            {"address": f"{self.net.host(1)}:{SUBMISSION_PORT}", "service": "submission", "bare_newline": "normalize"}]
        self.godwit.add_account(ALICE, PASSWORD).start()

    def client(self, address):
        client = self.connect(greeting=None)
        client.send(f"PROXY TCP4 {address} 192.0.2.1 40000 25\r\n".encode())
        client.expect("220")
        return client

    def content(self, client, sender, reply):
        client.say("DATA", "354")
        client.send(BARE % sender.encode())
        client.expect(reply)
        client.say("NOOP", "250")

    def assert_stored(self, sender):
        (stored,) = self.godwit.mailbox(TO).wait()
        self.assertTrue(stored.content.startswith(STORED % sender.encode()), stored.content)
        self.assertEqual(stored.content.replace(b"\r\n", b"").count(b"\n") + stored.content.replace(b"\r\n", b"").count(b"\r"), 0)

    def test_of_a_trusted_network(self):
        self.start_normalizing()
        client = self.client("192.0.2.7")
        client.envelope(SENDER, TO)
        self.content(client, SENDER, "250 2.0.0")
        self.assert_stored(SENDER)
        client.send(b"MAIL FROM:<x@abc.example>\nRCPT TO:<%s>\r\n" % TO.encode())
        client.expect("500 5.5.2")  # a command has one reading for everybody

    def test_of_a_user(self):
        self.start_normalizing()
        client = self.connect(port=SUBMISSION_PORT)
        client.starttls(self.certificate.client_context(), "mail.xyz.example")
        client.say("EHLO pc.xyz.example", "250")
        client.say("AUTH PLAIN " + base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode(), "235")
        client.envelope(ALICE, TO, hello=None)
        self.content(client, ALICE, "250 2.0.0")
        self.assert_stored(ALICE)

    def test_of_a_stranger_not(self):
        self.start_normalizing()
        client = self.client("192.0.2.8")
        client.envelope(SENDER, TO)
        self.content(client, SENDER, "550 5.6.0")
        self.assertEqual(self.godwit.queued(), 0)
        self.assertEqual(self.godwit.mailbox(TO).count(), 0)


if __name__ == "__main__":
    main()
