#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Godwit beside Postfix: under the project's own generator and sink (load/), which pipeline and cost a fraction of what the servers do,
and under Postfix's smtp-source and smtp-sink, beside a limit server.

    tests/bench/side_by_side.py --all                      every scenario; about half an hour
    tests/bench/side_by_side.py accept relay               some of them; --list names them
    tests/bench/side_by_side.py tables                     those of Postfix's tools, and at the end the table of docs/performance.md
    tests/bench/side_by_side.py latency --json FILE        all figures of all repetitions as well

Needs root, -DGODWIT_BENCH=ON and scripts/install-packages test.  In each repetition each server, in turn, is started with an empty
queue, gets some mail to become warm, and is measured once.  The figures are medians; a * stands where others used more than a quarter of
a core meanwhile.  TMPDIR says on which disk.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from support.scenario import BIN  # noqa: E402
from load import table  # noqa: E402
from load.figures import median, ratio, spread  # noqa: E402
from load.peers import GodwitPeer, LimitPeer  # noqa: E402
from load.repetition import Here, alone, measure, measure_latency, measure_memory  # noqa: E402
from load.scenarios import MANY_SESSIONS, OWN, SCENARIOS, SERVERS, TABLES  # noqa: E402
from load.sync_counter import LIBRARY  # noqa: E402

ALONE, LATENCY, ALL_TABLES = "alone", "latency", "tables"
IN_TURN = "accept-in-turn"
NAMES = [ALONE, *OWN, LATENCY, *TABLES]


class Bench:
    def __init__(self, repetitions, seconds, sessions):
        self.repetitions, self.seconds, self.sessions, self.results = repetitions, seconds, sessions, {}

    def scenario(self, name):
        if name == ALONE:
            self._repeat(ALONE, {"nobody": lambda: alone(self._measured("accept"))})
        elif name == LATENCY:
            self._latency()
        else:
            measured = self._measured(name)
            way = measure_memory if measured.idle_clients else measure
            self._repeat(name, {peer.name: lambda peer=peer: way(peer, measured) for peer in measured.servers})
        self._tell(name)

    def _measured(self, name):
        """As it was asked for."""
        load = SCENARIOS[name].load
        if self.seconds and load.seconds:
            load = load.but(seconds=self.seconds)
        if self.sessions and load.sessions == MANY_SESSIONS and name in OWN:
            load = load.but(sessions=self.sessions)
        return dataclasses.replace(SCENARIOS[name], load=load)

    def _repeat(self, name, ways):
        """In turn, and each time another one first."""
        self.results[name] = {who: [] for who in ways}
        order = list(ways)
        for _ in range(self.repetitions):
            for who in order:
                self.results[name][who].append(ways[who]())
            order.append(order.pop(0))

    def _latency(self):
        """Clients that wait for the reply, as those that send at an even rate must; the limit server does what Godwit does."""
        if IN_TURN not in self.results:
            self.scenario(IN_TURN)
        half = {peer.name: median(self.results[IN_TURN][peer.name], "rate") / 2 for peer in SERVERS}
        half[LimitPeer.name] = half[GodwitPeer.name]
        seconds = 2 * (self.seconds or 3)
        self._repeat(LATENCY, {peer.name: lambda peer=peer: measure_latency(peer, self._measured(IN_TURN), half[peer.name], seconds)
                               for peer in (*SERVERS, LimitPeer)})

    # ---- what is printed ------------------------------------------------------------------------------------------

    def _tell(self, name):
        if name == LATENCY:
            return self._tell_latency()
        measured = SCENARIOS.get(name)
        what, unit, key = (measured.what, measured.unit, measured.key) if measured else (
            "the generator and the sink, without a server", "messages/s", "rate")
        print(f"\n{name}: {what}")
        for who, runs in self.results[name].items():
            print(f"  {who:8} {spread(runs, key, '.0f' if key == 'rate' else '.3f'):28} {unit}")
            if "cores" in runs[0]:
                self._tell_cost(runs)
            else:
                print(f"           processes: {median(runs, 'processes'):.0f}", flush=True)
        for other in ("Postfix", "limit"):
            if other in self.results[name]:
                print(f"  {ratio(self.results[name]['Godwit'], self.results[name][other], key, '.3g')} times {other}'s", flush=True)

    @staticmethod
    def _tell_cost(runs):
        cores = {part: statistics.median(one["cores"][part] for one in runs) for part in runs[0]["cores"]}
        print(f"           CPU s / 1000: {median(runs, 'cpu_per_1000'):.3f}   cores: "
              f"{', '.join(f'{part} {value:.2f}' for part, value in cores.items())}")
        if parts := runs[-1].get("cpu_per_1000_by_part"):
            told = (f"{part} {value:.3f}" for part, value in list(parts.items())[:5])
            print(f"           of these: {', '.join(told)}   flushes a message: {median(runs, 'flushes_a_message'):.3f}", flush=True)

    def _tell_latency(self):
        print("\nlatency: from the final dot to 250 in ms, at half of each one's peak, and of the limit at Godwit's rate")
        for who, runs in self.results[LATENCY].items():
            lone = {kind: statistics.median(one["sync"][kind]["p99"] for one in runs) for kind in runs[0]["sync"]}
            p99 = median(runs, "p99")
            print(f"  {who:8} at {spread(runs, 'rate')} messages/s: p50 {median(runs, 'p50'):.2f}, p99 "
                  f"{spread(runs, 'p99', '.2f')}, most {median(runs, 'max'):.1f}")
            for kind, value in lone.items():
                print(f"           p99 of a lone sync, {kind}: {value:.2f}; {p99 / value:.1f} times that", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", choices=[*NAMES, ALL_TABLES, []], metavar="SCENARIO")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--seconds", type=float, help="of each measurement that is bounded by time")
    parser.add_argument("--sessions", type=int, help=f"instead of {MANY_SESSIONS}, where there are so many")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    if options.list:
        print(*NAMES, f"{ALL_TABLES}: all that begin with table-", sep="\n")
        return
    if not options.all and not options.scenarios:
        parser.error("name scenarios, or --all")
    missing = [path for path in (BIN / "load_source", BIN / "load_sink", LIBRARY) if not path.exists()]
    if os.getuid() != 0 or missing:
        told = "only root can lay Postfix over /usr" if os.getuid() != 0 else f"-DGODWIT_BENCH=ON builds {', '.join(map(str, missing))}"
        sys.exit(f"side_by_side.py: {told}")
    names = NAMES if options.all else [name for asked in options.scenarios for name in (TABLES if asked == ALL_TABLES else [asked])]
    bench = Bench(options.repetitions, options.seconds, options.sessions)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="godwit-bench-"))
    try:
        folder.chmod(0o755)
        subprocess.run(["chattr", "+T", folder], capture_output=True)  # each folder in a block group of its own, where there is such
        tempfile.tempdir = str(folder)
        Here.setUpClass()
        for name in names:
            bench.scenario(name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if options.json:
            options.json.write_text(json.dumps({**bench.results, "table": table.medians(bench.results)}, indent=1))
    if lines := list(table.lines(bench.results)):
        print("", *lines, sep="\n")


if __name__ == "__main__":
    main()
