#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One client cannot take all connections, and none does all it wants with one."""

import socket
import time

from support.certificate import Certificate
from support.dialogue import Closed
from support.message import dot_stuffed, message
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import SUBMISSIONS_PORT, main


class ConnectionsAreLimited(ReceivingHost):
    def greeting(self, source):
        client = self.connect(source=self.net.host(source), greeting=None)
        try:
            return client, client.reply()
        except Closed:
            return client, ""

    def test_per_client_address(self):
        self.start(limits={"connections_per_client": 3}, trusted_networks=[])
        held = [self.greeting(7) for _ in range(3)]
        self.assertTrue(all(reply.startswith("220") for _, reply in held))
        _, refused = self.greeting(7)
        self.assertTrue(refused.startswith("421 4.7.0"), refused)
        _, other = self.greeting(8)
        self.assertTrue(other.startswith("220"), other)
        held[0][0].quit()
        self.wait_until(lambda: self.greeting(7)[1].startswith("220"), "a connection is free again")

    def test_a_handshake_of_implicit_tls_counts_from_its_start(self):
        godwit = self.host(certificate=Certificate(self, "mail.xyz.example"), limits={"connections_per_client": 3}, trusted_networks=[])
        godwit.config["listeners"].append({"address": f"{godwit.address}:{SUBMISSIONS_PORT}", "service": "submission", "tls": "implicit"})
        godwit.start()
        silent = [socket.create_connection((godwit.address, SUBMISSIONS_PORT), timeout=20, source_address=(self.net.host(7), 0))
                  for _ in range(3)]
        self.wait_until(lambda: godwit.status()["connections"]["in"] == 3, "the silent ones are counted")
        with socket.create_connection((godwit.address, SUBMISSIONS_PORT), timeout=20, source_address=(self.net.host(7), 0)) as fourth:
            self.assertEqual(fourth.recv(1), b"")
        for one in silent:
            one.close()

    def test_in_all(self):
        self.start(limits={"connections": 4, "connections_per_client": 50})
        for number in range(4):
            self.assertTrue(self.greeting(10 + number)[1].startswith("220"))
        self.assertRegex(self.greeting(20)[1], "^421 4.3.2 ")

    def test_overload_is_told_at_once_and_passes(self):
        self.start(limits={"connections": 20, "connections_per_client": 50})
        inside = self.connect()
        inside.envelope(SENDER, TO)
        inside.say("DATA", "354")
        began = time.monotonic()
        crowd = [self.greeting(10 + number // 30) for number in range(100)]
        self.assertLess(time.monotonic() - began, 10)
        greeted = sum(reply.startswith("220 ") for _, reply in crowd)
        told = sum(reply.startswith("421 4.3.2 ") for _, reply in crowd)
        self.assertEqual((greeted, told), (19, 81))
        inside.send(dot_stuffed(message()))
        inside.expect("250 2.0.0")
        for client, _ in crowd:
            client.close()
        self.wait_until(lambda: self.greeting(9)[1].startswith("220"), "there is room again")
        self.assert_still_works()

    def test_messages_and_recipient_domains_of_one_connection(self):
        self.start(limits={"messages_per_connection": 2, "recipient_domains": 1},
                   domains={"xyz.example": ["somchai"], "two.example": ["nok"]})
        client = self.connect()
        self.assertIn("LIMITS MAILMAX=2 RCPTMAX=1000 RCPTDOMAINMAX=1", client.say("EHLO client.abc.example", "250"))
        client.submit(SENDER, TO, message(), hello=None)
        client.say(f"MAIL FROM:<{SENDER}>", "250")
        client.say("RCPT TO:<nok@two.example>", "452 4.5.3")
        client.say(f"RCPT TO:<{TO}>", "250")
        client.data(message())
        client.say(f"MAIL FROM:<{SENDER}>", "421 4.7.0")
        client.expect_close()
        with self.connect() as other:
            other.submit(SENDER, "nok@two.example", message())


if __name__ == "__main__":
    main()
