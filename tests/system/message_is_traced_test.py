#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What happened to a message, and what happens next: godwitctl trace, before and after a restart and with a damaged history."""

from support.certificate import Certificate
from support.peer import STALL
from support.scenario import main
from support.sending_host import SENDER, SendingHost

TO = "user@far.example"


class MessageIsTraced(SendingHost):
    def trace(self, identity):
        return self.godwit.control_json("trace", identity)

    def traced(self, identity, event):
        """The trace, once it has such an event."""
        return self.wait_until(lambda: event in names(trace := self.trace(identity)) and trace, f"{identity} is {event}")

    def test_delivered(self):
        peer = self.mx("far.example", 10, "mx.far.example", 2)
        self.start()
        identity, content = self.send(TO)
        self.assert_arrived(peer, content)
        trace = self.traced(identity, "delivered")
        self.assertEqual(names(trace), ["accepted", "attempt", "delivered"])
        self.assertIsNone(trace["message"])
        accepted, attempt, delivered = trace["events"]
        self.assertEqual((accepted["from"], accepted["to"]), (f"<{SENDER}>", f"<{TO}>"))
        self.assertEqual((attempt["to"], attempt["route"]), ("far.example", "smtp:mx.far.example"))
        self.assertEqual(delivered["to"], f"<{TO}>")
        said = [line["text"] for line in attempt["transcript"] if line["who"] == "we"]
        self.assertTrue(said[0].startswith("EHLO "), said)
        self.assertIn(f"RCPT TO:<{TO}>", said)
        heard = [line["text"] for line in attempt["transcript"] if line["who"] == "peer"]
        self.assertEqual((heard[0], heard[1]), ("220 mx.far.example ESMTP scripted", "250-mx.far.example"))
        notes = [line["text"] for line in attempt["transcript"] if line["who"] == "note"]
        self.assertEqual(notes[0], f"connecting to mx.far.example[{peer.address}]:{peer.port}")
        self.assertTrue(notes[1].startswith("the message, "), notes)
        times = [line["ms"] for line in attempt["transcript"]]
        self.assertEqual(times, sorted(times))
        self.assertFalse([line for line in attempt["transcript"] if "Subject" in line["text"]], "the message itself is not in it")

    def test_deferred_then_delivered_with_what_happens_next(self):
        peer = self.mx("far.example", 10, "mx.far.example", 2, script={"RCPT": ["450 4.2.1 mailbox busy", "250 2.1.5 Ok"]})
        self.start(delivery={"retry": {"first": "1h", "max": "1h"}})
        identity, content = self.send(TO)
        trace = self.traced(identity, "deferred")
        destination, = trace["message"]["destinations"]
        self.assertEqual((destination["name"], destination["state"], destination["attempts"]), ("far.example", "waiting", 1))
        self.assertEqual(destination["reason"], "waits for its retry time")
        text = self.godwit.control("trace", identity).stdout
        self.assertIn("< 450 4.2.1 mailbox busy", text)
        self.assertIn("What happens next:", text)
        self.assertIn("waits for its retry time", text)
        self.godwit.control("queue", "retry", identity)
        self.assert_arrived(peer, content)
        trace = self.traced(identity, "delivered")
        self.assertEqual(names(trace), ["accepted", "attempt", "deferred", "attempt", "delivered"])
        self.assertIn("Nothing more happens", self.godwit.control("trace", identity).stdout)

    def test_bounced_and_the_report(self):
        self.mx("far.example", 10, "mx.far.example", 2, script={"RCPT": "550 5.1.1 nobody of that name"})
        self.start()
        identity, _ = self.send(TO)
        trace = self.traced(identity, "bounced")
        self.assertEqual(names(trace), ["accepted", "attempt", "report", "bounced"])
        report = trace["events"][-2]["id"]
        self.assertNotEqual(report, identity)
        delivered = self.traced(report, "delivered")
        self.assertEqual(names(delivered), ["report", "attempt", "delivered"])
        filed = [line["text"] for line in delivered["events"][1]["transcript"]]
        self.assertTrue(filed[0].startswith("filing into ") and filed[0].endswith("/abc.example/mod"), filed)

    def test_hosts_that_fail_and_silence(self):
        self.mx("far.example", 10, "first.far.example", 2, up=False)
        self.mx("far.example", 20, "second.far.example", 3, script={"MAIL": STALL})
        self.start(delivery={"timeouts": {"command": "1s"}})
        identity, _ = self.send(TO)
        attempt = self.traced(identity, "deferred")["events"][1]
        notes = [line["text"] for line in attempt["transcript"] if line["who"] == "note"]
        self.assertTrue(notes[0].startswith("connecting to first.far.example"), notes)
        self.assertIn("refused", notes[1])
        self.assertTrue(notes[2].startswith("connecting to second.far.example"), notes)
        self.assertIn("timed out", notes[3])

    def test_tls_is_told(self):
        certificate = Certificate(self, "mx.far.example")
        self.mx("far.example", 10, "mx.far.example", 2, certificate=certificate)
        self.start()
        identity, _ = self.send(TO)
        attempt = self.traced(identity, "delivered")["events"][1]
        notes = [line["text"] for line in attempt["transcript"] if line["text"].startswith("TLS")]
        self.assertEqual(len(notes), 1, attempt)
        self.assertRegex(notes[0], r"^TLS: TLSv1\.3 TLS_\S+, certificate .*mx\.far\.example, not trusted: self-signed certificate$")

    def test_after_a_restart_and_with_damaged_files(self):
        peer = self.mx("far.example", 10, "mx.far.example", 2)
        self.start()
        identity, content = self.send(TO)
        self.assert_arrived(peer, content)
        before = self.traced(identity, "delivered")
        self.godwit.restart()
        self.assertEqual(self.trace(identity)["events"], before["events"])
        self.assertEqual(self.godwit.stop(), 0)
        self.godwit.start()
        self.assertEqual(self.trace(identity)["events"], before["events"])
        self.godwit.kill()
        history = self.godwit.folder / "state" / "history"
        for path in history.iterdir():
            path.write_bytes(b"\0garbage\xff" * 1000)
        self.godwit.start()
        self.godwit.wait_event("history_damaged")
        self.assertEqual(self.godwit.control("trace", identity, check=False).returncode, 1)
        later, content = self.send(TO)
        self.assert_arrived(peer, content, 2)
        self.assertEqual(names(self.traced(later, "delivered")), ["accepted", "attempt", "delivered"])

    def test_without_a_history_mail_flows(self):
        peer = self.mx("far.example", 10, "mx.far.example", 2)
        self.start(delivery={"retry": {"first": "1h", "max": "1h"}})
        self.godwit.kill()
        (self.godwit.folder / "state" / "history").write_text("in the way")
        self.godwit.start()
        identity, content = self.send(TO)
        self.assert_arrived(peer, content)
        self.godwit.wait_event("history_not_written")
        self.assertEqual(self.godwit.control("trace", identity, check=False).returncode, 1)

    def test_unknown_ids(self):
        self.start()
        unknown = self.godwit.control("trace", "06ZQ3W8K1M4TR", check=False)
        self.assertEqual(unknown.returncode, 1)
        self.assertIn("no such message", unknown.stderr)
        self.assertEqual(self.godwit.control("trace", "nonsense", check=False).returncode, 2)


def names(trace):
    return [event["event"] for event in trace["events"]]


if __name__ == "__main__":
    main()
