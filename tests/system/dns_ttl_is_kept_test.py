#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second message within the TTL asks no DNS; after it, does."""

import time

from support.scenario import main
from support.sending_host import SendingHost

TO = "user@ttl.example"


class DnsTtlIsKept(SendingHost):
    ttl = 4

    def test_answers_are_used_for_their_ttl_and_no_longer(self):
        peer = self.mx("ttl.example", 10, "mx.ttl.example", 2)
        # One reactor: each has a cache of its own.
        self.start(threads=1, delivery={"messages_per_connection": 1})
        self.send(TO)
        peer.wait(1)
        asked = time.monotonic()
        # AAAA does not count: this server denies it without an SOA, and such an answer may not be kept (RFC 2308 section 5).
        self.assertEqual((self.dns.queries("ttl.example", "MX"), self.dns.queries("mx.ttl.example", "A")), (1, 1))
        self.send(TO)
        peer.wait(2)
        self.assertLess(time.monotonic() - asked, self.ttl, "the machine is too slow for this test")
        self.assertEqual((self.dns.queries("ttl.example", "MX"), self.dns.queries("mx.ttl.example", "A")), (1, 1))
        self.wait_until(lambda: time.monotonic() > asked + self.ttl + 1, "the TTL passes")
        self.send(TO)
        peer.wait(3)
        self.assertEqual((self.dns.queries("ttl.example", "MX"), self.dns.queries("mx.ttl.example", "A")), (2, 2))

    def test_a_flush_forgets_what_is_kept(self):
        wrong = self.mx("moved.example", 10, "old.moved.example", 2)
        self.start(threads=1, delivery={"messages_per_connection": 1})
        self.send("user@moved.example")
        wrong.wait(1)
        self.godwit.control("dns", "flush")
        self.send("user@moved.example")
        wrong.wait(2)
        self.assertEqual(self.dns.queries("moved.example", "MX"), 2)


if __name__ == "__main__":
    main()
