#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Why mail was refused or put off is named by a class: in the log, in reports, in the queue; and rules can decide."""

import email

from support.scenario import main
from support.sending_host import SENDER, SendingHost

TO = "nobody@gone.example"


class FailuresHaveAClass(SendingHost):
    def refuse_with(self, reply, stage="RCPT", **config):
        self.mx("gone.example", 10, "mx.gone.example", 2, script={stage: reply})
        self.start(**config)
        return self.send(TO)[0]

    def report(self):
        """The fields of the first recipient, and the words for people."""
        report = email.message_from_bytes(self.godwit.mailbox(SENDER).wait()[0].content)
        words, status = report.get_payload()[:2]
        return status.get_payload()[1], " ".join(words.get_payload().split())

    def test_a_bounce_says_it_in_the_log_and_in_the_report(self):
        identity = self.refuse_with("550-5.1.1 The email account that you tried to reach\r\n550 5.1.1 does not exist.")
        self.assertEqual(self.godwit.wait_event("bounced", id=identity)["class"], "bad_mailbox")
        fields, words = self.report()
        self.assertEqual(fields["X-Godwit-Class"], "bad_mailbox")
        self.assertIn("There is no such mailbox: check the address.", words)
        self.wait_until(lambda: "bad_mailbox" in [event.get("class") for event in self.godwit.control_json("trace", identity)["events"]],
                        "the history has it")
        # The words of the host stand beside it, and the report that was delivered has no class.
        self.assertIn("that you tried to reach does not exist", words)
        self.assertNotIn("class", self.godwit.wait_event("delivered"))

    def test_what_waits_says_it_in_the_queue(self):
        identity = self.refuse_with("452 4.2.2 The recipient's inbox is out of storage space", delivery={"retry": {"first": "1h", "max": "1h"}})
        self.assertEqual(self.godwit.wait_event("deferred", id=identity)["class"], "full_mailbox")
        shown = self.godwit.control_json("queue", "show", identity)
        self.assertEqual(shown["recipients"][0]["class"], "full_mailbox")
        self.assertIn("full_mailbox", self.godwit.control("queue", "show", identity).stdout)

    def test_a_host_that_cannot_be_reached_is_a_matter_of_the_network(self):
        self.mx("gone.example", 10, "mx.gone.example", 2, up=False)
        self.start()
        self.send(TO)
        self.assertEqual(self.godwit.wait_event("deferred")["class"], "network")

    def test_a_rule_of_ones_own_tries_again_what_the_host_refused(self):
        identity = self.refuse_with(
            ["554 5.7.1 slow down, friend", "250 2.1.5 Ok"],
            bounces={"rules": [{"class": "rate", "text": ["slow down"], "then": "retry"}]})
        self.assertEqual(self.godwit.wait_event("deferred", id=identity)["class"], "rate")
        self.assertEqual(self.peers["mx.gone.example"].wait()[0].recipients, [TO])

    def test_a_rule_of_ones_own_returns_what_the_host_put_off(self):
        identity = self.refuse_with("450 4.1.1 not here, and never was",
                                    bounces={"rules": [{"class": "bad_mailbox", "text": "never was", "then": "bounce"}]})
        self.assertEqual(self.godwit.wait_event("bounced", id=identity)["class"], "bad_mailbox")
        self.assertEqual(self.report()[0]["Action"], "failed")

    def test_built_in_rules_act_only_where_they_may(self):
        identity = self.refuse_with(["550 5.7.1 Greylisted, try again later"])
        self.assertEqual(self.godwit.wait_event("bounced", id=identity)["class"], "greylisting")
        self.godwit.config["bounces"] = {"builtin_actions": "retry"}
        self.godwit.write_config()
        self.godwit.control("reload")
        identity, _ = self.send(TO)
        self.assertEqual(self.godwit.wait_event("deferred", id=identity)["class"], "greylisting")

    def test_a_bad_rule_is_refused_with_its_place(self):
        self.start()
        self.godwit.config["bounces"] = {"rules": [{"class": "spamm", "text": ["x y z"]}]}
        self.godwit.write_config()
        refused = self.godwit.control("reload", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertRegex(refused.stdout + refused.stderr, r"godwit\.yaml:\d+:\d+: bounces\.rules\[0\]\.class: \"spamm\" is none of")


if __name__ == "__main__":
    main()
