#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Limits by what really receives: shared sites, connection reuse, back-off with a probe, suspension, turns."""

import time

from support.dialogue import Dialogue
from support.message import dot_stuffed, message
from support.peer import STALL
from support.scenario import main, wait_until
from support.sending_host import SENDER, SendingHost


class DestinationsAreShaped(SendingHost):
    def site(self, name):
        page = self.godwit.control_json("destinations")
        return next((site for site in page["destinations"] if site["name"] == name), None)

    def destinations_of(self, identity):
        return self.godwit.control_json("queue", "show", identity)["destinations"]

    def test_domains_of_the_same_hosts_share_one_connection(self):
        for domain in ("a.example", "b.example", "c.example"):
            peer = self.mx(domain, 10, "mx.shared.example", 2)
        self.start(shaping=[{"destinations": "mx.shared.example", "connections": 1}])
        self.godwit.control("delivery", "suspend")
        for _ in range(5):
            for domain in ("a.example", "b.example", "c.example"):
                self.send(f"user@{domain}")
        self.godwit.control("delivery", "resume")
        peer.wait(15)
        self.assertLessEqual(peer.connections, 2, "messages go down an open connection")

    def test_messages_per_connection_is_kept(self):
        peer = self.mx("a.example", 10, "mx.a.example", 2)
        self.start(shaping=[{"destinations": "mx.a.example", "connections": 1, "messages_per_connection": 2}])
        for _ in range(6):
            self.send("user@a.example")
        peer.wait(6)
        for commands in peer.connected:
            self.assertLessEqual(sum(line.upper().startswith("MAIL") for line in commands), 2)

    def test_dead_destination_is_probed_alone_then_everything_flows(self):
        peer = self.mx("dead.example", 10, "mx.dead.example", 2, up=False)
        self.start(delivery={"retry": {"first": "6s", "factor": 1, "max": "6s"}})
        for _ in range(20):
            self.send("user@dead.example")
        wait_until(lambda: (self.site("mx.dead.example") or {}).get("state") == "down", "the site is down", 20)
        site = self.site("mx.dead.example")
        self.assertIn("refused", site["reason"])
        self.assertIsNotNone(site["next"])
        self.assertGreaterEqual(site["due"], 15, "the others are not tried one by one")
        shown = self.godwit.control("destinations").stdout
        self.assertIn("next probe at", shown)
        peer.up()
        peer.wait(20, timeout=30)
        self.godwit.wait_empty_queue()

    def test_suspension_holds_mail_back_survives_a_restart_and_ends(self):
        peer = self.mx("a.example", 10, "mx.a.example", 2)
        other = self.mx("b.example", 10, "mx.b.example", 3)
        self.start()
        self.godwit.control("delivery", "suspend", "--destination", "a.example", "--for", "2h", "--reason", "they asked")
        identity, content = self.send("user@a.example")
        self.send("user@b.example")
        other.wait(1)
        self.godwit.restart()
        # The queue of a new daemon is read while it already answers.
        wait_until(lambda: self.destinations_of(identity), "the queue is read", 20)
        self.assertRegex(self.destinations_of(identity)[0]["reason"], "suspended until .*: they asked")
        self.assertEqual(peer.connections, 0)
        self.assertIn("they asked", self.godwit.control("destinations").stdout)
        self.godwit.control("delivery", "resume", "--destination", "a.example")
        self.assert_arrived(peer, content)
        self.assertEqual(self.godwit.control("delivery", "resume", check=False).returncode, 1)

    def test_all_delivery_is_suspended_for_a_time(self):
        peer = self.mx("a.example", 10, "mx.a.example", 2)
        self.start()
        self.godwit.control("delivery", "suspend", "--for", "2s")
        _, content = self.send("user@a.example")
        self.assertEqual(peer.connections, 0)
        self.assert_arrived(peer, content)

    def test_late_mail_to_a_suspended_destination_is_reported(self):
        self.mx("a.example", 10, "mx.a.example", 2)
        self.start(delivery={"retry": {"warn": "1s"}})
        self.godwit.control("delivery", "suspend", "--destination", "a.example")
        self.send("user@a.example")
        report = self.godwit.mailbox(SENDER).wait(1)[0]
        self.assertIn(b"Action: delayed", report.content)
        self.assertIn(b"suspended", report.content)

    def test_rate_is_kept(self):
        peer = self.mx("a.example", 10, "mx.a.example", 2)
        self.start(shaping=[{"destinations": "mx.a.example", "rate": "2/1s"}])
        began = time.monotonic()
        for _ in range(7):
            self.send("user@a.example")
        peer.wait(7)
        self.assertGreater(time.monotonic() - began, 2.4)

    def test_domains_of_a_provider_share_its_rate(self):
        """Each domain has a host of its own, so that only the provider's name makes them one destination."""
        peers = [self.mx(f"d{number}.example", 10, f"d{number}.mail.big.example", 2 + number) for number in range(8)]
        self.start(providers={"big": "*.mail.big.example"}, shaping=[{"destinations": "big", "rate": "2/1s"}])
        began = time.monotonic()
        for number in range(8):
            self.send(f"user@d{number}.example")
        wait_until(lambda: (self.site("big") or {}).get("domain_count", 0) > 1, "they are one destination")
        for peer in peers:
            peer.wait(1)
        self.assertGreater(time.monotonic() - began, 2.4)

    def test_route_hold_is_asked_again_after_a_reload(self):
        peer = self.mx("a.example", 10, "mx.a.example", 2)
        self.start(routes=[{"domains": ["a.example"], "hold": True}])
        identity, content = self.send("user@a.example")
        self.godwit.wait_event("held", id=identity)
        self.godwit.config["routes"] = []
        self.godwit.write_config()
        self.godwit.control("reload")
        self.assert_arrived(peer, content)

    def test_what_is_released_goes_out_although_the_rule_stands(self):
        peer = self.mx("a.example", 10, "mx.a.example", 2)
        self.start(routes=[{"domains": ["a.example"], "hold": True}])
        identity, content = self.send("user@a.example")
        other, _ = self.send("user@a.example")
        self.godwit.wait_event("held", id=other)
        self.godwit.restart()
        wait_until(lambda: self.godwit.status()["queue"]["held"] == 2, "both are held again")
        self.godwit.control("queue", "release", identity)
        self.assert_arrived(peer, content)
        self.assertEqual(self.godwit.status()["queue"]["held"], 1)
        self.assertEqual(self.godwit.control_json("queue", "show", other)["id"], other)

    def test_hosts_that_hang_take_neither_all_connections_nor_the_local_mailboxes(self):
        good = self.mx("good.example", 10, "mx.good.example", 2)
        for number in range(8):
            self.mx(f"hangs{number}.example", 10, f"mx.hangs{number}.example", 10 + number, script={"banner": STALL})
        self.start(delivery={"connections": 5, "timeouts": {"greeting": "60s"}})
        self.send("user@good.example")
        good.wait(1)
        waiting = [self.send(f"user@hangs{number}.example")[0] for number in range(8)]
        wait_until(lambda: self.godwit.status()["connections"]["out"] == 4, "four connections hang")
        reasons = [entry["reason"] for identity in waiting for entry in self.destinations_of(identity)]
        self.assertIn("limit of connections to destinations that do not work (4 of 4)", reasons)
        _, content = self.send("user@good.example")
        self.assert_arrived(good, content, 2)
        _, content = self.send("mod@abc.example")
        self.assertTrue(self.godwit.mailbox("mod@abc.example").wait()[0].content.endswith(content))

    def test_single_letter_does_not_wait_for_a_list(self):
        peer = self.mx("a.example", 10, "mx.a.example", 2)
        self.start(shaping=[{"destinations": "mx.a.example", "connections": 1}])
        self.godwit.control("delivery", "suspend")
        for _ in range(300):
            self.send("user@a.example")
        self.godwit.control("delivery", "resume")
        peer.wait(5)
        content = message(sender=SENDER)
        with Dialogue(self.godwit.address, source=self.net.host(9)) as letter:  # another client: another turn
            letter.say("EHLO friend.example")
            letter.say(f"MAIL FROM:<{SENDER}>", "250")
            letter.say("RCPT TO:<friend@a.example>", "250")
            letter.say("DATA", "354")
            letter.send(dot_stuffed(content))
            letter.expect("250")
            before = len(peer.transactions)
        peer.wait(301, timeout=60)
        place = next(i for i, t in enumerate(peer.transactions) if t.content.endswith(content))
        self.assertLess(place, before + 10, "the letter is among the next")
        self.assertLess(before, 290, "the list was still on its way")


if __name__ == "__main__":
    main()
