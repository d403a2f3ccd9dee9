#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TLSRPT (RFC 8460): domains that ask for it hear how TLS with their hosts went, by mail and by HTTPS."""

import email
import email.policy
import gzip
import json

from support.scenario import main
from support.sts_domains import StsDomains, policy_text
from support.web import HTTPS_PORT, Web


class TlsReportsAreSent(StsDomains):
    def setUp(self):
        super().setUp()
        # Whoever reads reports has broken TLS himself, under an enforced policy.
        self.reader = self.mx("reader.example", 10, "mx.reader.example", 50, handshake=False,
                              certificate=self.authority.issue("reader", "mx.reader.example"))
        self.publish("reader.example", policy_text("enforce", "mx.reader.example"))

    def ask_reports(self, domain, uris="mailto:tls@reader.example"):
        self.dns.txt(f"_smtp._tls.{domain}", f"v=TLSRPTv1; rua={uris}")

    def start(self, **config):
        config.setdefault("postmaster", "mod@abc.example")
        return super().start(**config)

    def send_reports(self):
        return self.godwit.control_json("tlsrpt", "send")

    def reports(self, count):
        """The reports the reader has, by domain, each (message, JSON)."""
        result = {}
        for transaction in self.reader.wait(count):
            message = email.message_from_bytes(transaction.content, policy=email.policy.default)
            attachment = list(message.iter_attachments())[-1]
            result[message["TLS-Report-Domain"]] = (message, json.loads(gzip.decompress(attachment.get_content())))
        return result

    def deliver(self, to, event="delivered"):
        identity, _ = self.send(to)
        return self.godwit.wait_event(event, id=identity)

    def test_a_report_by_mail_has_what_the_rfc_asks(self):
        self.mx_with("plain.example", 2)
        self.mx_with("testing.example", 3, days=-1)
        self.publish("testing.example", policy_text("testing", "mx.testing.example"))
        self.mx_with("strict.example", 4, name="mx.other.example")
        self.publish("strict.example", policy_text("enforce", "mx.strict.example"))
        self.mx_with("clear.example", 5, offers=False)
        self.mx_with("broken.example", 6)
        self.publish("broken.example", "nonsense")
        self.mx_with("silent.example", 7)
        for domain in ("plain", "testing", "strict", "clear", "broken"):
            self.ask_reports(f"{domain}.example")
        self.start()
        for domain in ("plain", "testing", "clear", "broken", "silent"):
            self.deliver(f"user@{domain}.example")
        self.deliver("user@strict.example", "deferred")
        self.godwit.control("queue", "hold", "--all")
        self.assertEqual(self.send_reports(), {"reports": 5, "failed": 0})

        found = self.reports(5)
        self.assertEqual(set(found), {f"{name}.example" for name in ("plain", "testing", "strict", "clear", "broken")})
        message, report = found["testing.example"]
        self.assertEqual(message.get_content_type(), "multipart/report")
        self.assertEqual(message.get_param("report-type"), "tlsrpt")
        self.assertEqual(message["TLS-Report-Submitter"], "mail.abc.example")
        self.assertEqual(message["TLS-Required"], "No")
        self.assertEqual(message["From"], "mod@abc.example")
        self.assertRegex(message["Subject"], "^Report Domain: testing.example Submitter: mail.abc.example Report-ID: <.*>$")
        parts = list(message.iter_parts())
        self.assertEqual([part.get_content_type() for part in parts], ["text/plain", "application/tlsrpt+gzip"])
        self.assertRegex(parts[1].get_filename(), r"^mail\.abc\.example!testing\.example!\d+!\d+!.*\.json\.gz$")
        self.assertEqual(report["organization-name"], "mail.abc.example")
        self.assertEqual(report["contact-info"], "mod@abc.example")
        self.assertRegex(report["date-range"]["start-datetime"], r"^\d{4}-\d\d-\d\dT00:00:00Z$")

        expected = {
            "plain": ("no-policy-found", 1, None),
            "testing": ("sts", 0, "certificate-expired"),
            "strict": ("sts", 0, "certificate-host-mismatch"),
            "clear": ("no-policy-found", 0, "starttls-not-supported"),
            "broken": ("sts", 0, "sts-policy-invalid"),
        }
        for label, (kind, good, failure) in expected.items():
            with self.subTest(label):
                (policy,) = found[f"{label}.example"][1]["policies"]
                self.assertEqual(policy["policy"]["policy-type"], kind)
                self.assertEqual(policy["policy"]["policy-domain"], f"{label}.example")
                self.assertEqual(policy["summary"]["total-successful-session-count"], good)
                details = policy.get("failure-details", [])
                self.assertEqual({detail["result-type"] for detail in details}, {failure} if failure else set())
                self.assertEqual(policy["summary"]["total-failure-session-count"] > 0, bool(failure))
                for detail in details:
                    self.assertEqual(detail["receiving-mx-hostname"], f"mx.{label}.example")
        self.assertEqual(found["strict.example"][1]["policies"][0]["policy"]["policy-string"],
                         ["version: STSv1", "mode: enforce", "mx: mx.strict.example", "max_age: 86400"])
        self.assertEqual(found["strict.example"][1]["policies"][0]["policy"]["mx-host"], ["mx.strict.example"])

        # Sessions that carried reports count in none.
        self.ask_reports("reader.example")
        self.dns.change()
        self.assertEqual(self.send_reports(), {"reports": 0, "failed": 0})

    def test_a_report_is_posted_too(self):
        self.mx_with("a.example", 2)
        web = Web(self, 60, self.authority.issue("web", "reports.a.example"))
        web.pages["/v1/tls"] = (201, "text/plain", "")
        self.dns.host("reports.a.example", web.address)
        self.ask_reports("a.example", f"https://reports.a.example:{HTTPS_PORT}/v1/tls")
        self.start()
        self.deliver("user@a.example")
        self.assertEqual(self.send_reports(), {"reports": 1, "failed": 0})
        ((method, path, headers, body),) = web.requests
        self.assertEqual((method, path, headers["Content-Type"]), ("POST", "/v1/tls", "application/tlsrpt+gzip"))
        report = json.loads(gzip.decompress(body))
        self.assertEqual(report["policies"][0]["summary"]["total-successful-session-count"], 1)

    def test_counts_survive_a_restart_and_a_failed_post_is_tried_again(self):
        self.mx_with("a.example", 2)
        web = Web(self, 60, self.authority.issue("web", "reports.a.example"))
        self.dns.host("reports.a.example", web.address)
        self.ask_reports("a.example", f"https://reports.a.example:{HTTPS_PORT}/v1/tls")
        self.start()
        self.deliver("user@a.example")
        self.assertEqual(self.send_reports(), {"reports": 0, "failed": 1})
        self.godwit.stop()
        self.godwit.start()
        web.pages["/v1/tls"] = (200, "text/plain", "")
        self.assertEqual(self.send_reports(), {"reports": 1, "failed": 0})
        self.assertEqual(self.send_reports(), {"reports": 0, "failed": 0})

    def test_switched_off_nothing_is_counted(self):
        self.mx_with("a.example", 2)
        self.ask_reports("a.example")
        self.start(tlsrpt={"enabled": False})
        self.deliver("user@a.example")
        self.assertEqual(self.send_reports(), {"reports": 0, "failed": 0})


if __name__ == "__main__":
    main()
