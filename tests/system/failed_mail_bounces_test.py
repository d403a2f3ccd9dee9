#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What cannot be delivered comes back to its sender as an RFC 3464 report."""

import email

from support.message import message
from support.scenario import main
from support.sending_host import SENDER, SendingHost

TO = "nobody@gone.example"


class FailedMailBounces(SendingHost):
    def report(self, count=1):
        stored = self.godwit.mailbox(SENDER).wait(count)[count - 1]
        self.assertEqual(stored.header("Return-Path"), ["<>"])
        report = email.message_from_bytes(stored.content)
        self.assertEqual(report.get_content_type(), "multipart/report")
        self.assertEqual(report.get_param("report-type"), "delivery-status")
        parts = report.get_payload()
        self.assertEqual([part.get_content_type() for part in parts[:2]], ["text/plain", "message/delivery-status"])
        self.assertIn(parts[2].get_content_type(), ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"))
        fields = {}
        for block in parts[1].get_payload():
            fields.update({key.lower(): value for key, value in block.items()})
        return fields, report

    def test_a_5xx_reply_bounces_at_once_with_the_remote_words(self):
        self.mx("gone.example", 10, "mx.gone.example", 2, script={"RCPT": "550 5.1.1 no such user here"})
        self.start()
        identity, _ = self.send(TO)
        fields, report = self.report()
        self.assertEqual(fields["final-recipient"].replace(" ", ""), f"rfc822;{TO}")
        self.assertEqual(fields["action"], "failed")
        self.assertEqual(fields["status"], "5.1.1")
        self.assertIn("no such user here", fields["diagnostic-code"])
        self.assertIn("mail.abc.example", fields["reporting-mta"])
        self.assertIn("no such user here", " ".join(report.get_payload()[0].get_payload().split()))
        self.godwit.wait_empty_queue()
        self.assertEqual(len(self.godwit.events("bounced", id=identity)), 1)

    def test_only_the_refused_recipient_bounces(self):
        peer = self.mx("gone.example", 10, "mx.gone.example", 2, script={f"RCPT:{TO}": "550 5.1.1 no such user"})
        self.start()
        self.send([TO, "somebody@gone.example"])
        self.assertEqual(peer.wait()[0].recipients, ["somebody@gone.example"])
        fields, _ = self.report()
        self.assertIn(TO, fields["final-recipient"])
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.mailbox(SENDER).count(), 1)

    def test_a_5xx_after_the_final_dot_bounces(self):
        self.mx("gone.example", 10, "mx.gone.example", 2, script={"dot": "554 5.7.1 this is spam"})
        self.start()
        self.send(TO)
        fields, _ = self.report()
        self.assertEqual(fields["status"], "5.7.1")

    def test_a_domain_that_does_not_exist_bounces(self):
        self.start()
        self.send("user@nowhere.example")
        fields, _ = self.report()
        self.assertTrue(fields["status"].startswith("5.1."), fields)

    def test_a_null_mx_bounces(self):
        self.dns.null_mx("nomail.example").host("nomail.example", self.net.host(2))
        self.start()
        self.send("user@nomail.example")
        fields, _ = self.report()
        self.assertEqual(fields["status"], "5.1.10")

    def test_a_message_too_old_expires(self):
        self.mx("gone.example", 10, "mx.gone.example", 2, script={"RCPT": "451 4.3.0 later"})
        self.start(delivery={"retry": {"expire": "3s", "bounce_expire": "3s"}})
        identity, _ = self.send(TO)
        self.godwit.wait_event("expired", id=identity)
        fields, _ = self.report()
        self.assertEqual(fields["action"], "failed")
        self.assertIn(fields["status"][0], "45")

    def test_a_bounce_that_bounces_goes_to_the_postmaster_once(self):
        self.mx("gone.example", 10, "mx.gone.example", 2, script={"RCPT": "550 5.1.1 no such user"})
        self.start(postmaster="chief@abc.example", domains={"abc.example": ["mod", "chief"]})
        # A sender that cannot be reached either.
        self.send(TO, sender="ghost@gone.example")
        self.godwit.mailbox("chief@abc.example").wait()
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.mailbox("chief@abc.example").count(), 1)

    def test_a_report_that_not_even_the_postmaster_can_get_is_dropped_and_logged(self):
        self.mx("gone.example", 10, "mx.gone.example", 2, script={"RCPT": "550 5.1.1 no such user"})
        self.start(postmaster="chief@gone.example")
        self.send(TO, sender="ghost@gone.example")
        self.godwit.wait_event("report_dropped")
        self.godwit.wait_empty_queue()
        # The message, the report to its sender, that to the postmaster; then no more.
        self.assertEqual(len(self.godwit.events("bounced")), 3)
        self.assertEqual(len(self.godwit.events("report")), 2)
        self.assertEqual(len(self.godwit.events("report_dropped")), 1)

    def test_without_a_postmaster_his_report_is_held(self):
        self.mx("gone.example", 10, "mx.gone.example", 2, script={"RCPT": "550 5.1.1 no such user"})
        for postmaster in ("", "nobody@abc.example"):
            with self.subTest(postmaster=postmaster):
                if postmaster:
                    self.godwit.config["postmaster"] = postmaster
                    self.godwit.restart()
                else:
                    self.start()
                # Killed, it may have to hold again what it held before.
                held = self.all_held()
                self.send(TO, sender="ghost@gone.example")
                self.wait_until(lambda: self.all_held() == held + 1, "the report is held")

    def all_held(self):
        def only_held():
            queue = self.godwit.status()["queue"]
            return queue["messages"] == queue["held"]

        self.wait_until(only_held, "whatever is left is held")
        return self.godwit.status()["queue"]["held"]

    def test_reports_have_a_schedule_of_their_own(self):
        self.mx("gone.example", 10, "mx.gone.example", 2, script={"RCPT": "550 5.1.1 no such user"})
        self.mx("busy.example", 10, "mx.busy.example", 3, script={"RCPT": "451 4.3.0 come back later"})
        home = self.mx("home.example", 10, "mx.home.example", 4, script={"RCPT": ["451 4.3.0 come back later"] * 2 + ["250 2.1.5 Ok"]})
        self.start(delivery={"retry": {"first": "1h", "max": "1h", "bounce_first": "300ms", "bounce_max": "300ms"}})
        other, _ = self.send("user@busy.example")
        self.send(TO, sender="mod@home.example")
        [report] = home.wait()
        self.assertEqual((report.sender, report.recipients), ("", ["mod@home.example"]))
        self.assertEqual(len(self.godwit.events("deferred", id=other)), 1, "other mail waits as it should")

    def test_a_report_is_not_bound_by_the_size_of_messages(self):
        self.mx("gone.example", 10, "mx.gone.example", 2, script={"RCPT": "550 5.1.1 no such user"})
        self.start(limits={"message_size": "1KiB"})
        self.send(TO, content=message(sender=SENDER, body="x" * 300 + "\r\n"))
        self.report()
        self.godwit.wait_empty_queue()

    def test_each_of_thousands_is_in_one_of_several_reports(self):
        self.start(limits={"message_size": "1KiB", "recipients": 2500})
        failed = [f"{number}-{'x' * 40}@nowhere.example" for number in range(2500)]
        self.send(failed, content=message(sender=SENDER, body="x\r\n"))
        named = []
        for each in self.godwit.mailbox(SENDER).wait(3):
            report = email.message_from_bytes(each.content)
            named += [fields["final-recipient"].split(";")[1].strip() for fields in report.get_payload()[1].get_payload()[1:]]
        self.assertEqual(sorted(named), sorted(failed))
        self.godwit.wait_empty_queue()
        self.assertEqual(len(self.godwit.events("report")), 3)

    def test_a_null_sender_never_gets_a_report(self):
        self.mx("gone.example", 10, "mx.gone.example", 2, script={"RCPT": "550 5.1.1 no such user"})
        self.start(postmaster="chief@abc.example", domains={"abc.example": ["mod", "chief"]})
        self.send(TO, sender="")
        self.godwit.wait_event("bounced")
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.mailbox(SENDER).count(), 0)


if __name__ == "__main__":
    main()
