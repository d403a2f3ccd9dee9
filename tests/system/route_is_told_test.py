#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where mail to an address would go, without sending any, and why mail waits: godwitctl route and why."""

from support.scenario import MX_PORT, main
from support.sending_host import SendingHost


class RouteIsTold(SendingHost):
    def route(self, address, *words):
        return self.godwit.control_json("route", address, *words)

    def way(self, address, *words):
        way, = self.route(address, *words)["ways"]
        return way

    def test_local_alias(self):
        self.dns.mx("far.example", 10, "mx.far.example", self.net.host(2))
        self.start(aliases={"team@abc.example": ["mod@abc.example", "away@abc.example"], "away@abc.example": "ann@far.example"})
        told = self.route("team@abc.example")
        self.assertEqual([(step["address"], step["by"], step["targets"]) for step in told["steps"]],
                         [("team@abc.example", "alias", ["mod@abc.example", "away@abc.example"]),
                          ("away@abc.example", "alias", ["ann@far.example"])])
        self.assertTrue(told["local"])
        local, far = sorted(told["ways"], key=lambda way: way["destination"])
        self.assertEqual((local["destination"], local["recipients"], local["rule"], local["site"]),
                         ("abc.example", ["mod@abc.example"], "domains.abc.example", "maildir"))
        self.assertTrue(local["maildir"].endswith("{domain}/{local}"), local)
        self.assertEqual((far["recipients"], far["rule"]), (["ann@far.example"], "dns"))
        text = self.godwit.control("route", "team@abc.example").stdout
        self.assertIn("it is tried at once", text)
        self.assertIn("  away@abc.example -> ann@far.example (alias)\n", text)
        refused = self.route("nobody@abc.example")
        self.assertIn("550 5.1.1", refused["refusal"])
        self.assertEqual(refused["ways"], [])

    def test_remote_mx(self):
        first = self.mx("far.example", 10, "mx1.far.example", 2)
        self.mx("far.example", 20, "mx2.far.example", 3)
        self.start()
        way = self.way("ann@far.example")
        self.assertEqual(way["rule"], "dns")
        self.assertEqual([(host["name"], host["preference"], host["addresses"]) for host in way["hosts"]],
                         [("mx1.far.example", 10, [f"{self.net.host(2)}:{MX_PORT}"]),
                          ("mx2.far.example", 20, [f"{self.net.host(3)}:{MX_PORT}"])])
        self.assertEqual(way["hosts"][0]["tls"]["level"], "opportunistic")
        self.assertEqual(way["site"], "mx1.far.example,mx2.far.example")
        self.assertIsNone(way["waits"])
        self.assertEqual(first.connections, 0, "nothing is sent")
        text = self.godwit.control("route", "ann@far.example").stdout
        self.assertIn(f"10 mx1.far.example: {self.net.host(2)}:{MX_PORT}", text)

    def test_rule_by_domain_and_by_sender(self):
        self.start(routes=[{"domains": ["*"], "senders": ["news@abc.example"], "next_hop": "[10.9.8.7]:2525"},
                           {"domains": ["partner.example"], "next_hop": "[10.9.8.6]", "tls": "require"},
                           {"domains": ["kept.example"], "hold": True}])
        way = self.way("a@partner.example")
        self.assertEqual((way["rule"], way["next_hop"], way["site"], way["hosts"][0]["tls"]["level"]),
                         ("routes[1]", "[10.9.8.6]", "[10.9.8.6]", "require"))
        way = self.way("a@partner.example", "--sender", "news@abc.example")
        self.assertEqual((way["rule"], way["hosts"][0]["addresses"]), ("routes[0]", ["10.9.8.7:2525"]))
        self.assertEqual(self.way("a@kept.example")["waits"], "a route holds mail for kept.example")

    def test_limits_also_where_nothing_is_queued(self):
        self.mx("far.example", 10, "mx.far.example", 2)
        self.mx("big.example", 10, "mx.big.example", 3)
        self.start(delivery={"connections_per_destination": 9},
                   shaping=[{"destinations": "mx.big.example", "connections": 3, "rate": "100/1h", "messages_per_connection": 7}])
        way = self.way("ann@far.example")
        self.assertEqual((way["queued"], way["limits"]), (None, {"connections": 9, "rate": None, "messages_per_connection": None}))
        self.assertEqual(self.way("ann@big.example")["limits"], {"connections": 3, "rate": "100/1h", "messages_per_connection": 7})
        self.assertIn("at most 3 connections, 100/1h messages, 7 messages a connection", self.godwit.control("route", "ann@big.example").stdout)
        self.assertIsNone(self.way("ann@nowhere.example")["limits"])

    def test_null_mx_and_no_domain(self):
        self.dns.null_mx("null.example")
        self.start()
        way = self.way("a@null.example")
        self.assertIn("5.1.10", way["waits"])
        self.assertIsNone(way["site"])
        self.assertIn("5.1.2", self.way("a@nowhere.example")["waits"])

    def test_suspended_and_down(self):
        self.mx("far.example", 10, "mx.far.example", 2, up=False)
        self.mx("other.example", 10, "mx.other.example", 3)
        self.start(delivery={"retry": {"first": "1h", "max": "1h"}})
        identity, _ = self.send("ann@far.example")
        self.godwit.wait_event("deferred", id=identity)
        self.assertIn("refused", self.way("ann@far.example")["waits"])
        self.godwit.control("delivery", "suspend", "--destination", "other.example", "--reason", "they asked")
        self.assertIn("they asked", self.way("bob@other.example")["waits"])
        for what in (identity, "far.example", "ann@far.example", "mx.far.example"):
            waiting = self.godwit.control_json("why", what)["waiting"]
            self.assertTrue(waiting, what)
            self.assertIn("refused", waiting[0]["reason"], what)
        waiting, = self.godwit.control_json("why", identity)["waiting"]
        self.assertEqual((waiting["destination"], waiting["id"], waiting["site"]), ("far.example", identity, "mx.far.example"))
        self.assertIn("refused", waiting["last_reply"])
        self.assertIn("refused", self.godwit.control("why", "far.example").stdout)
        slow = {one["name"]: one for one in self.godwit.control_json("status")["slow"]}
        self.assertEqual((slow["mx.far.example"]["state"], slow["mx.far.example"]["waiting"]), ("down", 1))
        self.assertRegex(self.godwit.control("status").stdout, r"(?m)^SLOW +mx\.far\.example: 0 due, 1 waiting; down: .*refused")
        self.assertIn("they asked", self.godwit.control("why", "bob@other.example").stdout)

    def test_what_waits_for_its_retry_and_what_does_not_wait(self):
        self.mx("busy.example", 10, "mx.busy.example", 2, script={"RCPT": "450 4.2.1 mailbox busy"})
        self.start(delivery={"retry": {"first": "1h", "max": "1h"}})
        identity, _ = self.send("ann@busy.example")
        self.godwit.wait_event("deferred", id=identity)
        waiting, = self.wait_until(lambda: self.godwit.control_json("why", "busy.example")["waiting"], "it waits")
        self.assertEqual((waiting["reason"], waiting["messages"], waiting["id"]), ("waits for its retry time", 1, identity))
        self.assertEqual(waiting["last_reply"], "450 4.2.1 mailbox busy")
        self.assertIsNotNone(waiting["next"])
        self.assertIn("Nothing waits", self.godwit.control("why", "quiet.example").stdout)
        self.assertEqual(self.godwit.control("why", "06ZQ3W8K1M4TR", check=False).returncode, 1)


if __name__ == "__main__":
    main()
