#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What administrators cost those who send mail: messages a second accepted beside 100,000 that wait, while nobody asks anything, and while every
route of the API and every command of godwitctl is used, one after the other.

    tests/bench/commands_beside_mail.py [ROUNDS] [MESSAGES]        default 7 rounds of 2 × 60000; needs -DGODWIT_TESTS=ON

Each round has both, the one or the other first; the medians are compared round by round.  What comes is accepted and thrown away (`deliver:
discard:`).  Commands follow each other with a rest of 50 ms; those that change the queue (hold, retry, bounce, delete) do.
"""

import pathlib
import statistics
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from support.long_queue import COMMANDS, LongQueueHost  # noqa: E402
from support.programs import smtp_source  # noqa: E402

WARM_UP = 2000
SIZE = 4096
REST = 0.05


class Administrator(threading.Thread):
    """Uses one after the other, until he is stopped; how long each took until its first word."""

    def __init__(self, case):
        super().__init__()
        self.case, self.took, self.ended, self.failure = case, [], threading.Event(), None
        self.uses = [lambda words=words: case.command(words) for words in COMMANDS]
        self.uses += [lambda method=method, target=target: case.first_byte(method, target.format(id=next(case.ids)))
                      for method, target in case.asked()]

    def run(self):
        try:
            while True:
                for use in self.uses:
                    self.took.append(use())
                    if self.ended.wait(REST):
                        return
        except Exception as failure:  # said by stop()
            self.failure = failure

    def stop(self):
        self.ended.set()
        self.join()
        if self.failure:
            raise self.failure
        return sorted(self.took)


class CommandsBesideMail(LongQueueHost):
    rounds, count = 7, 60_000

    def send(self, count):
        smtp_source(self, self.godwit.address, "-s", "20", "-d", "-m", count, "-l", SIZE, "-f", "news@abc.example", "-t", "a@drop.example", timeout=600)

    def rate(self):
        began = time.monotonic()
        self.send(self.count)
        return self.count / (time.monotonic() - began)

    def rate_beside_commands(self):
        administrator = Administrator(self)
        administrator.start()
        rate = self.rate()
        took = administrator.stop()
        print(f"    {len(took)} uses, until their first word: median {statistics.median(took) * 1000:.0f} ms, most {took[-1] * 1000:.0f} ms", flush=True)
        return rate

    def test_paired(self):
        self.send(WARM_UP)
        rates = {self.rate: [], self.rate_beside_commands: []}
        for number in range(self.rounds):
            for measure in list(rates)[::-1 if number % 2 else 1]:
                rates[measure].append(measure())
                print(f"{measure.__name__:24} {rates[measure][-1]:8.0f} messages/s", flush=True)
        alone, beside = rates.values()
        ratios = [b / a for a, b in zip(alone, beside)]
        print(f"alone {statistics.median(alone):.0f} ({min(alone):.0f}–{max(alone):.0f}), beside commands {statistics.median(beside):.0f} "
              f"({min(beside):.0f}–{max(beside):.0f}): {(statistics.median(ratios) - 1) * 100:+.1f} % ({(min(ratios) - 1) * 100:+.1f} to {(max(ratios) - 1) * 100:+.1f})")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        CommandsBesideMail.count = int(sys.argv.pop())
    if len(sys.argv) > 1:
        CommandsBesideMail.rounds = int(sys.argv.pop())
    unittest.main()
