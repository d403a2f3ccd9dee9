#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real Prometheus scrapes a host with a token, raises the alerts of docs/monitoring when and only when there is something to raise, and
has an answer to each question of the dashboard."""

import json
import pathlib
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import yaml

from support.certificate import Certificate
from support.programs import prometheus_program
from support.receiving_host import ReceivingHost
from support.scenario import MX_PORT, kill_after, main

MONITORING = pathlib.Path(__file__).parents[2] / "docs" / "monitoring"
RULES = MONITORING / "rules.yml"
HTTP_PORT, PROMETHEUS_PORT = 20825, 20826
TOKEN = "prometheus-0123456789abcdef"

# What raises each alert: values a minute apart, and when it is raised.
TROUBLES = {
    "GodwitDown": ("5m", {'up{job="godwit"}': "0x10"}),
    "GodwitSpoolFailed": ("1m", {"godwit_healthy": "0x10"}),
    "GodwitRestarts": ("10m", {'process_start_time_seconds{job="godwit"}': "1 2 3 4x20"}),
    "GodwitSpoolDamaged": ("10m", {"godwit_spool_quarantined_total": "0 1x20"}),
    "GodwitQueueForgot": ("10m", {"godwit_queue_audit_errors_total": "0 1x20"}),
    "GodwitQueueGrows": ("65m", {"godwit_queue_messages": "1000+100x70"}),
    "GodwitDestinationDown": ("35m", {"godwit_destinations_down": "11x40"}),
    "GodwitBounces": ("60m", {'godwit_recipients_total{outcome="bounced",class="bad_mailbox"}': "0+2x70",
                              'godwit_recipients_total{outcome="delivered",class="none"}': "0+3x70"}),
    "GodwitReputation": ("50m", {'godwit_recipients_total{outcome="deferred",class="reputation"}': "0+1x60"}),
    "GodwitSlowAccept": ("30m", {'godwit_accept_seconds_bucket{le="1"}': "0x40", 'godwit_accept_seconds_bucket{le="10"}': "0+10x40",
                                 'godwit_accept_seconds_bucket{le="+Inf"}': "0+10x40"}),
    "GodwitGuessing": ("15m", {'godwit_events_total{event="login_failed"}': "0+50x20"}),
    "GodwitAccountStopped": ("1m", {"godwit_accounts_stopped": "1x10"}),
    "GodwitCertificateExpires": ("1m", {'godwit_certificate_expires_timestamp_seconds{file="/c.pem"}': "86400x10"}),
    "GodwitCertificateUnusable": ("10m", {'godwit_certificate_unusable{file="/c.pem"}': "1x20"}),
    "GodwitCertificateNotRenewed": ("25h", {"godwit_certificate_order_failures": "1x1600"}),
    "GodwitHistoryLost": ("10m", {"godwit_history_lost_total": "0+1x20"}),
    "GodwitDescriptors": ("10m", {'process_open_fds{job="godwit"}': "95x20", 'process_max_fds{job="godwit"}': "100x20"}),
}
# A busy host on which nothing is wrong.
PEACE = {
    'up{job="godwit"}': "1x1600", "godwit_healthy": "1x1600", 'process_start_time_seconds{job="godwit"}': "1x1600",
    "godwit_spool_quarantined_total": "3x1600", "godwit_queue_audit_errors_total": "0x1600", "godwit_queue_messages": "900x1600",
    "godwit_destinations_down": "4x1600", 'godwit_recipients_total{outcome="bounced",class="bad_mailbox"}': "0+1x1600",
    'godwit_recipients_total{outcome="delivered",class="none"}': "0+100x1600",
    'godwit_accept_seconds_bucket{le="1"}': "0+100x1600", 'godwit_accept_seconds_bucket{le="+Inf"}': "0+100x1600",
    'godwit_events_total{event="login_failed"}': "0+2x1600", "godwit_accounts_stopped": "0x1600",
    'godwit_certificate_expires_timestamp_seconds{file="/c.pem"}': "7776000x1600", 'godwit_certificate_unusable{file="/c.pem"}': "0x1600",
    "godwit_certificate_order_failures": "0x1600", "godwit_history_lost_total": "0x1600",
    'process_open_fds{job="godwit"}': "95x1600", 'process_max_fds{job="godwit"}': "65536x1600",
}


def rules():
    return yaml.safe_load(RULES.read_text())["groups"][0]["rules"]


class PrometheusWatches(ReceivingHost):
    def serve(self):
        token = self.folder / "prometheus.token"
        token.write_text(TOKEN + "\n")
        token.chmod(0o600)
        address = self.net.host(1)
        self.start(certificate=Certificate(self, "mail.xyz.example", days=3),
                   routes=[{"domains": ["down.example"], "next_hop": f"[{self.net.host(9)}]:{MX_PORT}"}],
                   control={"http": f"{address}:{HTTP_PORT}", "tokens": [{"file": str(token)}]})
        config = self.folder / "prometheus.yml"
        config.write_text(json.dumps({
            "global": {"scrape_interval": "250ms", "scrape_timeout": "250ms", "evaluation_interval": "250ms"}, "rule_files": [str(RULES)],
            "scrape_configs": [{"job_name": "godwit", "static_configs": [{"targets": [f"{address}:{HTTP_PORT}"]}],
                                "authorization": {"credentials_file": str(token)}}]}))
        self.prometheus = f"http://{address}:{PROMETHEUS_PORT}/api/v1/"
        with open(self.folder / "prometheus.log", "ab") as log:
            kill_after(self, subprocess.Popen(
                [prometheus_program(self, "prometheus"), f"--config.file={config}", f"--storage.tsdb.path={self.folder / 'prometheus'}",
                 f"--web.listen-address={address}:{PROMETHEUS_PORT}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log), "prometheus")
        self.wait_until(lambda: self.value("up") == 1, "Prometheus has looked at the host", timeout=60)

    def asked(self, what, **query):
        try:
            with urllib.request.urlopen(self.prometheus + what + "?" + urllib.parse.urlencode(query), timeout=20) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:
                return {}  # it is not ready yet
            self.fail(f"{query}: {error.read().decode()}")
        except urllib.error.URLError:
            return {}  # nor does it listen

    def result(self, question):
        return self.asked("query", query=question).get("result", [])

    def value(self, question):
        found = self.result(question)
        return float(found[0]["value"][1]) if found else None

    def alerts(self):
        return {one["labels"]["alertname"]: one["state"] for one in self.asked("alerts")["alerts"]}

    def test_a_host_is_watched(self):
        self.serve()
        self.send()
        self.wait_until(lambda: self.value("godwit_messages_accepted_total") == 1, "it has counted the message")
        # Its certificate is of three days, and nothing else is wrong with it.
        self.wait_until(lambda: self.alerts() == {"GodwitCertificateExpires": "firing"}, "the alert is raised")
        (alert,) = self.asked("alerts")["alerts"]
        self.assertRegex(alert["annotations"]["summary"], rf"^{self.net.host(1)}:{HTTP_PORT}: /\S+\.pem expires in 2d 2\dh")
        faults = [(one["name"], one["lastError"]) for group in self.asked("rules")["groups"] for one in group["rules"] if one["health"] != "ok"]
        self.assertEqual(faults, [])
        self.godwit.stop()
        self.wait_until(lambda: self.alerts().get("GodwitDown") == "pending", "its silence is noticed")

    def test_each_question_of_the_dashboard_has_an_answer(self):
        self.serve()
        self.send()
        self.send("bob@down.example")
        for event in "delivered", "deferred":
            self.godwit.wait_event(event)
        board = json.loads((MONITORING / "dashboard.json").read_text())
        questions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
        self.assertGreater(len(questions), 10)
        for question in questions:
            with self.subTest(question):
                # As Grafana puts its variables in; two looks are needed for a rate.
                put = question.replace("$__rate_interval", "1m").replace("$instance", ".*")
                self.assertNotIn("$", put)
                self.wait_until(lambda: self.result(put), f"an answer to {put}")

    def test_each_alert_is_raised_by_its_trouble_and_by_no_other(self):
        self.assertEqual({*TROUBLES}, {rule["alert"] for rule in rules()})

        def raised(name):
            return f'count(ALERTS{{alertname="{name}",alertstate="firing"}})'

        cases = [{"interval": "1m", "input_series": [{"series": series, "values": values} for series, values in trouble.items()],
                  "promql_expr_test": [{"expr": raised(other), "eval_time": time, "exp_samples": [{"labels": "{}", "value": 1}] if other == name else []}
                                       for other in TROUBLES]}
                 for name, (time, trouble) in TROUBLES.items()]
        cases.append({"interval": "1m", "input_series": [{"series": series, "values": values} for series, values in PEACE.items()],
                      "promql_expr_test": [{"expr": raised(name), "eval_time": "26h", "exp_samples": []} for name in TROUBLES]})
        path = self.folder / "alerts_test.yml"
        path.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": cases}))
        self.run_program(prometheus_program(self, "promtool"), "test", "rules", path)


if __name__ == "__main__":
    main()
