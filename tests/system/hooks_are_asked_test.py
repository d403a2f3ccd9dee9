#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP hooks: every action at every stage, what they are told (held to the schema), kept connections, TLS, tokens."""

import base64

from support.certificate import Certificate
from support.dialogue import Dialogue, queued_id
from support.hook import Hook, response
from support.judged_host import MESSAGE, TO, JudgedHost
from support.scenario import main

SENDER = "mod@abc.example"
STAGES = ["connect", "helo", "mail", "rcpt", "data", "end"]


class HooksAreAsked(JudgedHost):
    def ask(self, *hooks, **changes):
        self.judge(*(f"http:{one.name}" for one in hooks), http_hooks=[one.config(**changes) for one in hooks])
        self.addCleanup(lambda: self.assertEqual([one.faults for one in hooks], [[]] * len(hooks)))

    def replies(self, to=(TO,)):
        """By command, up to the one that was refused."""
        said = {}
        with Dialogue(self.godwit.address, source=self.client) as client:
            client.say("EHLO mail.abc.example", "250")
            commands = [("MAIL", f"MAIL FROM:<{SENDER}>"), *(("RCPT", f"RCPT TO:<{one}>") for one in to), ("DATA", "DATA")]
            for word, line in commands:
                said[word] = client.say(line)
                if not said[word].startswith(("250", "354")):
                    return said
            client.send(MESSAGE + b".\r\n")
            said["dot"] = client.reply()
        return said

    def test_each_action_at_each_stage(self):
        hook = Hook(self)
        self.ask(hook, stages=STAGES)
        reject = {"action": "reject", "code": 554, "enhanced": "5.7.9", "text": "Not you", "evidence": "closed"}
        defer = {"action": "defer", "enhanced": "4.7.9", "text": "Not now"}
        where = {"connect": "RCPT", "helo": "RCPT", "mail": "RCPT", "rcpt": "RCPT", "data": "DATA", "end": "dot"}
        for stage, at in where.items():
            for answer, expected in ((reject, "554 5.7.9 Not you"), (defer, "450 4.7.9 Not now"), ({"action": "reject"}, "550 5.7.1"),
                                     ({"action": "defer", "code": 421}, "421 4.7.1")):
                with self.subTest(stage=stage, answer=answer):
                    hook.script = {stage: answer}
                    said = self.replies()
                    self.assertEqual(list(said)[-1], at)
                    self.assertTrue(said[at].startswith(expected), said)
            hook.script = {stage: reject}
            self.replies()
            self.wait_until(lambda: "reject closed" in self.godwit.events("rejected")[-1]["check_http_hook"], "it is in the log")
            with self.subTest(stage=stage, answer="discard"):
                hook.script = {stage: {"action": "discard"}}
                identity = queued_id(self.replies()["dot"])
                self.godwit.wait_event("discarded", id=identity)
            with self.subTest(stage=stage, answer="quarantine"):
                hook.script = {stage: {"action": "quarantine", "reason": f"odd at {stage}"}}
                identity = queued_id(self.replies()["dot"])
                self.assertIn(f"odd at {stage}", self.godwit.control("queue", "show", identity).stdout)
        self.assertEqual(self.godwit.status()["queue"]["held"], len(STAGES))
        self.assertEqual(self.godwit.mailbox(TO).count(), 0)

    def test_headers_are_added_above_the_message(self):
        field = {"name": "X-Tenant", "value": "one\r\nBcc: evil@xyz.example"}
        hook = Hook(self, script={"rcpt": {"action": "none", "headers": [field]},
                                  "end": {"action": "none", "headers": [{"name": "X-Name", "value": "Zo\u00eb"}], "evidence": "seen"}})
        self.ask(hook, stages=["rcpt", "end"])
        identity = queued_id(self.replies(to=(TO, "postmaster@xyz.example"))["dot"])
        stored = self.godwit.mailbox(TO).wait(1)[0].raw.decode()
        self.assertIn("\r\nX-Tenant: one Bcc: evil@xyz.example\r\n", stored)
        self.assertIn("\r\nX-Name: =?UTF-8?B?Wm/Dqw==?=\r\n", stored)
        self.assertEqual(self.godwit.wait_event("accepted", id=identity)["check_http_hook"], "none; none seen")

    def test_what_is_told(self):
        hook = Hook(self)
        self.dns.txt("abc.example", f"v=spf1 ip4:{self.client} -all")
        self.ask(hook, stages=STAGES, body="8")
        identity = queued_id(self.replies()["dot"])
        self.assertEqual([one["stage"] for one in hook.requests], STAGES)
        end = hook.requests[-1]
        self.assertEqual(end["client"] | {"port": 0},
                         {"address": self.client, "port": 0, "name": "mail.abc.example", "name_status": "found", "user": None,
                          "stranger": True})
        self.assertEqual((end["sender"], end["recipients"], end["spf"]["result"]), (SENDER, [TO], "pass"))
        message = end["message"]
        self.assertEqual(message["id"], identity)
        self.assertIn({"name": "Subject", "value": "Hello"}, message["headers"])
        self.assertEqual((base64.b64decode(message["body"]), message["body_cut"]), (b"Hello Wo", True))
        self.assertEqual(hook.requests[3]["recipient"], TO)
        with Dialogue(self.godwit.address, source=self.net.host(5)) as client:
            client.send(b"HELO \xff\x01\"\\\r\n")
            client.reply()
            client.say("MAIL FROM:<>")
            client.say(f"RCPT TO:<{TO}>")

    def test_decisions_are_in_the_trace_a_line_each(self):
        hook = Hook(self, script={"rcpt": {"action": "none", "evidence": "tenant 7"}, "end": {"action": "accept"}})
        self.ask(hook, stages=["rcpt", "end"])
        identity = queued_id(self.deliver())
        events = self.wait_until(lambda: len(found := [event for event in self.godwit.control_json("trace", identity)["events"]
                                                       if event.get("check") == "http:hook"]) == 2 and found, "both are in the trace")
        self.assertEqual([(one["check"], one["stage"], one["verdict"], one["evidence"]) for one in events],
                         [("http:hook", "rcpt", "none", "tenant 7"), ("http:hook", "end", "accept", "")])

    def test_who_accepts_or_vouches_spares_those_behind(self):
        first, second = Hook(self, "first"), Hook(self, "second", host=71, script={"rcpt": {"action": "reject"}})
        self.ask(first, second)
        self.rcpt("550")
        first.script = {"rcpt": {"action": "accept"}}
        self.rcpt("250")
        first.script = {"rcpt": {"action": "none", "vouches": True}}
        second.script = {}
        self.rcpt("250")
        self.assertFalse(second.requests[0]["vouched"])
        self.assertTrue(second.requests[-1]["vouched"])

    def test_connections_are_kept(self):
        hook = Hook(self)
        self.ask(hook, stages=STAGES, connections=1)
        for _ in range(5):
            self.deliver()
        self.assertEqual(len(hook.requests), 30)
        self.assertLessEqual(hook.connections, 2, "one a thread")
        hook.hang_up()
        self.deliver()
        hook.script = {"rcpt": response(b"", "204 No Content")}
        self.deliver()
        self.assertFalse(self.godwit.events("check_failed"))

    def test_over_tls_with_a_token(self):
        certificate = Certificate(self, "hook.example")
        self.dns.host("hook.example", self.net.host(70))
        token = self.folder / "token"
        token.write_text("a-secret-of-ours\n")
        token.chmod(0o600)
        hook = Hook(self, certificate=certificate, domain="hook.example")
        self.ask(hook, ca_file=str(certificate.certificate), token_file=str(token))
        for _ in range(4):
            self.rcpt("250")
        self.assertEqual({one["authorization"] for one in hook.heads}, {"Bearer a-secret-of-ours"})
        self.assertLessEqual(hook.connections, 2)
        # Of whom we do not know.
        self.godwit.config["policy"]["http_hooks"] = [hook.config()]
        self.godwit.write_config()
        self.godwit.control("reload")
        self.rcpt("451 4.3.0")
        self.assertIn("certificate", self.godwit.wait_event("check_failed")["reason"])
        token.chmod(0o644)
        self.godwit.config["policy"]["http_hooks"] = [hook.config(token_file=str(token))]
        self.godwit.write_config()
        refused = self.godwit.control("reload", check=False)
        self.assertIn("may be read by everybody", refused.stdout + refused.stderr)


if __name__ == "__main__":
    main()
