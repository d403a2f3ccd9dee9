#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One client cannot take all connections."""

import socket

from support.certificate import Certificate
from support.dialogue import Closed
from support.receiving_host import ReceivingHost
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
        _, refused = self.greeting(20)
        self.assertTrue(refused == "" or refused.startswith("421 4.3.2") or refused.startswith("421 4.7.0"), refused)


if __name__ == "__main__":
    main()
