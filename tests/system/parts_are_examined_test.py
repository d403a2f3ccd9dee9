#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks of what a message is: bounds of its header, its parts, the names of its attachments; and what is said of it."""

import email.message
import email.policy
import time

from support.dialogue import Dialogue, queued_id
from support.judged_host import TO, JudgedHost
from support.scenario import main

HEADER = b"From: mod@abc.example\r\nDate: Mon, 02 Nov 2026 08:00:00 +0000\r\nMIME-Version: 1.0\r\n"


def with_attachment(name):
    """As a mail program makes it."""
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"], message["Subject"] = "mod@abc.example", TO, "with attachment"
    message["Date"] = "Mon, 02 Nov 2026 08:00:00 +0000"
    message.set_content("Hello")
    message.add_attachment(b"MZ\0\1", maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def with_name(field):
    """One part, with this field as it stands."""
    return (HEADER + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + field +
            b"\r\nContent-Transfer-Encoding: base64\r\n\r\nTVoA\r\n--b--\r\n")


class PartsAreExamined(JudgedHost):
    def evidence(self, identity):
        """What the trace says of the check, a line of its own."""
        events = self.wait_until(lambda: [event for event in self.godwit.control_json("trace", identity)["events"]
                                          if event["event"] == "checked" and event["check"] == "mime"], "the trace has it")
        self.assertEqual(len(events), 1)
        return events[0]["verdict"], events[0]["evidence"]

    def test_attachments_are_refused_by_their_names(self):
        self.judge("mime", mime={"attachments": [{"names": "setup.exe", "action": "none"},
                                                 {"names": ["*.zip"], "action": "quarantine"}]})
        # A long name becomes continuations (RFC 2231), one beyond US-ASCII is percent-encoded.
        for name in ("a.exe", "A.SCR", "b" * 200 + ".exe", "überweisung.vbs", "invoice.pdf.exe"):
            self.assertIn("are not taken", self.deliver("550 5.6.0", message=with_attachment(name)), name)
        for field in (b'Content-Disposition: attachment; filename="=?utf-8?B?YS5leGU=?="', b"Content-Type: x/y; name=a.exe.",
                      b"Content-Disposition: attachment;\r\n filename*1*=%2Ee; filename*0=a;\r\n\tfilename*2=xe",
                      b'Content-Disposition: attachment; filename="a.txt"; filename=a.exe'):
            self.deliver("550 5.6.0", message=with_name(field))
        self.wait_until(lambda: any('"a.exe" (*.exe)' in one["check_mime"] for one in self.godwit.events("rejected")), "it is logged")
        passed = queued_id(self.deliver(message=with_attachment("setup.exe")))
        self.assertEqual(self.evidence(passed), ("none", "parts=2 depth=1"))
        self.godwit.mailbox(TO).wait(1)
        held = queued_id(self.deliver(message=with_attachment("a.zip")))
        self.assertEqual(self.evidence(held)[0], "quarantine")
        self.assertIn("a.zip", self.godwit.control("queue", "list", "--state", "held").stdout)
        self.assertIn("parts=2 depth=1; Attachments such as", self.godwit.control("trace", held).stdout)
        self.assertIn("a.zip", self.godwit.wait_event("held", id=held)["reason"])
        self.godwit.control("queue", "release", held)
        self.godwit.mailbox(TO).wait(2)

    def test_contradictions_are_marked(self):
        self.judge("mime", "header", header={"missing_message_id": "header"})
        self.deliver(message=with_name(b"Content-Type: text/plain\r\nContent-Type: text/html"))
        (stored,) = self.godwit.mailbox(TO).wait()
        found = [value for name, value in email.message_from_bytes(stored.raw).items() if name == "X-Godwit-Finding"]
        self.assertEqual([" ".join(value.split()) for value in found],
                         ["The message has a part with several Content-Type (RFC 2045)",
                          "The message has no Message-ID (RFC 5322)"])

    def test_headers_have_a_bound(self):
        self.judge("header", header={"most_bytes": "64KiB", "most_fields": 100})
        self.assertIn("more than 65536 bytes", self.deliver("550 5.6.0", message=HEADER + b"X: " + b"a" * 70000 + b"\r\n\r\n"))
        self.assertIn("more than 100 fields", self.deliver("550 5.6.0", message=HEADER + b"X: a\r\n" * 100 + b"\r\n"))
        self.deliver(message=HEADER + b"\r\nHello\r\n")

    def test_bombs_cost_a_moment(self):
        self.judge("mime", "header")
        deep = HEADER + b"Content-Type: multipart/mixed; boundary=x0x\r\n\r\n" + b"".join(
            b"--x%dx\r\nContent-Type: multipart/mixed; boundary=x%dx\r\n\r\n" % (i, i + 1) for i in range(20000))
        wide = HEADER + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 500000
        line = HEADER + b"Content-Type: multipart/mixed; boundary=b;" + b" a=b;" * 2000000 + b"\r\n\r\n--b\r\n\r\n--b--\r\n"
        began = time.monotonic()
        self.assertIn("deep", self.deliver("550 5.6.0", message=deep))
        self.assertIn("more than 1000 parts", self.deliver("550 5.6.0", message=wide))
        self.assertIn("than is looked at", self.deliver("550 5.6.0", message=line))
        self.assertLess(time.monotonic() - began, 60)
        self.assert_memory(self.godwit.most_memory(), 200 * 1024)  # the messages have 5 to 10 MiB
        self.deliver()

    def test_the_next_message_of_a_connection_is_another(self):
        self.judge("mime")
        with Dialogue(self.godwit.address, source=self.client) as dialogue:
            dialogue.envelope("mod@abc.example", TO, hello="EHLO mail.abc.example")
            dialogue.data(with_attachment("a.exe"), "550")
            dialogue.envelope("mod@abc.example", TO, hello=None)
            dialogue.data(with_attachment("a.txt"), "250")


if __name__ == "__main__":
    main()
