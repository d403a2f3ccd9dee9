#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks of what a client says and of its names in DNS: who is refused, what is said of it, and what the trace has."""

import re

from support.dialogue import queued_id
from support.hook import Hook
from support.judged_host import TO, JudgedHost
from support.policy_server import ScriptedPolicyServer
from support.scenario import BIN, main


class ClientsAreJudged(JudgedHost):
    def test_hosts_without_a_name_are_refused(self):
        self.judge("reverse_dns")
        stranger = self.net.host(3)
        self.assertIn("550 5.7.25", self.rcpt("550", client=stranger))
        self.rcpt("250")
        self.rcpt("250", to="postmaster@xyz.example", client=stranger)
        rejected = self.godwit.wait_event("rejected")
        self.assertEqual((rejected["client"], rejected["to"], rejected["check_reverse_dns"]), (stranger, TO, "reject none"))

    def test_names_that_do_not_lead_back_are_refused_where_they_must(self):
        self.dns.records.append("--ptr-record=" + ".".join(reversed(self.net.host(4).split("."))) + ".in-addr.arpa,bank.example")
        self.judge("reverse_dns", reverse_dns={"require": "verified"})
        self.assertIn("leads back", self.rcpt("550 5.7.25", client=self.net.host(4)))
        self.rcpt("250")

    def test_senders_that_cannot_be_answered_are_refused(self):
        self.judge("sender_domain")
        self.rcpt("550 5.1.8", sender="x@nowhere.example")
        self.rcpt("550 5.7.27", sender="x@silent.example")
        self.rcpt("250")
        self.rcpt("250", sender="")

    def test_who_calls_himself_by_our_name_is_refused(self):
        self.judge("hello", hello={"bad_name": "quarantine", "unknown_name": "defer"})
        self.rcpt("550 5.7.1", hello="mail.xyz.example")
        self.rcpt("450 4.7.1", hello="nowhere.example")
        identity = queued_id(self.deliver(hello="localhost"))
        self.assertIn("is not the full name of a host", self.godwit.control("queue", "show", identity).stdout)
        self.assertEqual(self.godwit.status()["queue"]["held"], 1)

    def test_messages_without_an_author_are_refused(self):
        self.judge("header")
        self.assertIn("has no From", self.deliver("550 5.6.0", message=b"Subject: Hello\r\n\r\nHello\r\n"))
        self.deliver()
        self.godwit.mailbox(TO).wait(1)

    def test_nothing_is_looked_up_for_recipients_who_do_not_exist(self):
        self.judge("reverse_dns", "sender_domain")
        self.rcpt("550", to="nobody@xyz.example")
        self.assertEqual(self.dns.queries("abc.example", "MX"), 0)

    def test_decisions_are_in_the_trace_a_line_each(self):
        self.judge("reverse_dns", "hello", "sender_domain")
        identity = queued_id(self.deliver())
        self.godwit.mailbox(TO).wait(1)
        accepted = self.godwit.wait_event("accepted", id=identity)
        self.assertEqual(accepted["check_reverse_dns"], "none found mail.abc.example")
        self.assertEqual(accepted["check_sender_domain"], "none abc.example")
        events = self.wait_until(lambda: len(found := self.checked(identity)) == 3 and found, "all checks are in the trace")
        self.assertEqual([(one["check"], one["stage"], one["verdict"]) for one in events],
                         [("reverse_dns", "connect", "none"), ("hello", "helo", "none"), ("sender_domain", "mail", "none")])
        self.assertIn("evidence=\"found mail.abc.example\"".replace('"', ""), self.godwit.control("trace", identity).stdout)
        self.assertRegex(self.godwit.control("trace", identity).stdout, r"checked .*check=authentication .*spf=")
        received = self.godwit.mailbox(TO).messages()[0].raw.decode()
        self.assertIn(f"mail.abc.example [{self.client}]", received)

    def test_every_check_has_its_field_in_the_log_and_its_line_in_the_trace(self):
        reference = self.run_program(BIN / "godwitd", "--print-configuration-reference").stdout
        (row,) = [line for line in reference.splitlines() if "`policy.checks.mx`" in line]
        names = re.findall("[a-z_]+", row.split("list of:", 1)[1].split("http:NAME")[0])
        self.assertIn("reverse_dns", names)
        self.assertIn("header", names)
        hook, server = Hook(self), ScriptedPolicyServer(self)
        self.dns.txt("abc.example", f"v=spf1 ip4:{self.client} -all")  # no greylisting
        names += ["http:hook", "delegate:scripted"]
        self.judge(*names, http_hooks=[hook.config()], delegates=[server.config()])
        identity = queued_id(self.deliver())
        accepted = self.godwit.wait_event("accepted", id=identity)
        for name in names:
            self.assertIn("check_" + name.replace(":", "_"), accepted)
        self.wait_until(lambda: {one["check"] for one in self.checked(identity)} == set(names), "all checks are in the trace")
        text = self.godwit.control("trace", identity).stdout
        for name in names:
            self.assertRegex(text, rf"checked .*check={name} ")

    def checked(self, identity):
        return [event for event in self.godwit.control_json("trace", identity)["events"]
                if event["event"] == "checked" and event["check"] != "authentication"]

    def test_without_dns_mail_flows(self):
        self.judge("reverse_dns", "hello", "sender_domain", timeout="2s", hello={"unknown_name": "reject"})
        self.dns.stop()
        self.deliver()
        self.godwit.mailbox(TO).wait(1)


if __name__ == "__main__":
    main()
