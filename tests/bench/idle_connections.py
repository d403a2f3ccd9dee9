#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What idle clients cost: memory of the daemon for each, in the clear and under TLS, and the speed of the mail beside them.

    tests/bench/idle_connections.py [CONNECTIONS]        default 10000; the descriptor limit must allow twice that

An idle client has said EHLO and waits.  The mail comes from Postfix's smtp-source (20 sessions, 4 KiB, kept connections)
and stays in the queue (a route with hold).
"""

import pathlib
import resource
import ssl
import statistics
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from support.certificate import Certificate  # noqa: E402
from support.dialogue import Dialogue  # noqa: E402
from support.godwit import Godwit  # noqa: E402
from support.programs import smtp_source  # noqa: E402
from support.scenario import MX_PORT, SUBMISSIONS_PORT, Scenario  # noqa: E402

MESSAGES = 20000
REPETITIONS = 3


class IdleConnections(Scenario):
    connections = 10000

    def start(self):
        host = self.net.host(1)
        self.certificate = Certificate(self, "mail.example.com", host)
        self.godwit = Godwit(self, hostname="mail.example.com", address=host, certificate=self.certificate,
                             limits={"connections": 2 * self.connections + 100, "connections_per_client": 2 * self.connections},
                             routes=[{"domains": ["*"], "next_hop": "[127.0.0.1]:9", "hold": True}], log={"level": "warn"})
        self.godwit.config["listeners"].append(
            {"address": f"{host}:{SUBMISSIONS_PORT}", "service": "submission", "tls": "implicit"})
        self.godwit.add_account("alice@example.com", "secret").start()
        return self.godwit

    def memory(self):
        """KiB of the daemon alone: its share of the libraries depends on who else has them."""
        time.sleep(1)
        for line in open(f"/proc/{self.godwit.process.pid}/status"):
            if line.startswith("RssAnon:"):
                return int(line.split()[1])

    def open_idle(self, count, port=MX_PORT, context=None):
        clients = []
        for number in range(count):
            client = Dialogue(self.godwit.address, port, source=self.net.host(2 + number % 200), context=context)
            client.say("EHLO idle.example", "250")
            clients.append(client)
        return clients

    def rate(self):
        """Messages a second, the median of some runs."""
        rates = []
        for _ in range(REPETITIONS):
            began = time.monotonic()
            smtp_source(self, self.godwit.address, "-s", "20", "-m", str(MESSAGES), "-l", "4096", "-d", "-f", "a@abc.example",
                        "-t", "b@elsewhere.example", port=MX_PORT)
            rates.append(MESSAGES / (time.monotonic() - began))
        return statistics.median(rates)

    def test_memory_in_the_clear(self):
        self.start()
        kept = self.open_idle(200)  # the first ones pay for pools and arenas
        before = self.memory()
        kept += self.open_idle(self.connections // 2)
        print(f"plain: {(self.memory() - before) / (self.connections // 2):.2f} KiB a connection")

    def test_memory_under_tls(self):
        self.start()
        context = self.certificate.client_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        kept = self.open_idle(200, SUBMISSIONS_PORT, context)
        before = self.memory()
        count = self.connections // 5
        kept += self.open_idle(count, SUBMISSIONS_PORT, context)
        print(f"TLS: {(self.memory() - before) / count:.2f} KiB a connection")

    def test_speed_beside_them(self):
        self.start()
        self.rate()  # warms up
        without = self.rate()
        kept = self.open_idle(self.connections)
        beside = self.rate()
        print(f"{without:.0f} messages/s without, {beside:.0f} beside {len(kept)} idle connections: {beside / without:.0%}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        IdleConnections.connections = int(sys.argv.pop())
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    unittest.main(verbosity=0, warnings="ignore")
