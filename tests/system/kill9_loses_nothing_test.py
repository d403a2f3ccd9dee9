#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 under 20 parallel senders, ten times: every acknowledged message arrives at least once."""

import collections
import random
import re
import shutil
import threading

from support.message import large_body, message
from support.peer import ScriptedPeer
from support.receiving_host import ReceivingHost
from support.scenario import main
from support.senders import Senders

SENDERS, KILLS = 20, 10
# Deliveries under way at once: to the peer, and into the mailbox.
CONNECTIONS = 20
LOCAL, REMOTE = "somchai@xyz.example", "user@elsewhere.example"
MARK = re.compile(rb"Subject: (load-\d+-\d+)\r\n")


def compose(sender, mark):
    body = large_body(300_000) if sender.count % 40 == 7 else large_body(2000)
    to = [LOCAL, REMOTE] if sender.count % 10 == 0 else [REMOTE] if sender.count % 2 else [LOCAL]
    return "mod@abc.example", to, message(mark, body=body)


def mark_of(content):
    return MARK.search(content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")).group(1).decode()


class Kill9LosesNothing(ReceivingHost):
    def arrived(self):
        """How often each (mark, recipient) arrived."""
        found = collections.Counter((mark_of(stored.raw), LOCAL) for stored in self.godwit.mailbox(LOCAL).messages())
        found.update((mark_of(transaction.content), REMOTE) for transaction in list(self.peer.transactions))
        return found

    def waiting_on_disk(self):
        """The (mark, recipient) pairs that the spool of the killed daemon will deliver."""
        folder = self.folder / "export"
        self.godwit.control("spool", "export", "--all", "--to", folder, "--directory", self.godwit.spool, timeout=120)
        pairs = {(mark_of(envelope.with_suffix(".eml").read_bytes()), recipient)
                 for envelope in folder.glob("*.envelope")
                 for recipient in re.findall(r"^Recipient: <(.*)> waiting$", envelope.read_text(), re.M)}
        shutil.rmtree(folder)
        return pairs

    def kill(self, repeated):
        """kill -9; what arrived, and will arrive again because its outcome was not durable yet.  Not what an earlier kill made so, and
        has not come since: that is in `repeated`."""
        self.godwit.kill()
        waiting = self.waiting_on_disk()
        # What the daemon had sent is read to its end by the peer.
        self.wait_until(lambda: not self.peer.open_sockets, "the peer has seen the end of its connections")
        return {pair for pair, count in self.arrived().items() if pair in waiting and count > repeated[pair]}

    def test_under_load(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}")
        moments = random.Random(seed)
        self.peer = peer = ScriptedPeer(self, 2, "mx.elsewhere.example")
        self.start(routes=[{"domains": ["elsewhere.example"], "next_hop": f"[{peer.address}]:{peer.port}"}],
                   delivery={"connections_per_destination": CONNECTIONS})
        senders = Senders(self, self.godwit.address, SENDERS, compose, seed=seed).start()
        pause = threading.Event().wait
        repeated = collections.Counter()
        for _ in range(KILLS):
            # Under load: some mail has gone through since the start; then at any moment.
            senders.wait_for_more(20)
            pause(moments.uniform(0, 0.4))
            again = self.kill(repeated)
            # In each connection one delivery may be under way, and one may have an outcome that waits for its sync.
            self.assertLessEqual(len(again), 2 * 2 * CONNECTIONS)
            repeated.update(again)
            self.godwit.start()
        senders.stop()
        self.godwit.wait_empty_queue(120)

        wanted = {(mark, recipient) for mark, recipients in senders.acknowledged().items() for recipient in recipients}
        arrived = self.arrived()
        lost = [pair for pair in wanted if pair not in arrived]
        duplicates = sum(count - 1 for count in arrived.values())
        unacknowledged = sum(1 for pair in arrived if pair not in wanted)
        print(f"{len(wanted)} acknowledged, {len(lost)} lost, {duplicates} arrived twice, "
              f"{unacknowledged} arrived though their sender saw no reply, {KILLS} kills")
        self.assertEqual(lost, [])
        # No other copies than those that were under way at a kill.
        self.assertEqual({pair: count - 1 for pair, count in arrived.items() if count > 1 + repeated[pair]}, {})
        self.assertLessEqual(unacknowledged, KILLS * SENDERS * 2)
        quarantine = self.godwit.spool / "quarantine"
        self.assertFalse(quarantine.exists() and any(quarantine.iterdir()), "a crash is no damage")


if __name__ == "__main__":
    main()
