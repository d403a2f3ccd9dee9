#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What administrators cost those who send mail: messages a second accepted beside 100,000 that wait, while nobody asks anything, and while every
route of the API and every command of godwitctl is used, one after the other.

    tests/bench/commands_beside_mail.py [ROUNDS] [MESSAGES] [REST]        default 7 rounds; batches of 10000; needs -DGODWIT_TESTS=ON

Each round has both, the one or the other first; the medians are compared round by round.  What comes is accepted and thrown away (`deliver:
discard:`), batch after batch, until everything has been used once, and as many batches alone.  Commands follow each other with a rest of so many
seconds (1: an administrator in haste); those that change the queue (hold, retry, bounce, delete) do.
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


class Administrator(threading.Thread):
    """Uses one after the other; how long each took until its first word."""

    def __init__(self, case):
        super().__init__()
        self.case, self.took, self.failure = case, [], None
        self.uses = [lambda words=words: case.command(words) for words in COMMANDS]
        self.uses += [lambda method=method, target=target: case.first_byte(method, target.format(id=next(case.ids)))
                      for method, target in case.asked()]

    def run(self):
        try:
            for use in self.uses:
                self.took.append(use())
                time.sleep(self.case.rest)
        except Exception as failure:  # said by result()
            self.failure = failure

    def result(self):
        self.join()
        if self.failure:
            raise self.failure
        return sorted(self.took)


class CommandsBesideMail(LongQueueHost):
    rounds, count, rest = 7, 10_000, 1.0

    def send(self, count):
        smtp_source(self, self.godwit.address, "-s", "20", "-d", "-m", count, "-l", SIZE, "-f", "news@abc.example", "-t", "a@drop.example", timeout=600)

    def alone(self, batches):
        began = time.monotonic()
        for _ in range(batches):
            self.send(self.count)
        return batches * self.count / (time.monotonic() - began)

    def beside_commands(self):
        """Messages a second, and in how many batches."""
        administrator, batches = Administrator(self), 0
        began = time.monotonic()
        administrator.start()
        while administrator.is_alive():
            self.send(self.count)
            batches += 1
        rate = batches * self.count / (time.monotonic() - began)
        took = administrator.result()
        print(f"    {len(took)} uses, until their first word: median {statistics.median(took) * 1000:.0f} ms, most {took[-1] * 1000:.0f} ms", flush=True)
        return rate, batches

    def test_paired(self):
        self.send(WARM_UP)
        alone, beside, batches = [], [], 5
        for number in range(self.rounds):
            if number % 2:
                alone.append(self.alone(batches))
            rate, batches = self.beside_commands()
            beside.append(rate)
            if not number % 2:
                alone.append(self.alone(batches))
            print(f"alone {alone[-1]:8.0f} messages/s, beside commands {beside[-1]:8.0f}", flush=True)
        ratios = [b / a for a, b in zip(alone, beside)]
        print(f"alone {statistics.median(alone):.0f} ({min(alone):.0f}–{max(alone):.0f}), beside commands {statistics.median(beside):.0f} "
              f"({min(beside):.0f}–{max(beside):.0f}): {(statistics.median(ratios) - 1) * 100:+.1f} % ({(min(ratios) - 1) * 100:+.1f} to {(max(ratios) - 1) * 100:+.1f})")


if __name__ == "__main__":
    if len(sys.argv) > 3:
        CommandsBesideMail.rest = float(sys.argv.pop())
    if len(sys.argv) > 2:
        CommandsBesideMail.count = int(sys.argv.pop())
    if len(sys.argv) > 1:
        CommandsBesideMail.rounds = int(sys.argv.pop())
    unittest.main()
