#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TLSA records of signed zones decide who gets mail (RFC 7672): verdicts over a real validating resolver."""

import itertools

from support.certificate import Authority, Certificate
from support.scenario import BIN, main
from support.sending_host import SendingHost
from support.signed_dns import SignedDns, tlsa

DANE, ENCRYPTED, CLEAR = "TLSv1.3 dane", "TLSv1.3", "none"


class DaneNamesTheCertificate(SendingHost):
    def setUp(self):
        super().setUp()
        self.dns = SignedDns(self)
        self.numbers = itertools.count(2)
        self.ours, self.other = Certificate(self, "ours.example"), Certificate(self, "other.example")
        self.cases = []

    def domain(self, name, *records, certificate="ours", expect=None, why=None, **options):
        """A domain with one host, mx.NAME; `expect` is how its mail arrives, `why` what the log says where it does not."""
        host = f"mx.{name}"
        offered = {"ours": self.ours, None: None}.get(certificate, certificate)
        peer = self.mx(name, 10, host, next(self.numbers), certificate=offered, **options)
        for record in records:
            self.dns.tlsa(host, record)
        self.cases.append((name, peer, expect, why))
        return peer

    def judge(self, **config):
        self.start(**config)
        for name, *_ in self.cases:
            self.send(f"user@{name}")
        for name, peer, expect, why in self.cases:
            with self.subTest(domain=name):
                to = f"<user@{name}>"
                if expect:
                    self.assertEqual(self.godwit.wait_event("delivered", to=to)["tls"], expect)
                    self.assertEqual(peer.wait()[0].tls, expect != CLEAR)
                else:
                    self.assertIn(why, self.godwit.wait_event("deferred", to=to)["reply"])
                    self.assertFalse([line for line in peer.commands if line.startswith("MAIL")])

    def test_verdicts(self):
        ours, other = self.ours, self.other
        self.domain("good.example", tlsa(ours), expect=DANE)
        self.domain("whole.example", tlsa(ours, selector=0, matching=2), expect=DANE)
        self.domain("full.example", tlsa(ours, matching=0), expect=DANE)
        old = Certificate(self, "old.example", days=-1)
        self.domain("expired.example", tlsa(old), certificate=old, expect=DANE)
        self.domain("rollover.example", tlsa(other), tlsa(ours), expect=DANE)
        self.domain("mismatched.example", tlsa(other), why="no matching DANE TLSA records")
        self.domain("missing.example", expect=ENCRYPTED)
        self.domain("clear.example", certificate=None, expect=CLEAR)
        self.domain("unusable.example", tlsa(other, usage=1), expect=ENCRYPTED)
        self.domain("unusableclear.example", tlsa(other, usage=1), certificate=None, why="TLS required but not offered")
        self.domain("stripped.example", tlsa(ours), certificate=None, why="TLS required but not offered")
        self.domain("noise.example", tlsa(ours), handshake=False, why="not TLS")
        self.domain("halfusable.example", tlsa(other, usage=1), tlsa(ours), expect=DANE)
        # Nothing is signed there: an attacker could have written it.
        self.domain(f"a.{self.dns.unsigned}", tlsa(other), expect=ENCRYPTED)
        self.judge()

    def test_what_is_bogus_gets_nothing(self):
        peer = self.domain("bogus.example", why="TLSA lookup for mx.bogus.example failed: SERVFAIL")
        self.dns.tlsa("mx.bogus.example", tlsa(self.ours), bogus=True)
        bogus_mx = self.domain("boguslist.example", tlsa(self.ours), why="DNS lookup for boguslist.example failed: SERVFAIL")
        self.dns.broken.append(("boguslist.example", "MX"))
        self.judge()
        self.assertEqual(peer.connections + bogus_mx.connections, 0)

    def test_an_authority_may_be_named(self):
        authority = Authority(self)

        def issue(name, *names, **options):
            issued = authority.issue(name, *names, **options)
            issued.certificate.write_text(issued.certificate.read_text() + authority.certificate.read_text())
            return issued

        anchor = tlsa(authority, usage=2, selector=0)
        self.domain("host.example", anchor, certificate=issue("host", "mx.host.example"), expect=DANE)
        self.domain("domain.example", anchor, certificate=issue("domain", "domain.example"), expect=DANE)
        self.domain("wrongname.example", anchor, certificate=issue("wrongname", "mx.else.example"), why="hostname mismatch")
        self.domain("late.example", anchor, certificate=issue("late", "mx.late.example", days=-1), why="certificate has expired")
        self.judge()

    def test_records_are_found_behind_an_alias(self):
        self.domain("real.example", tlsa(self.ours), expect=DANE)
        self.dns.mx("aliased.example", 10, "alias.example").alias("alias.example", "mx.real.example")
        self.cases.append(("aliased.example", self.peers["mx.real.example"], DANE, None))
        self.judge()

    def test_an_unsigned_domain_does_not_trust_its_signed_host(self):
        self.domain("hoster.example", tlsa(self.other), why="no matching DANE TLSA records")
        self.dns.mx(f"customer.{self.dns.unsigned}", 10, "mx.hoster.example")
        self.start()
        self.send(f"user@customer.{self.dns.unsigned}")
        self.assertEqual(self.godwit.wait_event("delivered")["tls"], ENCRYPTED)

    def test_the_next_host_may_match(self):
        bad = self.domain("two.example", tlsa(self.other))
        good = self.mx("two.example", 20, "mx2.two.example", next(self.numbers), certificate=self.ours)
        self.dns.tlsa("mx2.two.example", tlsa(self.ours))
        self.start()
        _, content = self.send("user@two.example")
        self.assert_arrived(good, content)
        self.assertEqual(bad.transactions, [])

    def test_without_trust_in_the_resolver_nothing_is_asked(self):
        self.domain("mismatched.example", tlsa(self.other), expect=ENCRYPTED)
        self.judge(dns_settings={"trust_ad": "no"})
        self.assertIn("dns.trust_ad does not trust", self.godwit.wait_event("dns_does_not_validate", level="info")["reason"])

    def test_a_start_says_whether_the_resolver_validates(self):
        self.domain("good.example", tlsa(self.ours), expect=DANE)
        self.judge()
        self.godwit.wait_event("dns_validates", level="info")
        self.assertNotIn("warning: dns:", self.check())

    def test_a_start_warns_of_a_resolver_that_does_not_validate(self):
        self.dns.validates = False
        self.domain("mismatched.example", tlsa(self.other), expect=ENCRYPTED)
        self.judge()
        self.assertIn("do not validate (DNSSEC)", self.godwit.wait_event("dns_does_not_validate", level="warn")["reason"])
        self.assertIn("warning: dns: the DNS servers do not validate (DNSSEC)", self.check())

    def check(self):
        return self.run_program(BIN / "godwitd", "--check", "--config", self.godwit.config_file).stderr

    def test_it_can_be_switched_off_and_demanded(self):
        self.domain("mismatched.example", tlsa(self.other), expect=ENCRYPTED)
        self.domain("demanded.example", tlsa(self.ours), expect=DANE)
        self.domain("lacking.example", why="no TLSA records in signed zones lead to mx.lacking.example")
        self.judge(delivery={"dane": False}, routes=[{"domains": ["demanded.example", "lacking.example"], "tls": "dane"}])


if __name__ == "__main__":
    main()
