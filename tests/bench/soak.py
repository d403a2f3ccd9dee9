#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Half an hour at 70 % of what the daemon can relay at most: do its memory, its descriptors and its answers stay as they are?

    tests/bench/soak.py [--minutes 30] [--share 0.7] [--rate N] [--json FILE]

Mail of 4 KiB from load_source at an even rate, through the daemon, to load_sink; each ten seconds memory, descriptors, the length of the
queue and the time from the final dot to 250 are written down.  The log is rotated every five minutes, as an administrator would have it.
Before come eleven minutes (or a third), in which caches fill and the log is rotated twice.  What is compared is the median of the first third of
the rest with that of the last.
Exit status 1: something has drifted, or mail is missing.  Needs -DGODWIT_BENCH=ON; TMPDIR says on which disk.
"""

import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from support.scenario import Scenario, die_with_parent, kill_after  # noqa: E402
from load.peers import GodwitPeer, Place  # noqa: E402
from load.programs import Load, Sink, send, source_command  # noqa: E402

SESSIONS = 100
WINDOW = 10        # seconds
ROTATION = 300     # seconds
WARM_UP = 2 * ROTATION + 60  # seconds, but at most a third of what is compared
PEAKS, PEAK_SECONDS = 5, 10
# Each message after the reply to the last, as senders at an even rate must: all at once would be another peak.
LOAD = Load(sessions=SESSIONS, pipelining="envelope")
# By how much the last third may differ from the first.  Of descriptors as many come and go as connections to the sink are open.
MAY_CHANGE = {"pss_kib": 0.02, "descriptors": 0.1, "p50": 0.1, "p99": 0.25}
MAY_FALL = ("descriptors", "p50", "p99")


class Soak(Scenario):
    minutes, share, rate, file = 30.0, 0.7, None, None

    def start(self):
        self.sink = Sink(self, self.net.host(8))
        self.peer = GodwitPeer(self, Place(self.sink.endpoint, "relay", SESSIONS)).start()
        self.sent = 0

    def sample(self, figures):
        """Memory and descriptors are those of all its processes: one has the private keys."""
        memory, processes = self.peer.group.memory(), self.peer.group.processes()
        return {"rate": figures["rate"], **{part: figures["dot_to_reply_ms"][part] for part in ("p50", "p99", "max")},
                "pss_kib": memory["Pss"], "rss_kib": memory["Rss"], "anonymous_kib": memory["Anonymous"], "processes": len(processes),
                "descriptors": sum(len(os.listdir(f"/proc/{process}/fd")) for process in processes), "queued": self.peer.queued()}

    def rotate_log(self):
        log = self.peer.godwit.log_file
        log.rename(log.with_suffix(".1"))
        self.peer.godwit.process.send_signal(signal.SIGHUP)

    def peak(self):
        """Messages a second that reach the sink while senders send all they can, at the slowest: a machine's speed wanders, and what
        it cannot do for a while makes a queue."""
        self.send(LOAD.but(seconds=2))
        peaks = [self.send(LOAD.but(seconds=PEAK_SECONDS)) for _ in range(PEAKS)]
        print("peaks:", *(f"{peak:.0f}" for peak in peaks), flush=True)
        return min(peaks)

    def send(self, load):
        """Messages a second, until the last has come to the sink."""
        sent = send(self.peer.endpoint, load)
        self.sent += sent["messages"]
        last = self.sink.wait(self.sent)["last"]
        self.peer.group.settled()
        return sent["messages"] / (last - sent["began"])

    def windows(self, load):
        """The figures of load_source, as they come; the last are those of all."""
        source = kill_after(self, subprocess.Popen(source_command(self.peer.endpoint, load), stdout=subprocess.PIPE, text=True,
                                                   preexec_fn=die_with_parent), "load_source")
        for line in source.stdout:
            yield json.loads(line)
        self.assertEqual(source.wait(), 0)

    def test_nothing_drifts(self):
        self.start()
        warm_up = min(WARM_UP, self.minutes * 60 / 3)
        rate = self.rate or self.peak() * self.share
        print(f"{rate:.0f} messages/s for {self.minutes:g} minutes", flush=True)
        samples, rotated = [], time.monotonic()
        for figures in self.windows(LOAD.but(seconds=warm_up + self.minutes * 60, rate=rate, report=WINDOW)):
            if figures["of"] == "all":
                self.sent += figures["messages"]
                break
            samples.append(self.sample(figures))
            print("  ".join(f"{key} {value:g}" for key, value in samples[-1].items()), flush=True)
            if time.monotonic() - rotated > ROTATION:
                self.rotate_log()
                rotated = time.monotonic()
        self.sink.wait(self.sent)
        if self.file:
            self.file.write_text(json.dumps(samples, indent=1))
        self.assertEqual(self.sink.counts()["messages"], self.sent)
        self.judge(samples[round(warm_up / WINDOW):-1])  # in the last one clients have left

    def judge(self, settled):
        third = len(settled) // 3
        self.assertGreater(third, 0, "too short to tell")
        drifted = []
        for key, most in MAY_CHANGE.items():
            first, last = (statistics.median(sample[key] for sample in part) for part in (settled[:third], settled[-third:]))
            change = last / first - 1
            if (change if key in MAY_FALL else abs(change)) > most:
                drifted.append(key)
            print(f"{key:12} {first:10.2f} → {last:10.2f}   {change:+.1%} of at most {most:.0%}: "
                  f"{'DRIFTS' if key in drifted else 'flat'}", flush=True)
        self.assertEqual(drifted, [], "drift")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=Soak.minutes)
    parser.add_argument("--share", type=float, default=Soak.share, help="of the peak")
    parser.add_argument("--rate", type=float, help="messages a second, instead of a share of the peak")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    Soak.minutes, Soak.share, Soak.rate, Soak.file = options.minutes, options.share, options.rate, options.json
    unittest.main(argv=sys.argv[:1], verbosity=0)
