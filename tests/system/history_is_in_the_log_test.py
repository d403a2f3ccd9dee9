#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lines of the log about a message say all that the history knows of it: a history that is written anew from nothing but the log gives
the same answers."""

import collections
import datetime
import itertools
import json
import shutil

from support.history_file import event, frame, number_of, write_history
from support.scenario import main
from support.sending_host import SENDER, SendingHost

LONGEST = 2048  # of a value in the log, which matters to transcripts alone


def counted(events):
    return collections.Counter(json.dumps(one, sort_keys=True) for one in events)


class HistoryIsInTheLog(SendingHost):
    def live_through_everything(self):
        """The ids of messages with every kind of fate."""
        self.mx("far.example", 10, "mx.far.example", 2, script={"RCPT:bad@far.example": "550 5.1.1 \"nobody\" \\ of that name"})
        self.mx("busy.example", 10, "mx.busy.example", 3, script={"RCPT": "450 4.2.1 mailbox busy"})
        self.start(aliases={"team@abc.example": ["mod@abc.example", "ann@far.example"]}, history={"subjects": True},
                   routes=[{"domains": ["held.example"], "hold": True}], delivery={"retry": {"first": "1h", "max": "1h"}})
        ids = [self.send(to)[0] for to in ("ann@far.example", "bad@far.example", "ann@busy.example", "team@abc.example", "bob@held.example",
                                           "carol@held.example", ["ann@far.example", "bad@far.example", "ann@busy.example", "mod@abc.example"])]
        self.godwit.wait_event("report", to=f"<{SENDER}>")
        self.wait_until(lambda: len(self.godwit.events("report")) == 2, "both senders are told")
        for held in ids[4:6]:
            self.godwit.wait_event("held", id=held)
        self.godwit.control("queue", "delete", ids[4])
        self.godwit.control("queue", "release", ids[5])
        self.wait_until(lambda: self.godwit.status()["queue"]["active"] == 0 and self.godwit.status()["queue"]["due"] == 0, "nothing happens any more")
        return ids + [report["id"] for report in self.godwit.events("report")]

    def told(self, ids):
        traces = {one: self.godwit.control_json("trace", one)["events"] for one in ids}
        # Both look at the clock for themselves, and what two threads say at the same moment has no order.
        searches = [("--sender", SENDER), ("--recipient", "ann@*"), ("--destination", "far.example"), ("--outcome", "bounced"),
                    ("--outcome", "deleted"), ("--subject", "*"), ("--message-id", "*"), ("--sender", "<>")]
        found = {words: self.godwit.control_json("history", "search", *words)["messages"] for words in searches}
        for one in itertools.chain(*traces.values(), *found.values()):
            del one["time"]
        return traces, found

    @staticmethod
    def from_log(entry):
        """A line of the log as the history has it."""
        time = datetime.datetime.fromisoformat(entry["time"].replace("Z", "+00:00"))
        fields = {name: value for name, value in entry.items() if name not in ("time", "level", "event")}
        identities = dict.fromkeys(number_of(fields[name]) for name in ("id", "about", "new_id") if fields.get(name))
        return event(entry["event"], round(time.timestamp() * 1000) * 1_000_000, list(identities), fields)

    def test_it_can_be_written_anew(self):
        ids = self.live_through_everything()
        before = self.told(ids)
        kinds = {one["event"] for one in itertools.chain(*before[0].values())}
        self.assertLessEqual({"accepted", "attempt", "delivered", "deferred", "bounced", "held", "released", "deleted", "report"}, kinds)
        self.assertEqual(self.godwit.stop(), 0)
        lines = [entry for entry in self.godwit.events() if list(entry)[3:4] == ["id"]]
        state = self.godwit.folder / "state"
        shutil.rmtree(state / "history")
        (state / "history.sqlite").unlink(missing_ok=True)
        write_history(state, [frame(b"".join(map(self.from_log, lines)))])
        self.godwit.start()
        after = self.told(ids)
        for one in ids:
            lost, added = counted(before[0][one]) - counted(after[0][one]), counted(after[0][one]) - counted(before[0][one])
            self.assertEqual(lost, {}, one)
            # What waits is seen again by the new daemon.
            self.assertLessEqual({json.loads(text)["event"] for text in added}, {"routed"}, one)
        self.assertEqual({words: counted(found) for words, found in after[1].items()},
                         {words: counted(found) for words, found in before[1].items()})
        self.assertEqual(self.godwit.events("history_damaged"), [])

    def test_at_the_usual_level_only_details_are_missing(self):
        ids = self.live_through_everything()
        traces, _ = self.told(ids)
        level = {entry["event"]: entry["level"] for entry in self.godwit.events()}
        told = {one["event"] for one in itertools.chain(*traces.values())}
        self.assertLessEqual({name for name in told if level[name] == "debug"}, {"attempt", "routed", "checked", "envelope"})
        for attempt in self.godwit.events("attempt"):
            self.assertLess(len(attempt["transcript"]), LONGEST + len("..."), "whole")


if __name__ == "__main__":
    main()
