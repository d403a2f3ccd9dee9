#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""RFC 3461: NOTIFY, ORCPT, RET and ENVID go with the message, and decide which reports come back."""

import email

from support.dialogue import Dialogue, queued_id
from support.message import message
from support.scenario import main
from support.sending_host import SENDER, SendingHost

CAPABILITIES = ("PIPELINING", "8BITMIME", "SIZE 100000000")


class ReportsAreAsAsked(SendingHost):
    def send(self, recipients, sender=SENDER, mail=""):
        """recipients: address → RCPT parameters."""
        content = message(sender=sender, body="the body\r\n")
        with Dialogue(self.godwit.address) as client:
            self.assertIn("DSN", client.say("EHLO client.abc.example", "250").replace("250-", "\n").replace("250 ", "\n").split("\n"))
            client.say(f"MAIL FROM:<{sender}>{mail}", "250")
            for address, parameters in recipients.items():
                client.say(f"RCPT TO:<{address}>{parameters}", "250")
            return queued_id(client.data(content))

    def reports(self, count):
        """Per report: the recipients' fields by final recipient, with the message's fields in each."""
        found = []
        for stored in self.godwit.mailbox(SENDER).wait(count):
            report = email.message_from_bytes(stored.content)
            _, status, original = report.get_payload()
            head, *blocks = [{key.lower(): value for key, value in block.items()} for block in status.get_payload()]
            found.append({block["final-recipient"].split(";")[1].strip():
                          {**head, **block, "original": original.get_payload(), "type": original.get_content_type()}
                          for block in blocks})
        return found

    def quiet(self):
        """How many reports there are once everything is settled."""
        self.godwit.wait_empty_queue()
        return self.godwit.mailbox(SENDER).count()

    def test_a_host_with_dsn_gets_everything_and_reports_itself(self):
        peer = self.mx("far.example", 10, "mx.far.example", 2, capabilities=(*CAPABILITIES, "DSN"))
        self.start()
        self.send({"a@far.example": " NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2Bc@far.example", "d@far.example": ""},
                  mail=" RET=HDRS ENVID=QQ+20314159")
        peer.wait()
        mail = next(line for line in peer.commands if line.startswith("MAIL"))
        self.assertIn(" RET=HDRS", mail)
        self.assertIn(" ENVID=QQ+20314159", mail)
        self.assertIn("RCPT TO:<a@far.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2Bc@far.example", peer.commands)
        self.assertIn("RCPT TO:<d@far.example>", peer.commands)
        self.assertEqual(self.quiet(), 0)

    def test_a_host_without_dsn_gets_none_of_it_and_the_sender_is_told_relayed(self):
        peer = self.mx("far.example", 10, "mx.far.example", 2)
        self.start()
        self.send({"a@far.example": " NOTIFY=SUCCESS ORCPT=rfc822;b+2Bc@far.example", "d@far.example": ""},
                  mail=" RET=FULL ENVID=QQ314159")
        peer.wait()
        self.assertFalse([line for line in peer.commands if "NOTIFY" in line or "ORCPT" in line or "ENVID" in line])
        [report] = self.reports(1)
        self.assertEqual(list(report), ["a@far.example"])
        fields = report["a@far.example"]
        self.assertEqual(fields["action"], "relayed")
        self.assertEqual(fields["status"], "2.0.0")
        self.assertEqual(fields["original-recipient"], "rfc822;b+c@far.example")
        self.assertEqual(fields["original-envelope-id"], "QQ314159")
        self.assertIn("mx.far.example", fields["remote-mta"])
        self.assertNotIn("the body", str(fields["original"]))  # RET speaks of failures
        self.assertEqual(self.quiet(), 1)

    def test_local_delivery_is_reported_where_asked(self):
        self.start(domains={"abc.example": ["mod", "malee"]})
        self.send({"malee@abc.example": " NOTIFY=SUCCESS"})
        [report] = self.reports(1)
        self.assertEqual(report["malee@abc.example"]["action"], "delivered")
        self.assertEqual(self.quiet(), 1)

    def test_an_alias_of_several_is_reported_expanded_once(self):
        self.mx("gone.example", 10, "mx.gone.example", 2, script={"RCPT": "550 5.1.1 no such user"})
        self.start(domains={"abc.example": ["mod", "malee"]},
                   aliases={"all@abc.example": ["malee@abc.example", "nobody@gone.example"]})
        identity = self.send({"all@abc.example": " NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;all@abc.example"})
        reports = {next(iter(report.values()))["action"]: report for report in self.reports(2)}
        self.assertEqual(sorted(reports), ["expanded", "failed"])
        self.assertEqual(list(reports["expanded"]), ["all@abc.example"])
        failed = reports["failed"]["nobody@gone.example"]
        self.assertEqual(failed["original-recipient"], "rfc822;all@abc.example")
        self.assertEqual(self.quiet(), 2)
        self.assertEqual(self.godwit.mailbox("malee@abc.example").count(), 1)
        self.assertFalse((self.godwit.vmail / "abc.example" / "all").exists())
        self.assertEqual(len(self.godwit.events("delivered", id=identity, relay="alias")), 1)

    def test_never_is_silence(self):
        self.mx("gone.example", 10, "mx.gone.example", 2, script={"RCPT": "550 5.1.1 no such user"})
        self.start()
        self.send({"a@gone.example": " NOTIFY=NEVER", "b@gone.example": " NOTIFY=SUCCESS,DELAY"})
        self.assertEqual(self.quiet(), 0)
        self.assertEqual(len(self.godwit.events("bounced")), 2)

    def test_full_return_has_the_message_and_headers_only_has_not(self):
        self.mx("gone.example", 10, "mx.gone.example", 2, script={"RCPT": "550 5.1.1 no such user"})
        self.start()
        self.send({"a@gone.example": ""}, mail=" RET=FULL")
        [report] = self.reports(1)
        self.assertEqual(report["a@gone.example"]["type"], "message/rfc822")
        self.assertIn("the body", str(report["a@gone.example"]["original"][0]))
        self.send({"b@gone.example": ""}, mail=" RET=HDRS")
        report = next(each["b@gone.example"] for each in self.reports(2) if "b@gone.example" in each)
        self.assertEqual(report["type"], "text/rfc822-headers")

    def test_a_null_sender_is_told_nothing(self):
        self.start(domains={"abc.example": ["mod", "malee"]}, postmaster="mod@abc.example")
        self.send({"malee@abc.example": " NOTIFY=SUCCESS"}, sender="")
        self.godwit.mailbox("malee@abc.example").wait()
        self.assertEqual(self.quiet(), 0)


if __name__ == "__main__":
    main()
