#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What another configuration would have made of the mail that came: `godwitctl config test-replay`, and reloads that ask it."""

import json
import signal

from support.message import large_body, message
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import main

OTHER, FAR, NOBODY = "ann@second.example", "bob@far.example", "nobody@xyz.example"


class ConfigurationIsReplayed(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.start(domains={"xyz.example": ["somchai", "malee"], "second.example": ["ann"]},
                   routes=[{"domains": ["far.example"], "next_hop": "[127.0.0.9]:9", "hold": True}])
        self.sent = {}

    def record(self):
        """Four messages that are accepted, the last one large, and a recipient that is refused."""
        for recipient in (TO, OTHER, FAR):
            self.sent[recipient], _ = self.send(recipient)
        self.sent["large"], _ = self.send(TO, message("large", body=large_body(40_000)))
        with self.connect() as client:
            client.say("EHLO client.example", "250")
            client.say(f"MAIL FROM:<{SENDER}>", "250")
            client.say(f"RCPT TO:<{NOBODY}>", "550")

    def draft(self, change):
        """The daemon's configuration with a change, in a file of its own."""
        config = json.loads(json.dumps(self.godwit.config))
        change(config)
        path = self.folder / "draft.yaml"
        path.write_text(json.dumps(config))
        return path

    def replay(self, change=None, *words):
        named = ["--config", self.draft(change)] if change else []
        return self.godwit.control_json("config", "test-replay", *named, *words)

    @staticmethod
    def groups(report, kind):
        return [(group["recipients"], group["before"], group["after"]) for group in report["changes"][kind]["groups"]]

    def assert_only(self, report, **envelopes):
        self.assertEqual({kind: one["envelopes"] for kind, one in report["changes"].items() if one["envelopes"]}, envelopes)

    # ---- what differs ---------------------------------------------------------------------------------------------

    def test_the_same_configuration_changes_nothing(self):
        self.record()
        report = self.replay()
        self.assertEqual((report["accepted"], report["refused"], report["unchanged"], report["unreadable"]), (4, 1, 5, 0))
        self.assert_only(report)
        text = self.godwit.control("config", "test-replay").stdout
        self.assertIn("4 envelopes that were accepted, 1 that were refused", text)
        self.assertIn("Not replayed: DNS", text)

    def test_a_domain_is_dropped(self):
        self.record()
        report = self.replay(lambda config: config["domains"].pop("second.example"))
        # The tests' clients are in trusted_networks: what is no domain of ours any more is relayed.
        self.assert_only(report, route=1)
        ((recipients, before, after),) = self.groups(report, "route")
        self.assertEqual((recipients, after), (1, "mx"))
        self.assertTrue(before.startswith("maildir:"), before)

        def change(config):
            config["domains"].pop("second.example")
            config["trusted_networks"] = []

        report = self.replay(change)
        self.assert_only(report, newly_rejected=2)
        self.assertEqual(self.groups(report, "newly_rejected"), [(2, "accepted", "relaying: 554 5.7.1")])
        examples = {example["to"]: example for example in report["changes"]["newly_rejected"]["groups"][0]["examples"]}
        self.assertEqual(examples.keys(), {f"<{OTHER}>", f"<{FAR}>"})
        self.assertEqual(examples[f"<{OTHER}>"]["id"], self.sent[OTHER])
        self.assertEqual(examples[f"<{OTHER}>"]["from"], f"<{SENDER}>")
        self.assertIn("Relay access denied", examples[f"<{OTHER}>"]["after"])
        self.assertEqual(report["newly_rejected_percent"], 50)

    def test_recipients_routes_tls_holds_and_sizes(self):
        self.record()
        usual = "at most 20 connections, 100 messages a connection"
        cases = [
            (lambda config: config["domains"]["xyz.example"].update(recipients=["malee"]),
             {"newly_rejected": 2}, "newly_rejected", [(2, "accepted", "domains.xyz.example: 550 5.1.1")]),
            (lambda config: config["domains"]["xyz.example"].update(recipients=["somchai", "nobody"]),
             {"newly_accepted": 1}, "newly_accepted", [(1, "domains.xyz.example: 550 5.1.1", "accepted")]),
            (lambda config: config["routes"][0].update(next_hop="[127.0.0.8]:25"),
             {"route": 1}, "route", [(1, "smtp:[127.0.0.9]:9", "smtp:[127.0.0.8]:25")]),
            (lambda config: config["routes"].insert(0, {"domains": ["other.example"], "next_hop": "[127.0.0.7]"}), {}, "route", []),
            (lambda config: config["routes"][0].update(tls="require"),
             {"tls": 1}, "tls", [(1, "opportunistic", "require")]),
            (lambda config: config["routes"][0].update(hold=False), {"held": 1}, "held", [(1, "a route holds it", None)]),
            (lambda config: config["limits"].update(message_size="20KiB"),
             {"newly_rejected": 1}, "newly_rejected", [(1, "accepted", "limits.message_size: 552 5.3.4")]),
            (lambda config: config.update(aliases={TO: ["malee@xyz.example"]}), {"rewriting": 2}, "rewriting", [(2, None, None)]),
            (lambda config: config["routes"][0].update(rate="100/1m"), {"limits": 1}, "limits",
             [(1, usual, "at most 20 connections, 100/1m messages, 100 messages a connection")]),
            (lambda config: config.update(shaping=[{"destinations": ["[127.0.0.9]:9"], "connections": 2, "messages_per_connection": 7}]),
             {"limits": 1}, "limits", [(1, usual, "at most 2 connections, 7 messages a connection")]),
            (lambda config: config["delivery"].update(connections_per_destination=9), {"limits": 1}, "limits",
             [(1, usual, "at most 9 connections, 100 messages a connection")]),
            (lambda config: config["delivery"].update(messages_per_connection=9), {"limits": 1}, "limits",
             [(1, usual, "at most 20 connections, 9 messages a connection")]),
        ]
        for change, envelopes, kind, groups in cases:
            with self.subTest(kind=kind, groups=groups):
                report = self.replay(change)
                self.assert_only(report, **envelopes)
                self.assertEqual(self.groups(report, kind), groups)
        self.assertEqual(self.replay(cases[6][0])["restart_needed"], ["limits.message_size"])
        text = self.godwit.control("config", "test-replay", "--config", self.draft(cases[2][0])).stdout
        self.assertIn(f"{self.sent[FAR]} from <{SENDER}> to <{FAR}>", text)
        self.assertIn("before: smtp:[127.0.0.9]:9", text)

    def test_only_the_last_ones(self):
        self.record()
        report = self.replay(lambda config: config["domains"]["xyz.example"].update(recipients=["malee"]), "--last", "1")
        self.assertEqual((report["accepted"], report["refused"]), (1, 1))
        self.assertEqual(report["changes"]["newly_rejected"]["groups"][0]["examples"][0]["id"], self.sent["large"])

    def test_many_recipients_are_all_known(self):
        recipients = [f"user{number}@far.example" for number in range(40)]
        self.sent["many"], _ = self.send(recipients)
        report = self.replay(lambda config: config["limits"].update(recipients=25))
        self.assertEqual(self.groups(report, "newly_rejected"), [(15, "accepted", "limits.recipients: 452 4.5.3")])

    def test_it_survives_a_restart_and_leaves_no_trace(self):
        self.record()
        self.godwit.control("config", "test-replay")  # what was recorded is on the disk
        self.godwit.restart()
        self.wait_until(lambda: self.godwit.status()["queue"]["held"] == 1, "the held message is in the queue again")
        before = self.godwit.status()
        report = self.replay(lambda config: config["domains"].pop("second.example"))
        self.assertEqual((report["accepted"], report["refused"]), (4, 1))
        after = self.godwit.status()
        for key in ("messages", "held", "waiting"):
            self.assertEqual(before["queue"][key], after["queue"][key])
        self.assertEqual(before["totals"], after["totals"])
        self.assertEqual(self.godwit.control_json("config", "test-replay")["accepted"], 4)

    def test_a_bad_draft_has_the_ordinary_errors(self):
        self.record()
        path = self.folder / "bad.yaml"
        path.write_text(json.dumps(self.godwit.config).replace('"trusted_networks"', '"trusted_networkz"'))
        done = self.godwit.control("config", "test-replay", "--config", path, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn('unknown key "trusted_networkz" (did you mean trusted_networks?)', done.stderr)
        for words, status in ((["--config", self.folder / "none.yaml"], 2), (["--last", "0"], 2), (["--last", "x"], 2)):
            self.assertEqual(self.godwit.control("config", "test-replay", *words, check=False).returncode, status, words)

    def test_a_draft_asks_nobody_else(self):
        self.record()
        secret = self.folder / "secret"
        secret.write_text("a private key")
        table = {"type": "ldap", "url": "ldap://127.0.0.1:1", "base": "dc=example", "filter": "(mail={key})",
                 "bind_dn": "cn=reader", "bind_password_file": str(secret)}

        def change(config):
            config["tables"] = {"users": table}
            config["domains"]["xyz.example"]["recipients"] = "table:users"

        done = self.godwit.control("config", "test-replay", "--config", self.draft(change), check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("tables.users: a draft asks only what the running configuration asks", done.stderr)
        self.assertEqual(self.replay()["accepted"], 4)

    # ---- reloads --------------------------------------------------------------------------------------------------

    def refuse_more_than(self, share):
        self.godwit.config["reload"] = {"refuse_newly_rejected": share}
        self.godwit.write_config()
        self.godwit.control("reload")

    def drop_malee_and_somchai(self):
        self.godwit.config["domains"]["xyz.example"]["recipients"] = ["nobody"]
        self.godwit.write_config()

    def takes(self, recipient):
        with self.connect() as client:
            client.say("EHLO client.example", "250")
            client.say(f"MAIL FROM:<{SENDER}>", "250")
            return client.say(f"RCPT TO:<{recipient}>").startswith("250")

    def test_a_reload_that_would_refuse_too_much_is_refused(self):
        self.record()
        self.refuse_more_than("10%")
        self.drop_malee_and_somchai()
        done = self.godwit.control("reload", check=False)
        self.assertEqual(done.returncode, 1)
        said = done.stdout + done.stderr
        self.assertIn("of the last 4 envelopes that were accepted, 2 (50%) would be refused", said)
        self.assertIn("reload.refuse_newly_rejected allows 10%", said)
        self.assertIn(f"<{TO}> from <{SENDER}> in message {self.sent[TO]}: 550 5.1.1", said)
        self.assertIn("godwitctl reload --force", said)
        self.assertIn("too much mail", self.godwit.wait_event("reload_refused")["reason"])
        self.assertTrue(self.takes(TO))
        # The share in force counts also where the new file has none.
        del self.godwit.config["reload"]
        self.godwit.write_config()
        self.assertEqual(self.godwit.control("reload", check=False).returncode, 1)
        self.assertTrue(self.takes(TO))
        refused = len(self.godwit.events("reload_refused"))
        self.godwit.process.send_signal(signal.SIGHUP)
        self.wait_until(lambda: len(self.godwit.events("reload_refused")) > refused, "SIGHUP asks too")
        self.assertTrue(self.takes(TO))
        self.godwit.control("reload", "--force")
        self.assertFalse(self.takes(TO))

    def test_a_reload_within_the_share_counts(self):
        self.record()
        self.refuse_more_than("50%")
        self.drop_malee_and_somchai()
        self.godwit.control("reload")
        self.assertFalse(self.takes(TO))

    def test_without_a_share_every_reload_counts(self):
        self.record()
        self.drop_malee_and_somchai()
        self.godwit.control("reload")
        self.assertFalse(self.takes(TO))


if __name__ == "__main__":
    main()
