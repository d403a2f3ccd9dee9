#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""owner-list beside list: what the members' hosts say of the list's mail goes to the owner, and not to who wrote it."""

from support.dialogue import Dialogue
from support.message import message
from support.peer import ScriptedPeer
from support.receiving_host import SENDER, ReceivingHost
from support.scenario import main

LIST, OWNER = "team@xyz.example", "owner-team@xyz.example"
GONE = "550 5.1.1 who?"


class ListsHaveOwners(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.far = ScriptedPeer(self, 2, "mx.far.example", script={"RCPT:gone@far.example": GONE},
                                capabilities=("PIPELINING", "8BITMIME", "DSN"))
        self.home = ScriptedPeer(self, 3, "mx.abc.example")
        self.godwit = self.start(
            trusted_networks=["127.0.0.0/8"], postmaster="malee@xyz.example",
            aliases={LIST: ["somchai@xyz.example", "user@far.example", "gone@far.example"], OWNER: ["malee@xyz.example"],
                     "plain@xyz.example": ["somchai@xyz.example", "gone@far.example"],
                     "loop@xyz.example": ["gone@far.example"], "owner-loop@xyz.example": ["loop@xyz.example"]},
            srs={"enabled": False},
            routes=[{"domains": ["far.example"], "next_hop": f"[{self.far.address}]:{self.far.port}"},
                    {"domains": ["abc.example"], "next_hop": f"[{self.home.address}]:{self.home.port}"}])

    def say(self, sender, recipient, content, mail="", rcpt=""):
        client = Dialogue(self.godwit.address)
        self.addCleanup(client.close)
        client.say("EHLO client.example", "250")
        client.say(f"MAIL FROM:<{sender}>{mail}", "250")
        client.say(f"RCPT TO:<{recipient}>{rcpt}", "250")
        client.data(content)

    def test_members_are_told_the_owner(self):
        _, content = self.send(LIST)
        self.assertEqual(self.far.wait()[0].sender, OWNER)
        stored, = self.godwit.mailbox("somchai@xyz.example").wait()
        self.assertEqual(stored.header("Return-Path"), [f"<{OWNER}>"])

    def test_the_owner_hears_what_failed_and_the_sender_nothing(self):
        self.send(LIST)
        report, = self.godwit.mailbox("malee@xyz.example").wait()
        self.assertRegex(report.content, rb"(?m)^To: <?" + OWNER.encode())
        self.assertIn(b"gone@far.example", report.content)
        self.assertIn(b"Status: 5.1.1", report.content)
        self.godwit.wait_empty_queue()
        self.assertEqual(self.home.transactions, [])

    def test_an_alias_without_owner_reports_to_the_sender(self):
        self.send("plain@xyz.example")
        self.assertEqual(self.home.wait()[0].recipients, [SENDER])
        self.assertEqual(self.godwit.mailbox("malee@xyz.example").count(), 0)

    def test_the_sender_is_told_that_the_list_has_it_when_it_asked(self):
        self.say(SENDER, LIST, message(), " ENVID=QQ314 RET=FULL", " NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x@y.example")
        report = self.home.wait()[0]
        self.assertIn(b"Action: delivered", report.content)
        self.assertIn(b"Original-Envelope-Id: QQ314", report.content)
        self.assertNotIn(b"gone@far.example", report.content)
        far = self.far.wait()[0]
        self.assertNotIn("ENVID", far.mail_line)
        self.assertNotIn("RET", far.mail_line)
        rcpt, = [line for line in self.far.commands if line.startswith("RCPT TO:<user@")]
        self.assertNotIn("NOTIFY", rcpt)
        self.assertNotIn("x@y.example", rcpt)
        owners, = self.godwit.mailbox("malee@xyz.example").wait()
        self.assertNotIn(b"Original-Envelope-Id", owners.content)
        self.godwit.wait_empty_queue()
        self.assertEqual(len(self.home.transactions), 1)

    def test_whom_the_sender_names_too_is_his_own(self):
        self.send([LIST, "gone@far.example"])
        self.assertIn(b"gone@far.example", self.home.wait()[0].content)
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.mailbox("malee@xyz.example").count(), 0)

    def test_a_report_that_comes_to_a_list_stays_one(self):
        self.say("", LIST, message())
        self.assertEqual(self.far.wait()[0].sender, "")
        stored, = self.godwit.mailbox("somchai@xyz.example").wait()
        self.assertEqual(stored.header("Return-Path"), ["<>"])
        self.godwit.wait_empty_queue()
        self.assertEqual(self.home.transactions, [])

    def test_an_owner_that_is_its_own_list_ends(self):
        self.send("loop@xyz.example")
        self.godwit.wait_event("report")
        self.godwit.wait_empty_queue()
        self.assert_still_works()

    def test_the_owner_survives_a_restart(self):
        self.far.down()
        self.send(LIST)
        self.godwit.wait_event("deferred")
        self.godwit.restart()
        self.far.up()
        self.assertEqual(self.far.wait()[0].sender, OWNER)


if __name__ == "__main__":
    main()
