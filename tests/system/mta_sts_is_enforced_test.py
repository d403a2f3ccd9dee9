#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""MTA-STS (RFC 8461): where a domain's policy is enforced, mail goes only to hosts it names that prove who they are."""

import socket

from support.certificate import Authority
from support.scenario import main
from support.sts_domains import PATH, StsDomains, policy_text

NO_TLS = "TLS required but not offered"


class MtaStsIsEnforced(StsDomains):
    def assert_waits(self, to, why):
        """The message stays, and the log says why."""
        identity, _ = self.send(to)
        self.assertIn(why, self.godwit.wait_event("deferred", id=identity)["reply"])

    def assert_goes(self, to, peer, count=1, tls=True):
        _, content = self.send(to)
        self.assertEqual(self.assert_arrived(peer, content, count).tls, tls)

    # ---- hosts ----------------------------------------------------------------------------------------------------

    def test_hosts_under_an_enforced_policy(self):
        """One table: what the host shows, and what becomes of the mail."""
        hosts = {
            "good": ({}, None),
            "expired": ({"days": -1}, "certificate has expired"),
            "mismatch": ({"name": "mx.elsewhere.example"}, "hostname mismatch"),
            "untrusted": ({"issuer": Authority(self, "other")}, "certificate verify failed"),
            "clear": ({"offers": False}, NO_TLS),
            "unnamed": ({}, "MTA-STS policy does not name this host"),
        }
        peers = {}
        for number, (label, (options, _)) in enumerate(hosts.items(), 2):
            domain = f"{label}.example"
            peers[label] = self.mx_with(domain, number, **options)
            self.publish(domain, policy_text("enforce", "mx.else.example" if label == "unnamed" else f"*.{domain}"))
        self.start()
        for label, (_, why) in hosts.items():
            with self.subTest(label):
                if why is None:
                    self.assert_goes(f"user@{label}.example", peers[label])
                else:
                    self.assert_waits(f"user@{label}.example", why)
                    self.assertFalse(any(line.startswith("MAIL") for line in peers[label].commands))
        self.assertEqual(peers["unnamed"].connections, 0)

    def test_a_host_that_the_policy_names_is_tried_after_one_it_does_not(self):
        unnamed = self.mx("two.example", 5, "mx0.two.example", 2, certificate=self.authority.issue("mx0", "mx0.two.example"))
        named = self.mx_with("two.example", 3)
        self.publish("two.example", policy_text("enforce", "mx.two.example"))
        self.start()
        self.assert_goes("user@two.example", named)
        self.assertEqual(unnamed.connections, 0)

    def test_one_domains_policy_binds_no_other_on_the_same_host(self):
        """The certificate does not bear the host's name; connections are kept for the next message."""
        peer = self.mx("free.example", 10, "mx.shared.example", 2, certificate=self.authority.issue("mx", "mx.other.example"))
        self.mx("bound.example", 10, "mx.shared.example", 2)
        self.publish("bound.example", policy_text("enforce", "mx.shared.example"))
        self.start()
        for count in (1, 2):
            self.assert_waits("user@bound.example", "hostname mismatch")
            self.assert_goes("user@free.example", peer, count)

    # ---- policies -------------------------------------------------------------------------------------------------

    def test_without_an_enforced_policy_mail_goes_as_without_mta_sts(self):
        """One table of what the policy server shows.  The hosts offer no TLS: enforced, nothing would go there."""
        def web(name, domain, **options):
            return options.pop("issuer", self.authority).issue(f"web-{domain}", name, **options)

        policies = {
            "testing": ({"text": policy_text("testing", "mx.testing.example")}, None),
            "none": ({"text": policy_text("none")}, None),
            "missing": ({"text": "", "status": 404}, "sts-policy-fetch-error"),
            "moved": ({"text": "", "status": 301}, "sts-policy-fetch-error"),
            "html": ({"text": policy_text("enforce", "mx.html.example"), "kind": "text/html"}, "sts-policy-fetch-error"),
            "nonsense": ({"text": "version: STSv1\nmode: enforced\n"}, "sts-policy-invalid"),
            "large": ({"text": policy_text("enforce", "mx.large.example") + "x: y\n" * 20000}, "sts-policy-fetch-error"),
            "expired": ({"certificate": web("mta-sts.expired.example", "expired", days=-1)}, "sts-webpki-invalid"),
            "mismatch": ({"certificate": web("mismatch.example", "mismatch")}, "sts-webpki-invalid"),
            "untrusted": ({"certificate": web("mta-sts.untrusted.example", "untrusted", issuer=Authority(self, "other"))},
                          "sts-webpki-invalid"),
            "unannounced": ({}, None),
        }
        peers = {}
        for number, (label, (options, _)) in enumerate(policies.items(), 2):
            domain = f"{label}.example"
            peers[label] = self.mx_with(domain, number, offers=False)
            self.publish(domain, **{"text": policy_text("enforce", f"mx.{domain}"), **options})
        self.dns.records = [record for record in self.dns.records if "_mta-sts.unannounced" not in record]
        self.start()
        for label, (_, failure) in policies.items():
            with self.subTest(label):
                self.assert_goes(f"user@{label}.example", peers[label], tls=False)
                failures = self.godwit.events("sts_policy_failed", domain=f"{label}.example")
                self.assertEqual([(event["type"], event["kept"]) for event in failures], [(failure, "none")] if failure else [])
        self.assertEqual(self.webs["unannounced.example"].connections, 0)

    def test_switched_off_nothing_is_asked(self):
        peer = self.mx_with("a.example", 2, offers=False)
        self.publish("a.example", policy_text("enforce", "mx.a.example"))
        self.start(delivery={"mta_sts": False})
        self.assert_goes("user@a.example", peer, tls=False)
        self.assertEqual(self.dns.queries("_mta-sts.a.example"), 0)

    def test_a_route_with_its_own_word_on_tls_is_obeyed(self):
        peer = self.mx_with("a.example", 2, offers=False)
        self.publish("a.example", policy_text("enforce", "mx.a.example"))
        self.start(routes=[{"domains": ["a.example"], "tls": "opportunistic"}])
        self.assert_goes("user@a.example", peer, tls=False)

    # ---- what is known stays known --------------------------------------------------------------------------------

    def test_a_known_policy_survives_its_server_dns_and_a_restart(self):
        self.mx_with("a.example", 2, offers=False)
        web = self.publish("a.example", policy_text("enforce", "mx.a.example"))
        self.start()
        self.assert_waits("user@a.example", NO_TLS)
        web.down()
        self.assert_waits("user@a.example", NO_TLS)
        self.announce("a.example", 2)
        self.assert_waits("user@a.example", NO_TLS)
        self.godwit.wait_event("sts_policy_failed", domain="a.example", kept="enforce")
        self.announce("a.example", None)
        self.godwit.stop()
        self.godwit.start()
        self.assert_waits("user@a.example", NO_TLS)
        self.assertEqual(len(web.requests), 1)

    def test_another_id_brings_the_new_policy(self):
        peer = self.mx_with("a.example", 2, offers=False)
        web = self.publish("a.example", policy_text("enforce", "mx.a.example"))
        self.start()
        self.assert_waits("user@a.example", NO_TLS)
        web.pages[PATH] = (200, "text/plain", policy_text("none"))
        self.assert_waits("user@a.example", NO_TLS)
        self.assertEqual(len(web.requests), 1)
        self.announce("a.example", 2)
        self.send("user@a.example")
        peer.wait(3)  # those that waited too
        self.assertEqual(len(web.requests), 2)

    def test_a_policy_server_that_hangs_holds_up_no_other_domain(self):
        waiting = self.mx_with("a.example", 2)
        peer = self.mx_with("b.example", 3)
        web = self.publish("a.example", policy_text("enforce", "mx.a.example"))
        web.down()
        # The kernel accepts, and nobody answers.
        self.addCleanup(socket.create_server((web.address, web.port)).close)
        self.start(delivery={"connections": 5})
        for _ in range(10):
            self.send("user@a.example")
        self.assert_goes("user@b.example", peer)
        self.assertEqual(waiting.transactions, [])


if __name__ == "__main__":
    main()
