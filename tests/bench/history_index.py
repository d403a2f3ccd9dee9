#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the history and its index cost those who send mail: messages a second without a history, with one, and with its index.

    tests/bench/history_index.py [ROUNDS] [MESSAGES]        default 5 rounds of 60000; takes some minutes

Each run has a fresh daemon with empty folders.  Rounds have all three in turn, each round begins with another, and the medians are
compared round by round.  Mail is accepted and thrown away (`deliver: discard:`), so that each message has its whole life in the history.
"""

import pathlib
import statistics
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from support.godwit import Godwit  # noqa: E402
from support.programs import smtp_source  # noqa: E402
from support.scenario import Scenario, wait_until  # noqa: E402

HISTORIES = {"none": {"keep": "0s"}, "events": {"index": False}, "index": {}}
WARM_UP = 400
SIZE = 4096


class HistoryIndex(Scenario):
    rounds, count = 5, 60_000

    def send(self, count):
        smtp_source(self, self.godwit.address, "-s", "20", "-d", "-m", count, "-l", SIZE, "-f", "news@abc.example", "-t", "a@drop.example", timeout=600)

    def run_once(self, name, number):
        self.godwit = Godwit(self, f"{name}-{number}", hostname="mail.xyz.example", address=self.net.host(1), history=HISTORIES[name],
                             spool={"segment_size": "64MiB"}, log={"level": "info", "format": "text"})
        self.godwit.config["domains"]["drop.example"] = {"deliver": "discard:", "recipients": "any"}
        self.godwit.start()
        self.send(WARM_UP)
        began = time.monotonic()
        self.send(self.count)
        rate = self.count / (time.monotonic() - began)
        history = self.godwit.status()["history"]
        self.assertEqual(history["lost"], 0)
        wait_until(lambda: self.godwit.status()["history"]["not_indexed"] < 2 << 20, "the index has come after", timeout=120)
        caught_up = time.monotonic() - began - self.count / rate
        after = self.godwit.status()["history"]
        self.godwit.stop(timeout=60)
        print(f"{name:8} {rate:8.0f} messages/s   at its end not indexed {history['not_indexed'] >> 20:4} MiB of {history['bytes'] >> 20:4}, "
              f"{caught_up:5.1f} s later all; index {after['index_bytes'] >> 20} MiB", flush=True)
        return rate

    def test_paired(self):
        rates = {name: [] for name in HISTORIES}
        names = list(HISTORIES)
        for number in range(self.rounds):
            for name in names[number % 3:] + names[:number % 3]:
                rates[name].append(self.run_once(name, number))
        for name, some in rates.items():
            print(f"{name:8} median {statistics.median(some):8.0f} ({min(some):.0f}–{max(some):.0f})")
        for one, other in (("events", "none"), ("index", "events"), ("index", "none")):
            ratios = [a / b for a, b in zip(rates[one], rates[other])]
            print(f"{one} against {other}: median {(statistics.median(ratios) - 1) * 100:+.1f} % ({(min(ratios) - 1) * 100:+.1f} to {(max(ratios) - 1) * 100:+.1f})")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        HistoryIndex.count = int(sys.argv.pop())
    if len(sys.argv) > 1:
        HistoryIndex.rounds = int(sys.argv.pop())
    unittest.main()
