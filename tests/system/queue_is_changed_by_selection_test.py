#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""godwitctl queue list, hold, release, bounce, delete and retry of many messages at once, while mail flows."""

import email
import json
import threading

from support.dialogue import Dialogue
from support.message import message
from support.peer import STALL
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

    def items(self, id):
        """destination → state, of what of the message is in the queue."""
        shown = self.godwit.control("queue", "show", id, "--json", check=False)
        if shown.returncode != 0:
            return {}
        return {each["name"]: each["state"] for each in json.loads(shown.stdout)["destinations"]}

    def start_with_states(self):
        """Where mail is held by a route, waits for its next attempt, is due but suspended, and is being delivered."""
        self.later = self.mx("waiting.example", 10, "mx.waiting.example", 4, script={"RCPT": "451 4.7.1 later"})
        self.slow = self.mx("active.example", 10, "mx.active.example", 5, script={"dot": STALL})
        self.kept = self.mx("held.example", 10, "mx.held.example", 6)
        self.start(delivery={"retry": {"first": "1h", "max": "1h"}}, routes=[{"domains": ["held.example"], "hold": True}])
        self.godwit.control("delivery", "suspend", "--destination", "due.example")

    def send_to(self, states):
        """A message of which one delivery is in each of these states; its id."""
        id, _ = self.send([f"{state}@{state}.example" for state in states])
        wanted = {f"{state}.example": state for state in states}
        self.wait_until(lambda: self.items(id) == wanted, f"{id}: {wanted}")
        return id

    def test_only_what_is_in_that_state_is_deleted_or_bounced(self):
        self.start_with_states()
        left = {"held", "waiting", "due", "active"}
        id = self.send_to(left)
        for verb, state in (("bounce", "active"), ("delete", "active"), ("bounce", "due"), ("delete", "held")):
            before = self.items(id)
            is_left_alone = (verb, state) == ("bounce", "active")
            self.assertEqual(self.changed(verb, "--state", state), 0 if is_left_alone else 1, (verb, state))
            left -= set() if is_left_alone else {state}
            recipients = self.godwit.control_json("queue", "show", id)["recipients"]
            self.assertEqual({each["address"].split("@")[0] for each in recipients if each["state"] == "waiting"}, left)
            if state != "active":  # else it leaves the queue when the delivery ends
                del before[f"{state}.example"]
            self.assertEqual(self.items(id), before, (verb, state))
        self.assertEqual(self.kept.transactions, [])
        report = email.message_from_bytes(self.godwit.mailbox(SENDER).wait()[0].content)
        failed = report.get_payload()[1].get_payload()[1:]
        self.assertEqual([each["final-recipient"] for each in failed], ["rfc822; due@due.example"])

    def test_every_change_means_what_its_words_mean(self):
        self.start_with_states()
        everything = {"held", "waiting", "due"}
        selectors = {("--all",): everything, ("--sender", SENDER): everything, ("--sender", "other@*"): set(),
                     ("--recipient", "waiting@*"): {"waiting"}, ("--recipient", "@held.example"): {"held"},
                     ("--destination", "due.*"): {"due"}, ("--state", "held"): {"held"}, ("--state", "waiting"): {"waiting"},
                     ("--state", "due"): {"due"}, ("--state", "active"): set(), ("--older", "0s"): everything,
                     ("--state", "held", "--recipient", "waiting@*"): set(),
                     ("--state", "held", "--destination", "due.example"): set(),
                     ("--sender", SENDER, "--state", "waiting"): {"waiting"}, ("--older", "1h"): set(),
                     ("--older", "1h", "--state", "held"): set(), ("--older", "0s", "--state", "waiting"): {"waiting"}}
        for words, meant in selectors.items():
            for verb, check in (("retry", self.are_retried), ("hold", self.is_held), ("release", self.is_released),
                                ("bounce", self.are_gone), ("delete", self.are_gone)):
                with self.subTest(verb=verb, words=words):
                    id = self.send_to(everything)
                    if words != ("--all",):
                        self.assertEqual([each["id"] for each in self.listed(*words)], [id] if meant else [])
                    self.before, self.asked_before = self.items(id), self.asked()
                    self.assertEqual(self.changed(verb, *words), 1 if meant else 0)
                    check(id, meant)
                self.godwit.control("queue", "delete", "--all")

    def asked(self):
        return sum(command.upper().startswith("RCPT") for command in self.later.commands)

    def are_retried(self, id, meant):
        """What is held stays so, and what is suspended; the rest is tried when it is meant, and only then."""
        tried = 1 if "waiting" in meant else 0
        self.wait_until(lambda: self.asked() == self.asked_before + tried, "it was tried")
        self.wait_until(lambda: self.items(id) == self.before, "it waits again")
        self.assertEqual(self.asked(), self.asked_before + tried)

    def is_held(self, id, meant):
        """The whole message."""
        self.assertEqual(self.items(id), dict.fromkeys(self.before, "held") if meant else self.before)

    def is_released(self, id, meant):
        """The whole message."""
        if meant:
            self.released = getattr(self, "released", 0) + 1
            self.kept.wait(self.released)
            del self.before["held.example"]
        self.wait_until(lambda: self.items(id) == self.before, "what was held is gone")
        self.assertEqual(self.asked(), self.asked_before)

    def are_gone(self, id, meant):
        self.assertEqual(self.items(id), {name: each for name, each in self.before.items() if each not in meant})

    def test_a_change_needs_to_know_of_what(self):
        self.start()
        for verb in ("retry", "hold", "release", "bounce", "delete"):
            self.assertEqual(self.godwit.control("queue", verb, check=False).returncode, 2, verb)
        self.assertEqual(self.godwit.control("queue", "hold", "--state", "lost", check=False).returncode, 1)
        self.assertEqual(self.godwit.control("queue", "list", "--older", "soon", check=False).returncode, 1)
        self.assertIn("No such message", self.godwit.control("queue", "list", "--sender", "x@y.example").stdout)


if __name__ == "__main__":
    main()
