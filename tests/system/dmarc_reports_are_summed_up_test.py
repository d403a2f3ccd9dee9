#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""DMARC aggregate reports that others send to an address of ours are read and summed up, whatever they are made of."""

import gzip
import io
import time
import zipfile
from email.message import EmailMessage

from support.receiving_host import ReceivingHost
from support.scenario import main

ADDRESS = "dmarc@xyz.example"


def report(rows, identity="1", domain="xyz.example", organization="Acme"):
    """XML as most write it today; rows: (source, count, disposition, dkim, spf)."""
    now = int(time.time())
    records = "".join(
        f"<record><row><source_ip>{source}</source_ip><count>{count}</count><policy_evaluated><disposition>{disposition}"
        f"</disposition><dkim>{dkim}</dkim><spf>{spf}</spf></policy_evaluated></row><identifiers><header_from>{domain}"
        f"</header_from></identifiers><auth_results/></record>" for source, count, disposition, dkim, spf in rows)
    return (f"<?xml version='1.0'?><feedback><report_metadata><org_name>{organization}</org_name><email>x@acme.example</email>"
            f"<report_id>{identity}</report_id><date_range><begin>{now - 86400}</begin><end>{now}</end></date_range>"
            f"</report_metadata><policy_published><domain>{domain}</domain><p>none</p></policy_published>{records}"
            "</feedback>").encode()


def mail(attachment, subtype):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "x@acme.example", ADDRESS, "Report domain: xyz.example"
    message["Date"] = "Mon, 02 Nov 2026 08:00:00 +0000"
    message.set_content("A report.")
    message.add_attachment(attachment, maintype="application", subtype=subtype, filename="a.xml")
    return message.as_bytes().replace(b"\n", b"\r\n")


def zipped(data):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", data)
    return file.getvalue()


class DmarcReportsAreSummedUp(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.start(domains={"xyz.example": ["somchai", "dmarc"]}, dmarc_reports={"addresses": ["DMARC@xyz.example"]})

    def report(self, attachment, subtype="gzip"):
        identity, _ = self.send(ADDRESS, mail(attachment, subtype))
        return identity

    def summary(self, *words):
        return self.godwit.control_json("dmarc", "summary", *words)["domains"]

    def test_reports_of_every_form_are_summed_up(self):
        for number, (data, subtype) in enumerate([
                (gzip.compress(report([("192.0.2.1", 5, "none", "pass", "fail")], "1")), "gzip"),
                (zipped(report([("192.0.2.1", 2, "none", "pass", "pass")], "2")), "zip"),
                (report([("192.0.2.9", 3, "reject", "fail", "fail")], "3"), "xml"),
                (gzip.compress(report([("192.0.2.1", 1, "none", "fail", "pass")], domain="sub.xyz.example")), "octet-stream")]):
            identity = self.report(data, subtype)
            self.godwit.wait_event("dmarc_report_received", id=identity)
            self.assertEqual(self.godwit.mailbox(ADDRESS).wait(number + 1)[-1].path.is_file(), True)
        domains = {one["domain"]: one for one in self.summary()}
        self.assertEqual(set(domains), {"xyz.example", "sub.xyz.example"})
        (one,) = self.summary("--domain", "xyz.example")
        self.assertEqual({name: one[name] for name in ("messages", "passed", "dkim", "spf", "rejected", "reports")},
                         {"messages": 10, "passed": 7, "dkim": 7, "spf": 2, "rejected": 3, "reports": 3})
        self.assertEqual([source["address"] for source in one["sources"]], ["192.0.2.9", "192.0.2.1"])
        self.assertEqual(one["organizations"], ["Acme"])
        text = self.godwit.control("dmarc", "summary", "--domain", "xyz.example").stdout
        self.assertIn("192.0.2.9", text)
        self.assertIn("Reported by Acme", text)
        self.assertEqual(self.summary("--domain", "nobody.example"), [])
        self.godwit.restart()
        self.assertEqual(len(self.summary()), 2)

    def test_one_that_comes_twice_counts_once(self):
        data = gzip.compress(report([("192.0.2.1", 5, "none", "pass", "fail")]))
        self.godwit.wait_event("dmarc_report_received", id=self.report(data))
        again = self.godwit.wait_event("dmarc_report_unread", id=self.report(data))
        self.assertIn("came before", again["reason"])
        self.assertEqual(self.summary()[0]["messages"], 5)

    def test_reports_about_domains_of_others_are_not_taken(self):
        rows = [("192.0.2.1", 5, "none", "pass", "fail")]
        for domain in ("other.example", "notxyz.example"):
            unread = self.godwit.wait_event("dmarc_report_unread", id=self.report(gzip.compress(report(rows, domain=domain))))
            self.assertIn("a domain of others", unread["reason"])
        self.godwit.wait_event("dmarc_report_received", id=self.report(gzip.compress(report(rows, domain="example"))))
        self.assertEqual([one["domain"] for one in self.summary()], ["example"])

    def test_bombs_and_rubbish_are_delivered_unread(self):
        entities = b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + b"".join(
            b"<!ENTITY %c '%s'>" % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(12)) + b"]><feedback>&m;</feedback>"
        for data, subtype, why in [
                (gzip.compress(b" " * 100_000_000), "gzip", "unpacks to more than"),
                (zipped(b" " * 100_000_000), "zip", "unpacks to more than"),
                (gzip.compress(entities), "gzip", "document type"),
                (b"<a>" * 200_000, "xml", "too deep"),
                (gzip.compress(report([("192.0.2.1", 5, "none", "pass", "fail")]))[:-20], "gzip", "cut off"),
                (b"PK\x03\x04", "zip", "damaged"),
                (b"\xff" * 1000, "xml", "well-formed")]:
            with self.subTest(why):
                unread = self.godwit.wait_event("dmarc_report_unread", id=self.report(data, subtype))
                self.assertIn(why, unread["reason"])
        self.assertEqual(self.summary(), [])
        self.assertTrue(self.godwit.alive())
        self.assertEqual(len(self.godwit.mailbox(ADDRESS).wait(7)), 7)

    def test_other_mail_is_not_looked_at(self):
        self.send("somchai@xyz.example", mail(gzip.compress(report([("192.0.2.1", 5, "none", "pass", "fail")])), "gzip"))
        self.godwit.mailbox("somchai@xyz.example").wait(1)
        self.assertEqual(self.godwit.events("dmarc_report_received"), [])


if __name__ == "__main__":
    main()
