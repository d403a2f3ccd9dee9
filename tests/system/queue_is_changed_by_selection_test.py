#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""godwitctl queue list, hold, release, bounce, delete and retry of many messages at once, while mail flows."""

import email
import threading

from support.dialogue import Dialogue
from support.message import message
from support.scenario import main
from support.sending_host import SENDER, SendingHost

MANY = 3000


class QueueIsChangedBySelection(SendingHost):
    def setUp(self):
        super().setUp()
        self.busy = self.mx("busy.example", 10, "mx.busy.example", 2, up=False)
        self.far = self.mx("far.example", 10, "mx.far.example", 3)

    def fill(self, groups):
        """groups: (sender, recipient, how many); one session."""
        content = message(body="x\r\n")
        with Dialogue(self.godwit.address) as client:
            client.say("EHLO client.abc.example", "250")
            for sender, recipient, count in groups:
                for _ in range(count):
                    client.send(f"MAIL FROM:<{sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode())
                    for expected in ("250", "250", "354"):
                        client.expect(expected)
                    client.send(content + b".\r\n")
                    client.expect("250")
            client.quit()

    def listed(self, *words):
        return self.godwit.control_json("queue", "list", *words)["messages"]

    def changed(self, *words):
        return self.godwit.control_json("queue", *words)["count"]

    def test_thousands_are_held_listed_and_deleted_while_mail_flows(self):
        self.start(delivery={"retry": {"first": "1h", "max": "1h"}})
        self.fill([("news@abc.example", "a@busy.example", MANY), ("other@abc.example", "b@busy.example", 10)])
        stop, sent = threading.Event(), []

        def letters():
            while not stop.is_set():
                sent.append(self.send("user@far.example")[0])

        writer = threading.Thread(target=letters)
        writer.start()
        try:
            before = len(self.far.transactions)
            self.assertEqual(self.changed("hold", "--sender", "news@*"), MANY)
            self.assertEqual(len(self.listed("--state", "held", "--destination", "busy.example")), MANY)
            self.assertEqual(len(self.listed("--sender", "news@abc.example", "--limit", "1234")), 1234)
            self.assertEqual(self.changed("delete", "--state", "held", "--recipient", "a@busy.example"), MANY)
            during = len(self.far.transactions)
        finally:
            stop.set()
            writer.join()
        self.assertGreater(during, before, "mail flowed meanwhile")
        self.far.wait(len(sent))
        self.assertEqual(self.godwit.status()["queue"]["held"], 0)
        self.wait_until(lambda: self.godwit.queued() == 10, "the others are still there")
        self.assertEqual(self.godwit.stop(), 0)
        self.godwit.start()
        self.assertEqual(self.godwit.queued(), 10)
        self.wait_until(lambda: len(self.listed()) == 10, "all are queued again")
        self.assertEqual({each["sender"] for each in self.listed()}, {"other@abc.example"})

    def test_as_many_as_are_asked_for(self):
        self.start(delivery={"retry": {"first": "1h", "max": "1h"}})
        self.fill([(SENDER, "a@busy.example", 1100)])
        self.assertEqual(self.changed("hold", "--sender", SENDER, "--limit", "1050"), 1050)  # more than a page
        self.assertEqual(len(self.listed("--state", "held")), 1050)
        for verb in ("retry", "release", "bounce", "delete"):
            self.assertEqual(self.changed(verb, "--recipient", "a@busy.example", "--limit", "7"), 7, verb)
        self.assertEqual(self.changed("delete", "--all", "--limit", "5000"), 1100 - 14)
        id, _ = self.send("a@busy.example")
        self.assertEqual(self.godwit.control("queue", "hold", id, "--limit", "1", check=False).returncode, 2)

    def test_what_is_bounced_comes_back_with_the_administrators_words(self):
        self.start(delivery={"retry": {"first": "1h", "max": "1h"}})
        self.send(["gone@busy.example", "stays@busy.example"])
        self.godwit.wait_event("deferred")
        self.wait_until(lambda: self.listed("--state", "waiting"), "it waits")
        self.assertEqual(self.changed("bounce", "--recipient", "nobody@busy.example"), 0)
        self.assertEqual(self.changed("bounce", "--recipient", "gone@*", "--reason", "closed & gone"), 1)
        report = email.message_from_bytes(self.godwit.mailbox(SENDER).wait()[0].content)
        fields = report.get_payload()[1].get_payload()[1]
        self.assertEqual(fields["final-recipient"].split(";")[1].strip(), "gone@busy.example")
        self.assertEqual(fields["action"], "failed")
        self.assertIn("closed & gone", " ".join(fields["diagnostic-code"].split()))
        [left] = self.listed()
        self.assertEqual(left["recipients"], ["stays@busy.example"])
        self.busy.up()
        self.assertEqual(self.changed("retry", "--older", "0s", "--destination", "busy.example"), 1)
        self.assertEqual(self.busy.wait()[0].recipients, ["stays@busy.example"])
        self.godwit.wait_empty_queue()

    def test_held_mail_is_released_by_selection_also_after_a_restart(self):
        self.start(delivery={"retry": {"first": "1h", "max": "1h"}})
        self.fill([(SENDER, "a@busy.example", 3), (SENDER, "b@busy.example", 2)])
        # Some wait for their next attempt, the others for the destination to be back.
        self.wait_until(lambda: len(self.listed("--state", "waiting") + self.listed("--state", "due")) == 5, "all wait")
        self.assertEqual(self.changed("hold", "--all"), 5)
        self.assertEqual(self.godwit.stop(), 0)
        self.godwit.start()
        self.wait_until(lambda: len(self.listed("--state", "held")) == 5, "all are held still")
        self.busy.up()
        self.assertEqual(self.changed("release", "--recipient", "b@busy.example"), 2)
        self.busy.wait(2)
        self.assertEqual(len(self.listed("--state", "held")), 3)

    def test_what_was_answered_survives_a_kill(self):
        self.start(delivery={"retry": {"first": "1h", "max": "1h"}})
        self.fill([(SENDER, "a@busy.example", 120), (SENDER, "b@busy.example", 120), (SENDER, "c@busy.example", 1)])
        self.godwit.control("queue", "hold", "--all")
        self.godwit.restart()
        self.wait_until(lambda: len(self.listed("--state", "held")) == 241, "all are held still")
        [last] = self.listed("--recipient", "c@busy.example")
        self.godwit.control("queue", "delete", last["id"])
        self.godwit.control("queue", "delete", "--recipient", "a@busy.example")
        self.godwit.restart()
        self.assertEqual(self.godwit.queued(), 120)
        self.wait_until(lambda: len(self.listed()) == 120, "all are queued again")
        self.assertEqual({tuple(each["recipients"]) for each in self.listed()}, {("b@busy.example",)})

    def test_a_change_needs_to_know_of_what(self):
        self.start()
        for verb in ("retry", "hold", "release", "bounce", "delete"):
            self.assertEqual(self.godwit.control("queue", verb, check=False).returncode, 2, verb)
        self.assertEqual(self.godwit.control("queue", "hold", "--state", "lost", check=False).returncode, 1)
        self.assertEqual(self.godwit.control("queue", "list", "--older", "soon", check=False).returncode, 1)
        self.assertIn("No such message", self.godwit.control("queue", "list", "--sender", "x@y.example").stdout)


if __name__ == "__main__":
    main()
