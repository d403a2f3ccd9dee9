#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Black and white lists in DNS: scores, lists that have gone mad, and a list that does not answer."""

import concurrent.futures
import time

from support.dns import GarbageDns, SlowDns, SlowList
from support.judged_host import TO, JudgedHost
from support.scenario import main


class ListsAreAsked(JudgedHost):
    def list(self, zone, score=5, **more):
        """A list in order; its test point is on it."""
        self.dns.listed(zone, "127.0.0.2")
        return {"zone": zone, "score": score, **more}

    def ask(self, *lists, trusted=None, **settings):
        self.judge("dns_lists", trusted=trusted, dns_lists={"lists": list(lists), **settings})

    def states(self):
        return {one["zone"]: one["state"] for one in self.godwit.status()["dns_lists"]}

    def test_scores_decide(self):
        small, large = self.list("small.example", 2), self.list("large.example", 3)
        one, both = self.net.host(3), self.net.host(4)
        self.dns.listed("small.example", one).listed("small.example", both).listed("large.example", both)
        self.dns.txt(".".join(reversed(both.split("."))) + ".large.example", "see http://large.example")
        self.ask(small, large)
        self.rcpt("250", client=one)
        reply = self.rcpt("550 5.7.1", client=both)
        self.assertIn(f"{both} is listed at large.example: see http://large.example", reply)
        rejected = self.godwit.wait_event("rejected", client=both)
        self.assertEqual(rejected["check_dns_lists"],
                         "reject score=5 small.example=127.0.0.2(client) large.example=127.0.0.2(client)")
        self.assertEqual(self.states(), {"small.example": "good", "large.example": "good"})

    def test_domains_are_looked_up(self):
        self.dns.host("test.dbl.example", "127.0.0.2").host("spam.example.dbl.example", "127.0.1.2")
        self.ask({"zone": "dbl.example", "of": ["hello", "sender"], "answers": ["127.0.1.2-99"]})
        self.assertIn("spam.example is listed at dbl.example", self.rcpt("550", sender="x@spam.example"))
        self.rcpt("550 5.7.1", hello="spam.example")
        self.rcpt("250")

    def test_lists_that_have_gone_mad_are_switched_off(self):
        self.dns.wildcard("all.example", "127.0.0.2")
        self.dns.listed("paid.example", "127.0.0.2")
        self.dns.host(".".join(reversed(self.client.split("."))) + ".paid.example", "127.255.255.254")
        self.ask({"zone": "all.example"}, {"zone": "gone.example"}, {"zone": "paid.example"}, self.list("good.example"))
        self.rcpt("250")
        self.assertEqual(self.states(), {"all.example": "lists_everything", "gone.example": "lists_nothing",
                                         "paid.example": "refuses", "good.example": "good"})
        self.wait_until(lambda: len(self.godwit.events("list_switched_off")) == 3, "all three are switched off")
        status = self.godwit.control("status").stdout
        self.assertEqual(status.count("LIST OFF"), 3)
        self.rcpt("250")
        self.assertEqual(len(self.godwit.events("list_switched_off")), 3, "it is said once")

    def test_one_list_that_does_not_answer_costs_little(self):
        silent = GarbageDns(self, None, host=252)
        self.dns.forward("slow.example", silent.address)
        self.dns.listed("fast.example", self.net.host(3))
        self.ask(self.list("fast.example"), {"zone": "slow.example"}, timeout="1s")
        began = time.monotonic()
        self.rcpt("550 5.7.1", client=self.net.host(3))
        self.assertLess(time.monotonic() - began, 3)
        self.assertEqual(self.states()["slow.example"], "unreachable")
        began = time.monotonic()
        self.rcpt("550 5.7.1", client=self.net.host(3))
        self.assertLess(time.monotonic() - began, 0.9, "nobody waits for it any more")

    def test_all_lists_are_asked_at_once(self):
        zones = [f"slow{host}.example" for host in (248, 249, 250)]
        lists = [SlowList(self, delay=0.5, host=host) for host in (248, 249, 250)]
        for zone, one in zip(zones, lists):
            self.dns.forward(zone, one.address)
        self.ask(*({"zone": zone, "score": 2, "test_point": "none"} for zone in zones), timeout="1s")
        self.rcpt("550 5.7.1")  # all three are needed, and there is no time for one after the other
        found = " ".join(f"{zone}=127.0.0.2(client)" for zone in zones)
        self.assertEqual(self.godwit.wait_event("rejected", client=self.client)["check_dns_lists"], f"reject score=6 {found}")

    def test_answers_count_for_their_ttl(self):
        entry = self.list("bl.example")
        self.dns.listed("bl.example", self.client)
        self.ask(entry)
        name = ".".join(reversed(self.client.split("."))) + ".bl.example"
        for _ in range(3):
            self.rcpt("550 5.7.1")
        # Each of two threads has a cache of its own.
        self.assertLessEqual(self.dns.queries(name, "A"), 2)
        self.assertLessEqual(self.dns.queries("2.0.0.127.bl.example", "A"), 2)

    def test_a_slow_list_holds_up_nobody_for_longer_than_its_time(self):
        slow = SlowDns(self, delay=3, host=251)
        self.dns.forward("slow.example", slow.address)
        self.dns.listed("fast.example", self.net.host(3))
        self.ask(self.list("fast.example"), {"zone": "slow.example"}, timeout="1s")
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            good = [pool.submit(self.rcpt, "250") for _ in range(4)]
            bad = [pool.submit(self.rcpt, "550 5.7.1", client=self.net.host(3)) for _ in range(4)]
            for one in good + bad:
                one.result()
        self.assertLess(time.monotonic() - began, 2.9, "bounded, side by side, and before it answers")
        self.assertEqual(self.states()["slow.example"], "unreachable")
        self.assertLessEqual(slow.count, 48, "what is asked of it is bounded as well")

    def test_trusted_networks_are_not_looked_up(self):
        entry = self.list("bl.example")
        self.dns.listed("bl.example", self.client)
        self.ask(entry, trusted=["127.0.0.0/8"])
        self.deliver()
        self.godwit.mailbox(TO).wait(1)
        self.assertEqual(self.dns.queries("2.0.0.127.bl.example"), 0)


if __name__ == "__main__":
    main()
