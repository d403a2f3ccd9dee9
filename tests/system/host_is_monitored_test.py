#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prometheus can read what the daemon counts, and the rules and the dashboard of docs/monitoring ask for nothing else."""

import json
import pathlib
import re

from support.certificate import Certificate
from support.programs import prometheus_program
from support.receiving_host import SENDER, ReceivingHost
from support.scenario import main

MONITORING = pathlib.Path(__file__).parents[2] / "docs" / "monitoring"
SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$")
# Of expressions: what is no name of a metric, but for those that Prometheus makes itself.
NAME = re.compile(r"\b(?:godwit|process)_[a-z_]+\b")


def samples(text):
    """(name, labels) → value."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, labels, value = SAMPLE.match(line).groups()
            found[name, frozenset(re.findall(r'([a-z]+)="([^"]*)"', labels or ""))] = float(value)
    return found


def value(text, name, **labels):
    return samples(text).get((name, frozenset(labels.items())), 0)


class HostIsMonitored(ReceivingHost):
    def deliver_one(self):
        _, content = self.send()
        self.godwit.wait_event("delivered")
        self.godwit.wait_empty_queue()
        return content

    def test_metrics_are_as_prometheus_wants_them(self):
        certificate = Certificate(self, "mail.xyz.example")
        self.start(certificate=certificate)
        self.deliver_one()
        self.run_program(prometheus_program(self, "promtool"), "check", "metrics", input=self.godwit.metrics())

    def test_every_message_counts(self):
        self.start()
        before = self.godwit.metrics()
        self.assertEqual(value(before, "godwit_messages_accepted_total"), 0)
        content = self.deliver_one()
        after = self.godwit.metrics()
        self.assertEqual(value(after, "godwit_messages_accepted_total"), 1)
        self.assertEqual(value(after, "godwit_recipients_accepted_total"), 1)
        self.assertGreaterEqual(value(after, "godwit_bytes_accepted_total"), len(content))
        self.assertEqual(value(after, "godwit_recipients_total", outcome="delivered", **{"class": "none"}), 1)
        self.assertEqual(value(after, "godwit_accept_seconds_count"), 1)
        self.assertGreater(value(after, "godwit_accept_seconds_sum"), 0)
        self.assertEqual(value(after, "godwit_commit_seconds_count"), 1)
        self.assertGreaterEqual(value(after, "godwit_commit_group_records_count"), 1)
        self.assertEqual(value(after, "godwit_delivery_delay_seconds_count"), 1)
        self.assertGreaterEqual(value(after, "godwit_bytes_delivered_total"), len(content))
        self.assertEqual(value(after, "godwit_healthy"), 1)
        self.assertGreater(value(after, "process_resident_memory_bytes"), 1 << 20)

    def test_refusals_count_by_stage(self):
        self.start()
        client = self.connect()
        client.say("EHLO client.abc.example", "250")
        client.say(f"MAIL FROM:<{SENDER}>", "250")
        client.say("RCPT TO:<nobody@xyz.example>", "550")
        self.assertEqual(value(self.godwit.metrics(), "godwit_rejections_total", stage="rcpt", kind="permanent"), 1)

    def test_certificate_says_when_it_expires(self):
        certificate = Certificate(self, "mail.xyz.example")
        self.start(certificate=certificate)
        labels = {"file": str(certificate.certificate)}
        self.assertGreater(value(self.godwit.metrics(), "godwit_certificate_expires_timestamp_seconds", **labels), 1e9)

    def test_rules_are_valid(self):
        self.run_program(prometheus_program(self, "promtool"), "check", "rules", MONITORING / "rules.yml")

    def test_rules_and_dashboard_name_metrics_that_there_are(self):
        certificate = Certificate(self, "mail.xyz.example")
        self.start(certificate=certificate)
        self.deliver_one()
        there = {name for name, _ in samples(self.godwit.metrics())}
        board = json.loads((MONITORING / "dashboard.json").read_text())
        asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
        asked += [variable["query"]["query"] for variable in board["templating"]["list"] if variable["type"] == "query"]
        rules = re.sub(r"(?m)^ *(?:#|summary|description).*$", "", (MONITORING / "rules.yml").read_text())
        for text in (rules, *asked):
            self.assertEqual(set(NAME.findall(text)) - there, set(), text)


if __name__ == "__main__":
    main()
