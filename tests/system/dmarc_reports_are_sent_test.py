#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""DMARC aggregate reports (RFC 9990): domains that ask for it hear what mail came in their name, and nobody else does."""

import base64
import email
import email.policy
import gzip
import os
import subprocess
from pathlib import Path
from xml.etree import ElementTree

from support.dialogue import Dialogue
from support.scenario import main
from support.sending_host import SendingHost

SCHEMA = Path(__file__).parent.parent / "support/dmarc/rfc9990.xsd"
SPACE = "{urn:ietf:params:xml:ns:dmarc-2.0}"
VERIFY = """
import sys, dkim
print(dkim.verify(sys.stdin.buffer.read(), dnsfunc=lambda name, timeout=5: sys.argv[1].encode()))
"""


def content(author, extra=""):
    return (f"{extra}From: Mod <{author}>\r\nTo: mod@abc.example\r\nSubject: Hello\r\n"
            f"Date: Mon, 02 Nov 2026 08:00:00 +0000\r\nMessage-ID: <1@{author.split('@')[1]}>\r\n\r\nHello\r\n").encode()


class DmarcReportsAreSent(SendingHost):
    def setUp(self):
        super().setUp()
        self.reader = self.mx("reader.example", 10, "mx.reader.example", 50)
        self.mx("bank.example", 10, "mx.bank.example", 51)
        self.dns.txt("good.example", "v=spf1 ip4:127.0.0.0/8 -all")
        self.dns.txt("_dmarc.good.example", "v=DMARC1; p=reject; sp=quarantine; rua=mailto:dmarc@reader.example")
        self.dns.txt("good.example._report._dmarc.reader.example", "v=DMARC1;")
        self.dns.txt("_dmarc.reader.example", "v=DMARC1; p=none; rua=mailto:own@reader.example!1m")

    def start(self, **config):
        key = self.folder / "dkim.pem"
        if not key.exists():
            subprocess.run(["openssl", "genrsa", "-traditional", "-out", key, "2048"], check=True, capture_output=True)
            os.chmod(key, 0o600)
        public = subprocess.run(["openssl", "rsa", "-in", key, "-pubout", "-outform", "DER"], check=True,
                                capture_output=True).stdout
        self.record = "v=DKIM1; p=" + base64.b64encode(public).decode()
        config.setdefault("dmarc_reports", {"enabled": True})
        config.setdefault("trusted_networks", ["192.0.2.0/24"])
        return super().start(postmaster="mod@abc.example", verification={"dmarc": "apply"},
                             dkim={"keys": [{"domain": "abc.example", "selector": "s1", "private_key": str(key)}]}, **config)

    def deliver(self, sender, author, expect="250", times=1, client=2):
        with Dialogue(self.godwit.address, source=self.net.host(client)) as client:
            for _ in range(times):
                client.envelope(sender, "mod@abc.example")
                client.data(content(author), expect)

    def send_reports(self):
        return self.godwit.control_json("dmarc", "send")

    def report_in(self, transaction):
        """(message, root element) of one that arrived; it fits the schema of the RFC."""
        message = email.message_from_bytes(transaction.content, policy=email.policy.default)
        (attachment,) = message.iter_attachments()
        self.assertEqual(attachment.get_content_type(), "application/gzip")
        xml = gzip.decompress(attachment.get_content())
        path = self.folder / "report.xml"
        path.write_bytes(xml)
        checked = subprocess.run(["xmllint", "--noout", "--schema", SCHEMA, path], capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        return message, ElementTree.fromstring(xml)

    @staticmethod
    def text(root, path):
        return root.findtext("/".join(SPACE + name for name in path.split("/")))

    def rows(self, root):
        """(count, disposition, dkim, spf, From) of each, sorted."""
        evaluated = "row/policy_evaluated/"
        return sorted((int(self.text(record, "row/count")), self.text(record, evaluated + "disposition"),
                       self.text(record, evaluated + "dkim"), self.text(record, evaluated + "spf"),
                       self.text(record, "identifiers/header_from")) for record in root.iter(SPACE + "record"))

    def test_a_report_tells_what_came(self):
        self.start()
        self.deliver("mod@good.example", "mod@good.example", times=3)
        self.deliver("mod@other.example", "ceo@good.example", "550", times=2)
        self.deliver("mod@other.example", "ceo@sub.good.example")
        self.deliver("mod@other.example", "ceo@silent.example")
        waiting = self.godwit.control_json("dmarc", "reports")["reports"]
        self.assertEqual([(one["domain"], one["messages"], one["rows"]) for one in waiting], [("good.example", 6, 3)])
        self.assertIn("good.example", self.godwit.control("dmarc", "reports").stdout)
        self.assertEqual(self.send_reports(), {"reports": 1, "failed": 0})
        (transaction,) = self.reader.wait(1)
        self.assertEqual((transaction.sender, transaction.recipients), ("", ["dmarc@reader.example"]))
        message, root = self.report_in(transaction)
        self.assertEqual(self.rows(root), [(1, "quarantine", "fail", "fail", "sub.good.example"),
                                           (2, "reject", "fail", "fail", "good.example"),
                                           (3, "pass", "fail", "pass", "good.example")])
        self.assertEqual(self.text(root, "report_metadata/org_name"), "mail.abc.example")
        self.assertEqual(self.text(root, "policy_published/domain"), "good.example")
        self.assertEqual(self.text(root, "policy_published/p"), "reject")
        self.assertEqual(self.text(root, "policy_published/sp"), "quarantine")
        self.assertEqual(self.text(root, "policy_published/discovery_method"), "treewalk")
        for record in root.iter(SPACE + "record"):
            self.assertEqual(self.text(record, "row/source_ip"), self.net.host(2))
        self.assertEqual(message["From"], "mod@abc.example")
        identity = self.text(root, "report_metadata/report_id")
        self.assertEqual(message["Message-ID"], f"<{identity}>")
        self.assertEqual(message["Subject"],
                         f"Report Domain: good.example Submitter: mail.abc.example Report-ID: <{identity}>")
        (attachment,) = message.iter_attachments()
        self.assertRegex(attachment.get_filename(), r"^mail\.abc\.example!good\.example!\d+!\d+!\d+\.xml\.gz$")
        signed = transaction.content[transaction.content.index(b"DKIM-Signature"):]
        verified = subprocess.run(["/usr/bin/python3", "-c", VERIFY, self.record], input=signed, check=True,
                                  capture_output=True).stdout
        self.assertEqual(verified.strip(), b"True")
        # All was told; what comes now is another report.
        self.assertEqual(self.send_reports(), {"reports": 0, "failed": 0})
        self.deliver("mod@good.example", "mod@good.example")
        self.assertEqual(self.send_reports(), {"reports": 1, "failed": 0})
        _, second = self.report_in(self.reader.wait(2)[1])
        self.assertEqual(self.rows(second), [(1, "pass", "fail", "pass", "good.example")])
        self.assertNotEqual(self.text(second, "report_metadata/report_id"), identity)

    def test_nobody_gets_what_he_did_not_ask_for(self):
        self.dns.txt("spf.example", "v=spf1 ip4:127.0.0.0/8 -all")
        victim = "v=DMARC1; p=none; rua=mailto:victim@bank.example"
        self.dns.txt("_dmarc.mallory.example", victim)
        # It consents to one domain, not to another, and not by naming a third.
        self.dns.txt("other.example._report._dmarc.bank.example", "v=DMARC1")
        self.dns.txt("_dmarc.tricky.example", "v=DMARC1; p=none; rua=mailto:dmarc@reader.example")
        self.dns.txt("tricky.example._report._dmarc.reader.example", victim.replace(" p=none;", ""))
        self.start()
        for domain in ("mallory.example", "tricky.example", "reader.example"):
            self.deliver("mod@spf.example", f"mod@{domain}")
        self.assertEqual(self.send_reports(), {"reports": 1, "failed": 0})
        (transaction,) = self.reader.wait(1)
        self.assertEqual(transaction.recipients, ["own@reader.example"])
        self.assertEqual({event["domain"] for event in self.godwit.events("dmarc_report_refused")},
                         {"mallory.example", "tricky.example"})
        self.godwit.wait_empty_queue()
        self.assertEqual(self.peers["mx.bank.example"].transactions, [])

    def test_a_report_too_large_for_its_address_is_not_sent(self):
        self.dns.txt("_dmarc.small.example", "v=DMARC1; p=none; rua=mailto:x@small.example!100")
        self.mx("small.example", 10, "mx.small.example", 52)
        self.start()
        self.deliver("mod@small.example", "mod@small.example")
        self.assertEqual(self.send_reports(), {"reports": 0, "failed": 0})
        self.assertIn("100 may be sent there", self.godwit.wait_event("dmarc_report_failed")["reason"])

    def test_neither_a_restart_nor_a_crash_repeats_or_forgets(self):
        self.start(dmarc_reports={"enabled": True, "sender": "bounces@abc.example", "organization": "Some & Sons"})
        self.deliver("mod@good.example", "mod@good.example")
        self.godwit.stop()
        self.godwit.start()
        self.deliver("mod@good.example", "mod@good.example")
        self.godwit.control("dmarc", "reports")  # now it is on the disk
        self.godwit.restart()
        self.assertEqual(self.send_reports(), {"reports": 1, "failed": 0})
        self.godwit.restart()
        self.assertEqual(self.send_reports(), {"reports": 0, "failed": 0})
        (transaction,) = self.reader.wait(1)
        self.assertEqual(transaction.sender, "bounces@abc.example")
        _, root = self.report_in(transaction)
        self.assertEqual(self.rows(root), [(2, "pass", "fail", "pass", "good.example")])
        self.assertEqual(self.text(root, "report_metadata/org_name"), "Some & Sons")
        self.godwit.wait_empty_queue()
        self.assertEqual(len(self.reader.transactions), 1)

    def test_what_cannot_be_asked_now_is_kept(self):
        self.start()
        self.deliver("mod@good.example", "mod@good.example")
        self.dns.stop()
        self.godwit.control("dns", "flush")
        self.assertEqual(self.send_reports(), {"reports": 0, "failed": 1})
        self.dns.start()
        self.assertEqual(self.send_reports(), {"reports": 1, "failed": 0})
        self.reader.wait(1)

    def test_switched_off_nothing_is_counted(self):
        self.start(dmarc_reports={})
        self.deliver("mod@good.example", "mod@good.example")
        self.assertEqual(self.godwit.control_json("dmarc", "reports"), {"reports": []})
        self.assertEqual(self.godwit.control("dmarc", "send", check=False).returncode, 1)


if __name__ == "__main__":
    main()
