#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A client that says nothing costs at most 3 KiB of memory, under TLS 40 KiB, and is heard when it speaks again;
what only the start needed is given back."""

import resource
import signal
import ssl
import unittest

from support.certificate import Certificate
from support.receiving_host import ReceivingHost
from support.scenario import SUBMISSIONS_PORT, main

PLAIN, SECURED = 2000, 200
FIRST = 500  # pay for what is made once


class IdleClientsCostLittle(ReceivingHost):
    def setUp(self):
        super().setUp()
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most < 2 * (PLAIN + FIRST):
            raise unittest.SkipTest(f"{most} descriptors are too few")
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def start(self):
        self.certificate = Certificate(self, "mail.xyz.example", self.net.host(1))
        godwit = self.host(certificate=self.certificate, log={"level": "warn"},
                           limits={"connections": 10000, "connections_per_client": 10000})
        godwit.with_submission().add_account("somchai@xyz.example", "secret").start()
        self.godwit = godwit

    def memory(self):
        """KiB of the daemon alone: its share of the libraries depends on who else has them."""
        with open(f"/proc/{self.godwit.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("RssAnon:"))

    def idle(self, count, **options):
        """Clients that have said EHLO."""
        clients = [self.connect(source=self.net.host(2 + number % 200), **options) for number in range(count)]
        for client in clients:
            client.say("EHLO client.abc.example", "250")
        return clients

    def cost(self, count, **options):
        before = self.memory()
        clients = self.idle(count, **options)
        return (self.memory() - before) / count, clients

    def test_the_start_leaves_little(self):
        self.start()
        self.connect().say("EHLO client.abc.example", "250")
        with open(f"/proc/{self.godwit.process.pid}/smaps_rollup") as rollup:
            size = next(int(line.split()[1]) for line in rollup if line.startswith("Rss:"))
        self.assert_memory(size, 24 * 1024)  # KiB, with what it shares with others

    def test_in_the_clear(self):
        self.start()
        clients = self.idle(FIRST)
        cost, more = self.cost(PLAIN)
        self.assert_memory(cost, 3)
        clients += more
        for client in clients[::10]:
            client.say("NOOP", "250")
        self.godwit.process.send_signal(signal.SIGTERM)
        for client in clients:
            client.expect("421 4.3.2")
            client.expect_close()
        self.assertEqual(self.godwit.process.wait(20), 0)

    def test_under_tls(self):
        self.start()
        context = self.certificate.client_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        clients = self.idle(SECURED, port=SUBMISSIONS_PORT, context=context)
        cost, more = self.cost(SECURED, port=SUBMISSIONS_PORT, context=context)
        self.assert_memory(cost, 40)
        for client in clients + more:
            client.say("NOOP", "250")


if __name__ == "__main__":
    main()
