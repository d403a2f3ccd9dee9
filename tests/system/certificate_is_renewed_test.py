#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon's own certificate is renewed in time, and on demand, while sessions go on; a restart forgets nothing."""

from support.certified_host import HOST, CertifiedHost
from support.scenario import main


class CertificateIsRenewed(CertifiedHost):
    def test_on_demand_while_sessions_go_on(self):
        self.authority.start()
        self.certified().start()
        self.wait_obtained()
        before, key = self.offered(), self.public_key()
        session = self.secured()
        session.envelope("mod@abc.example", "somchai@xyz.example")
        self.godwit.control("tls", "renew")
        self.wait_obtained(2)
        self.wait_until(lambda: self.offered() != before, "the new certificate is offered")
        session.data(b"Subject: across\r\n\r\nhello\r\n")
        self.assertEqual(self.public_key(), key, "TLSA records stay right")
        self.assertEqual(self.godwit.events("certificate_ordered")[-1]["reason"], "order")

    def test_with_a_new_key_where_that_is_wanted(self):
        self.authority.start()
        self.certified(reuse_key=False).start()
        self.wait_obtained()
        key = self.public_key()
        self.assertIn("done", self.godwit.order("/v1/tls/renew"))
        self.wait_obtained(2)
        self.assertNotEqual(self.public_key(), key)
        self.wait_until(self.offered, "key and certificate fit")

    def test_for_another_name_that_came_while_it_was_ordered(self):
        other = "mx.xyz.example"
        self.dns.host(other, self.net.host(1)).change()
        self.authority.start(va_nosleep="", va_sleeptime="3")
        self.certified().start()
        self.godwit.wait_event("certificate_ordered")
        self.godwit.config["tls"]["acme"]["names"] = [HOST, other]
        self.godwit.write_config()
        self.godwit.control("reload")
        self.wait_obtained(2)
        self.assertEqual([event["names"] for event in self.godwit.events("certificate_obtained")], [HOST, f"{HOST} {other}"])

    def test_a_restart_keeps_account_and_certificate(self):
        self.authority.start()
        self.certified().start()
        self.wait_obtained()
        before, account = self.offered(), (self.folder_of_acme / "account.key").read_bytes()
        self.godwit.restart()
        self.assertEqual(self.offered(), before)
        self.assertIsNotNone(self.wait_until(lambda: self.acme()["next"], "the next order is planned"))
        self.assertEqual(len(self.godwit.events("certificate_ordered")), 1)
        self.godwit.control("tls", "renew")
        self.wait_obtained(2)
        self.assertEqual((self.folder_of_acme / "account.key").read_bytes(), account)
        # The authority has seen one account.
        self.assertEqual(self.authority.count("There are now [0-9]+ accounts in memory"), 1)

    def test_a_crash_in_the_middle_is_gone_on_with(self):
        self.authority.start(va_nosleep="", va_sleeptime="3")
        self.certified().start()
        order = self.folder_of_acme / "order"
        self.wait_until(lambda: order.exists() and order.stat().st_size, "the order is kept")
        key = (self.folder_of_acme / "private_key.pem").read_bytes()
        self.godwit.restart()
        self.wait_obtained()
        self.assertEqual((self.folder_of_acme / "private_key.pem").read_bytes(), key)
        self.assertTrue(self.offered())
        self.assertEqual(self.authority.count("There are now [0-9]+ accounts in memory"), 1)
        # At most one more, where the authority found nobody in between.
        self.assertLessEqual(self.authority.count("There are now [0-9]+ orders in the db"), 2)

    def test_a_stop_in_the_middle_is_gone_on_with_at_once(self):
        self.authority.start(va_nosleep="", va_sleeptime="3")
        self.certified().start()
        order = self.folder_of_acme / "order"
        self.wait_until(lambda: order.exists() and order.stat().st_size, "the order is kept")
        self.assertEqual(self.godwit.stop(timeout=15), 0)
        self.assertEqual(self.godwit.events("certificate_failed"), [])
        self.godwit.start()
        self.wait_obtained()
        self.assertTrue(self.offered())


class ShortLivedCertificate(CertifiedHost):
    authority_settings = {"certificateValidityPeriod": 18}

    def test_is_renewed_by_itself_before_its_end(self):
        self.authority.start()
        self.certified().start()
        self.wait_obtained()
        before = self.offered()
        self.wait_obtained(2)
        self.wait_until(lambda: self.offered() != before, "the new certificate is offered")
        self.assertEqual(self.godwit.events("certificate_ordered")[-1]["reason"], "age")
        self.assertEqual(self.godwit.events("certificate_out_of_date"), [])


if __name__ == "__main__":
    main()
