#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The generator sends what it says it sent, in each of its ways, and the sink counts it, however it is cut into pieces.  As the limit
server it has synced what it says 250 to."""

import pathlib
import select
import sys
import types

sys.path[:0] = [str(pathlib.Path(__file__).parents[2] / "system"), str(pathlib.Path(__file__).parents[1])]

from support.dialogue import Dialogue  # noqa: E402
from support.faults import Faults  # noqa: E402
from support.scenario import Scenario, main, wait_until  # noqa: E402
from load.programs import Load, Sink, send  # noqa: E402
from load.sync_counter import SyncCounter  # noqa: E402

DIALOGUE = (b"EHLO x\r\nMAIL FROM:<a>\r\nRCPT TO:<b>\r\nRCPT TO:<c>\r\nDATA\r\nSubject: x\r\n\r\n..\r\nx\r\n.x\r\n\r\n.\r\n"
            b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n.\r\nMAIL FROM:<a>\r\nRCPT TO:<b>\r\nBDAT 5\r\nhelloBDAT 0 LAST\r\n"
            b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nbdat 5 LAST\r\nhelloQUIT\r\n")
REPLIES = "250 250 250 250 354 250 250 250 354 250 250 250 250 250 250 250 250 221".split()
MESSAGES, RECIPIENTS = 4, 5


class LoadIsCounted(Scenario):
    def setUp(self):
        super().setUp()
        self.address = self.net.host(1)
        self.sink = Sink(self, self.address, chunking=True)

    def assert_arrives(self, load, connections=None):
        before = self.sink.counts()
        sent = send(self.sink.endpoint, load)
        after = self.sink.counts()
        arrived = {key: after[key] - before[key] for key in ("messages", "recipients", "bytes", "connections")}
        end = 0 if load.bdat else len(".\r\n")
        self.assertEqual(arrived, {"messages": sent["messages"], "recipients": sent["messages"] * load.recipients,
                                   "bytes": sent["messages"] * (load.size + end), "connections": sent["connections"]})
        self.assertEqual(sent["connections"], connections or load.sessions)
        return sent

    def test_each_way_to_send(self):
        few = Load(sessions=3, messages=50, recipients=3)
        for pipelining in ("none", "envelope", "all"):
            for bdat in (False, True):
                with self.subTest(pipelining=pipelining, bdat=bdat):
                    self.assertEqual(self.assert_arrives(few.but(pipelining=pipelining, bdat=bdat))["messages"], 50)

    def test_one_message_a_connection(self):
        # Those that have nothing left to send have connected all the same.
        self.assert_arrives(Load(sessions=1, messages=20, per_connection=1), connections=20)
        self.assert_arrives(Load(sessions=1, messages=20, per_connection=3), connections=7)

    def test_large_messages(self):
        self.assert_arrives(Load(sessions=2, messages=4, size=3_000_000))

    def test_many_recipients(self):
        self.assert_arrives(Load(sessions=2, messages=6, recipients=1000))

    def test_an_even_rate(self):
        sent = self.assert_arrives(Load(sessions=3, messages=100, rate=400, pipelining="envelope"))
        self.assertGreater(sent["seconds"], 99 / 400 - 0.01)

    def test_a_reply_that_is_not_good_ends_it(self):
        with self.assertRaisesRegex(AssertionError, "the server does not offer CHUNKING"):
            send(Sink(self, self.net.host(2)).endpoint, Load(messages=1, sessions=1, bdat=True))

    def test_the_sink_reads_all_pieces_alike(self):
        cuts = [[DIALOGUE[:at], DIALOGUE[at:]] for at in range(1, len(DIALOGUE))]
        cuts += [[DIALOGUE], [DIALOGUE[at:at + 1] for at in range(len(DIALOGUE))]]
        for pieces in cuts:
            with Dialogue(self.address) as client:
                for piece in pieces:
                    client.send(piece)
                self.assertEqual([client.reply()[:3] for _ in REPLIES], REPLIES)
        counts = self.sink.counts()
        self.assertEqual((counts["messages"], counts["recipients"]), (MESSAGES * len(cuts), RECIPIENTS * len(cuts)))


class LimitIsSynced(Scenario):
    def start(self, launcher):
        self.journal = self.folder / "journal"
        self.address = self.net.host(1)
        return Sink(self, self.address, chunking=True, journal=self.journal, launcher=launcher)

    def start_counted(self):
        syncs = SyncCounter(self.folder)
        return self.start(["env", *(f"{name}={value}" for name, value in syncs.environment.items())]), syncs

    def test_250_is_said_when_the_message_is_on_the_disk(self):
        host = types.SimpleNamespace(folder=self.folder)
        faults = Faults(self, host)
        self.start(host.launcher)
        faults.fail("stall")
        with Dialogue(self.address) as client, Dialogue(self.address) as other:
            client.envelope("a@abc.example", "b@xyz.example")
            client.say("DATA", "354")
            client.send(b"Subject: x\r\n\r\nkept\r\n.\r\n")
            wait_until(lambda: b"kept\r\n.\r\n" in self.journal.read_bytes(), "the message is written")
            other.say("EHLO x", "250")  # others are served meanwhile
            self.assertEqual(select.select([client.socket], [], [], 0.1)[0], [])
            faults.mend("stall")
            client.expect("250")

    def test_a_lone_message_takes_one_sync(self):
        sink, syncs = self.start_counted()
        before = syncs.count()
        send(sink.endpoint, Load(sessions=1, messages=20, pipelining="none"))
        self.assertEqual(syncs.count() - before, 20)

    def test_many_share_a_sync(self):
        sink, syncs = self.start_counted()
        for load in (Load(sessions=20, messages=2000), Load(sessions=20, messages=2000, per_connection=3, bdat=True)):
            before, counted = sink.counts()["messages"], syncs.count()
            send(sink.endpoint, load)
            self.assertEqual(sink.counts()["messages"] - before, 2000)
            self.assertLess(syncs.count() - counted, 1500, load)


if __name__ == "__main__":
    main()
