#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mail of a route leaves from the addresses of the route, each with its name; a message keeps its own through all attempts."""

from support.message import message
from support.peer import ScriptedPeer
from support.scenario import main
from support.sending_host import SendingHost

MESSAGES = 30


class RouteHasItsSourceAddresses(SendingHost):
    def start_with_pool(self, peer, other=None):
        pool = [{"address": self.net.host(11), "hostname": "out1.abc.example"},
                {"address": self.net.host(12), "hostname": "out2.abc.example"}]
        routes = [{"domains": ["pool.example"], "next_hop": f"[{peer.address}]:{peer.port}", "source_addresses": pool}]
        if other:
            routes.append({"domains": ["*"], "next_hop": f"[{other.address}]:{other.port}"})
        self.start(routes=routes, delivery={"source_addresses": [self.net.host(10)], "messages_per_connection": 1})
        return {self.net.host(11): "out1.abc.example", self.net.host(12): "out2.abc.example"}

    def test_all_of_a_pool_are_used_with_their_names(self):
        peer, other = ScriptedPeer(self, 2), ScriptedPeer(self, 3)
        pool = self.start_with_pool(peer, other)
        for _ in range(MESSAGES):
            self.send("user@pool.example")
        self.send("user@else.example")
        peer.wait(MESSAGES)
        other.wait()
        self.assertEqual(set(peer.clients), set(pool))
        for client, commands in zip(peer.clients, peer.connected):
            self.assertEqual(commands[0], f"EHLO {pool[client]}")
        self.assertEqual(set(other.clients), {self.net.host(10)})

    def test_a_message_keeps_its_address(self):
        peer = ScriptedPeer(self, 2, script={"RCPT": ["451 4.7.1 come back later"] * 4 + ["250 2.1.5 Ok"]})
        self.start_with_pool(peer)
        self.send("user@pool.example", message())
        peer.wait()
        self.assertEqual(len(peer.clients), 5)
        self.assertEqual(len(set(peer.clients)), 1)

    def test_shuffled_next_hops_share_the_mail(self):
        one, two = ScriptedPeer(self, 2), ScriptedPeer(self, 3)
        hops = [f"[{peer.address}]:{peer.port}" for peer in (one, two)]
        self.start(routes=[{"domains": ["*"], "next_hop": hops, "next_hop_order": "random"}])
        for _ in range(MESSAGES):
            self.send("user@far.example")
        self.wait_until(lambda: len(one.transactions) + len(two.transactions) == MESSAGES, "all mail")
        self.assertTrue(one.transactions and two.transactions)


if __name__ == "__main__":
    main()
