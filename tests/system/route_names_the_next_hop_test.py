#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An internal next hop on another port by a route rule: no MX lookup."""

from support.peer import ScriptedPeer
from support.scenario import main
from support.sending_host import SendingHost


class RouteNamesTheNextHop(SendingHost):
    def test_an_address_with_port_is_used_without_dns(self):
        inside = ScriptedPeer(self, 2, "inside.corp.example", port=22525)
        public = self.mx("partner.example", 10, "mx.partner.example", 3)
        self.start(routes=[{"domains": ["partner.example", "*.corp.example"], "next_hop": f"[{inside.address}]:22525"}])
        for count, to in enumerate(("a@partner.example", "b@dept.corp.example"), 1):
            _, content = self.send(to)
            self.assert_arrived(inside, content, count)
        self.assertEqual(public.connections, 0)
        self.assertEqual(self.dns.queries("partner.example"), 0)
        self.assertEqual(self.dns.queries("dept.corp.example"), 0)

    def test_hops_are_tried_in_order(self):
        second = ScriptedPeer(self, 3, port=22525)
        self.start(routes=[{"domains": ["partner.example"],
                            "next_hop": [f"[{self.net.host(2)}]:22525", f"[{second.address}]:22525"]}])
        _, content = self.send("a@partner.example")
        self.assert_arrived(second, content)

    def test_other_domains_take_their_mx(self):
        inside = ScriptedPeer(self, 2, port=22525)
        public = self.mx("other.example", 10, "mx.other.example", 3)
        self.start(routes=[{"domains": ["*.corp.example"], "next_hop": f"[{inside.address}]:22525"}])
        _, content = self.send("a@other.example")
        self.assert_arrived(public, content)
        self.assertEqual(inside.connections, 0)


if __name__ == "__main__":
    main()
