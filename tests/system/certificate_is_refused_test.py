#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What keeps the daemon from getting a certificate is told with its reason, mail goes on, and the authority is not asked again and again."""

import socket

from support.certificate import Certificate
from support.certified_host import HOST, CertifiedHost
from support.pebble import HTTP_PORT, NAME
from support.scenario import BIN, main
from support.web import HTTPS_PORT, Web


class CertificateIsRefused(CertifiedHost):
    def failure(self):
        failed = self.godwit.wait_event("certificate_failed")
        self.assert_still_works()
        self.assertFalse(self.offers_starttls())
        self.assertEqual(self.acme()["error"], failed["reason"])
        self.assertEqual(self.acme()["next"], failed["next"])
        self.assertIn("failures: 1", self.godwit.control("tls").stdout)
        self.assertEqual(self.godwit.control_json("tls")["acme"]["error"], failed["reason"])
        return failed["reason"]

    def test_a_challenge_that_cannot_be_met(self):
        self.authority.start()
        self.certified(listen=f"{self.net.host(1)}:20081").start()  # where nobody looks
        self.assertRegex(self.failure(), rf"^{HOST} \(http-01\): connection: .*refused")
        self.assertIn("godwit_certificate_order_failures 1", self.godwit.metrics())
        # A restart does not ask again.
        self.godwit.restart()
        self.wait_until(lambda: self.acme()["next"], "the next order is planned")
        self.assertEqual(self.acme()["failures"], 1)
        self.assertEqual(len(self.godwit.events("certificate_ordered")), 1)

    def test_a_changed_configuration_is_tried_at_once(self):
        self.authority.start()
        self.certified(listen=f"{self.net.host(1)}:20081").start()
        self.failure()
        self.godwit.config["tls"]["acme"]["listen"] = f"{self.net.host(1)}:{HTTP_PORT}"
        self.godwit.write_config()
        self.godwit.control("reload")
        self.wait_obtained()
        self.assertTrue(self.offered())
        self.assertIsNone(self.acme()["error"])

    def test_a_port_that_somebody_else_has(self):
        self.authority.start()
        other = socket.create_server((self.net.host(1), HTTP_PORT))
        self.addCleanup(other.close)
        self.certified().start()
        reason = self.failure()
        self.assertIn("already in use", reason)
        self.assertIn("webroot", reason)

    def test_an_authority_that_is_not_there(self):
        self.certified().start()
        self.assertIn("refused", self.failure())

    def test_an_authority_whose_certificate_is_not_trusted(self):
        self.authority.start()
        stranger = Certificate(self, "stranger.example")
        self.certified(ca_file=str(stranger.certificate)).start()
        self.assertIn("certificate verify failed", self.failure())

    def test_an_authority_that_talks_nonsense(self):
        web = Web(self, 40, self.authority.files)  # in its place
        self.certified(directory=f"https://{NAME}:{HTTPS_PORT}/dir")
        pages = [((200, "application/json", "{"), "is no JSON object"),
                 ((200, "application/json", "{}"), 'no usable "newNonce"'),
                 ((200, "application/json", "[" * 300_000), "too long"),
                 ((301, "text/html", "elsewhere"), "HTTP status 301"),
                 ((503, "application/problem+json", '{"detail": "not today"}'), "not today")]
        for number, (page, reason) in enumerate(pages, 1):
            web.pages["/dir"] = page
            if number == 1:
                self.godwit.start()
            else:
                self.godwit.control("tls", "renew")
            self.wait_until(lambda: len(self.godwit.events("certificate_failed")) == number, "it has failed")
            self.assertIn(reason, self.godwit.events("certificate_failed")[-1]["reason"])
        self.assert_still_works()
        self.assertEqual(len(web.requests), len(pages))

    def test_an_order_is_made_only_where_it_is_configured(self):
        self.start()
        done = self.godwit.control("tls", "renew", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("tls.acme", done.stderr)
        self.assertIsNone(self.acme())

    def test_the_terms_must_be_agreed_to(self):
        self.certified(terms_of_service_agreed=False)
        self.godwit.write_config()
        done = self.run_program(BIN / "godwitd", "--config", self.godwit.config_file, "--check", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("terms_of_service_agreed: yes", done.stdout + done.stderr)


if __name__ == "__main__":
    main()
