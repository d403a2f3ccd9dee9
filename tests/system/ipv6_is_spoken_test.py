#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Listeners on IPv6 and on both families, and relaying to a host that has only an AAAA record."""

from support.dialogue import Dialogue, send
from support.dns import Dns
from support.godwit import Godwit
from support.ipv6 import PeerOnIpv6, free_ports
from support.message import message
from support.scenario import Scenario, main

SENDER, LOCAL, REMOTE = "mod@abc.example", "mod@abc.example", "user@xyz.example"


class Ipv6IsSpoken(Scenario):
    def setUp(self):
        super().setUp()
        self.peer_port, self.port = free_ports(self, 2)
        self.peer = PeerOnIpv6(self, "::1", "mx.xyz.example", port=self.peer_port)
        self.dns = Dns(self)
        self.dns.mx("xyz.example", 10, "mx.xyz.example", "::1")
        self.dns.start()

    def start(self, *addresses):
        listeners = [{"address": address, "service": "mx", "tls": "none"} for address in addresses]
        self.godwit = Godwit(self, hostname="mail.abc.example", address=self.net.host(1), dns=self.dns,
                             domains={"abc.example": ["mod"]}, listeners=listeners, delivery={"port": self.peer_port},
                             trusted_networks=["127.0.0.0/8", "::1/128"]).start()

    def test_relay_from_and_to_ipv6(self):
        self.start(f"[::1]:{self.port}")
        content = message("over IPv6")
        identity = send("::1", SENDER, REMOTE, content, port=self.port)
        taken = self.peer.wait(1)[0]
        self.assertTrue(taken.content.endswith(content))
        self.assertIn(b"[IPv6:::1]", taken.content[:-len(content)])  # RFC 5321 section 4.4: an address literal
        delivered = self.godwit.wait_event("delivered", id=identity)
        self.assertIn(f"[::1]:{self.peer_port}", delivered["relay"])

    def test_one_listener_takes_both_families(self):
        self.start(f"[::]:{self.port}")
        for address in ("::1", "127.0.0.1"):
            with Dialogue(address, self.port) as client:
                # The mapped form of an IPv4 address counts as IPv4, so both are trusted to relay.
                client.submit(SENDER, REMOTE, message(f"from {address}"))
        sources = [taken.content.split(b"\r\n\r\n")[0] for taken in self.peer.wait(2)]
        self.assertTrue(any(b"[IPv6:::1]" in head for head in sources), sources)
        self.assertTrue(any(b"[127.0.0.1]" in head for head in sources), sources)


if __name__ == "__main__":
    main()
