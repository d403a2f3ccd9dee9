#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 under 20 parallel senders, ten times: every acknowledged message arrives at least once."""

import collections
import random
import re
import threading

from support.dialogue import Closed, Dialogue
from support.message import large_body, message
from support.peer import ScriptedPeer
from support.receiving_host import ReceivingHost
from support.scenario import main

SENDERS, KILLS = 20, 10
LOCAL, REMOTE = "somchai@xyz.example", "user@elsewhere.example"
MARK = re.compile(rb"Subject: load-(\d+-\d+)\r\n")


class Sender(threading.Thread):
    """Sends until told to stop; remembers what was acknowledged.  Failures are expected: the daemon is being killed."""

    def __init__(self, address, number, stop):
        super().__init__(daemon=True)
        self.address, self.number, self.stop_event = address, number, stop
        self.acknowledged, self.unanswered, self.count, self.wrong = [], 0, 0, []

    def run(self):
        while not self.stop_event.is_set():
            try:
                with Dialogue(self.address, timeout=10) as client:
                    while not self.stop_event.is_set():
                        self.one(client)
            except (OSError, Closed):
                self.stop_event.wait(0.05)
            except AssertionError as error:
                self.wrong.append(str(error))

    def one(self, client):
        self.count += 1
        mark = f"{self.number}-{self.count}"
        body = large_body(300_000) if self.count % 40 == 7 else large_body(2000)
        to = [LOCAL, REMOTE] if self.count % 10 == 0 else [REMOTE] if self.count % 2 else [LOCAL]
        client.envelope("mod@abc.example", *to)
        client.say("DATA", "354")
        content = message(f"load-{mark}", body=body)
        self.unanswered += 1
        client.send(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        client.expect("250 2.0.0 Ok: queued")
        self.unanswered -= 1
        self.acknowledged += [(mark, address) for address in to]


class Kill9LosesNothing(ReceivingHost):
    def test_under_load(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}")
        moments = random.Random(seed)
        peer = ScriptedPeer(self, 2, "mx.elsewhere.example")
        self.start(routes=[{"domains": ["elsewhere.example"], "next_hop": f"[{peer.address}]:{peer.port}"}],
                   delivery={"connections_per_destination": 20})
        stop = threading.Event()
        senders = [Sender(self.godwit.address, number, stop) for number in range(SENDERS)]
        for sender in senders:
            sender.start()
        pause = threading.Event().wait
        for kill in range(KILLS):
            before = sum(len(sender.acknowledged) for sender in senders)
            # Under load: some mail has gone through since the start; then at any moment.
            self.wait_until(lambda: sum(len(sender.acknowledged) for sender in senders) > before + 20, f"mail before kill {kill}", 60)
            pause(moments.uniform(0, 0.4))
            self.godwit.restart()
        stop.set()
        for sender in senders:
            sender.join(30)
        self.assertEqual([error for sender in senders for error in sender.wrong], [])
        self.godwit.wait_empty_queue(120)

        wanted = collections.Counter(pair for sender in senders for pair in sender.acknowledged)
        arrived = collections.Counter((MARK.search(stored.raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")).group(1).decode(), LOCAL)
                                      for stored in self.godwit.mailbox(LOCAL).messages())
        arrived.update((MARK.search(transaction.content).group(1).decode(), REMOTE) for transaction in peer.transactions)
        lost = [pair for pair in wanted if pair not in arrived]
        duplicates = sum(count - 1 for count in arrived.values())
        unacknowledged = sum(1 for pair in arrived if pair not in wanted)
        print(f"{len(wanted)} acknowledged, {len(lost)} lost, {duplicates} arrived twice, "
              f"{unacknowledged} arrived though their sender saw no reply, {KILLS} kills")
        self.assertEqual(lost, [])
        # At a kill: deliveries under way (20 to the peer, as many local), and outcomes not synced yet.
        self.assertLessEqual(duplicates, KILLS * 2 * 2 * 20)
        self.assertLessEqual(unacknowledged, KILLS * SENDERS * 2)
        quarantine = self.godwit.spool / "quarantine"
        self.assertFalse(quarantine.exists() and any(quarantine.iterdir()), "a crash is no damage")


if __name__ == "__main__":
    main()
