#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Godwit beside Postfix under the project's own generator and sink (load/), which pipeline and cost a fraction of what the servers do.

    tests/bench/side_by_side.py --all                      every scenario; about ten minutes
    tests/bench/side_by_side.py accept relay               some of them; --list names them
    tests/bench/side_by_side.py latency --json FILE        all figures of all repetitions as well

Needs root, -DGODWIT_BENCH=ON and scripts/install-packages test.  In each repetition each server, in turn, is started with an empty
queue, gets some mail to become warm, and is measured once.  The figures are medians; a * stands where others used more than a quarter of
a core meanwhile.  TMPDIR says on which disk.
"""

import argparse
import contextlib
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

from support.scenario import BIN, Scenario  # noqa: E402
from load.machine import Watch  # noqa: E402
from load.peers import LOGIN, GodwitPeer, Place, PostfixPeer  # noqa: E402
from load.programs import Load, Sink, lone_syncs, quantile, send  # noqa: E402

MANY_SESSIONS = 100
DISTURBED = 0.25  # cores of others
SETTLED = 0.25    # seconds in which nothing is done


@dataclasses.dataclass(frozen=True)
class Measured:
    """One line of the table.  `unit`: messages, or what each of them is worth in the unit that is shown."""

    what: str
    load: Load
    mode: str = "hold"
    unit: str = "messages/s"
    worth: float = 1
    warm_up: int = 200
    chunking: bool = False


def large(mebibytes, mode, messages):
    load = Load(size=mebibytes << 20, messages=messages, sessions=min(20, messages // 2), seconds=None)
    return Measured(f"{mebibytes} MiB a message, {mode}", load, mode, "MiB/s", mebibytes, warm_up=2)


ONE = Load(per_connection=1, seconds=1.5)
SCENARIOS = {
    "accept": Measured("accept, 4 KiB, DATA", Load(sessions=MANY_SESSIONS, seconds=3)),
    "accept-bdat": Measured("accept, 4 KiB, BDAT", Load(sessions=MANY_SESSIONS, seconds=2, bdat=True)),
    "relay": Measured("relay, 4 KiB, DATA", Load(sessions=MANY_SESSIONS, seconds=2), "relay"),
    "relay-bdat": Measured("relay, 4 KiB, BDAT", Load(sessions=MANY_SESSIONS, seconds=2, bdat=True), "relay", chunking=True),
    "connections": Measured("accept, one a connection", ONE),
    "tls-full": Measured("… each with a full TLS handshake", ONE.but(tls="starttls")),
    "tls-resumed": Measured("… each with TLS resumed", ONE.but(tls="starttls", resume=True)),
    "login": Measured("… and AUTH PLAIN", ONE.but(tls="starttls", resume=True, login=LOGIN), warm_up=10),
    "tls-kept": Measured("accept, 4 KiB, TLS, kept connections", Load(sessions=MANY_SESSIONS, seconds=2, tls="starttls")),
    "1mib": large(1, "hold", 400),
    "1mib-relay": large(1, "relay", 200),
    "50mib": large(50, "hold", 8),
    "50mib-relay": large(50, "relay", 8),
    "recipients": Measured("1000 recipients, accept", Load(recipients=1000, seconds=2), "hold", "recipients/s", 1000, warm_up=4),
    "recipients-relay": Measured("1000 recipients, relay", Load(recipients=1000, messages=24), "relay", "recipients/s", 1000, warm_up=4),
}
ALONE, LATENCY = "alone", "latency"


class Here(Scenario):
    """The folder and the addresses of one repetition.  The folder stays until all have ended: where many files were just deleted,
    ext4 makes new ones slowly, and the next server would pay for the last one's."""

    def runTest(self):
        pass

    def _leave_folder(self):
        pass


@contextlib.contextmanager
def here():
    case = Here()
    case.setUp()
    try:
        yield case
    finally:
        case.doCleanups()


def place_of(case, measured, sink):
    return Place(sink.endpoint, measured.mode, measured.load.sessions, logs_in=measured.load.login is not None)


def measure(peer_of, measured):
    """One repetition with one server."""
    with here() as case:
        sink = Sink(case, case.net.host(8), measured.chunking)
        peer = peer_of(case, place_of(case, measured, sink)).start()
        relays, recipients = measured.mode == "relay", measured.load.recipients
        warm = send(peer.endpoint, measured.load.but(messages=max(measured.warm_up, 1), seconds=None,
                                                     sessions=min(measured.load.sessions, measured.warm_up)))
        if relays:
            sink.wait(warm["messages"] * recipients)
        before, parts, sunk = peer.group.settled(SETTLED), peer.group.seconds_by_name(), sink.counts()["cpu"]
        watch = Watch(case.folder)
        sent = send(peer.endpoint, measured.load)
        ended = sent["ended"]
        expected = (warm["messages"] + sent["messages"]) * recipients
        if relays:
            ended = sink.wait(expected)["last"]
        machine = watch.ended(server=peer.group.seconds() - before, generator=sent["cpu"], sink=sink.counts()["cpu"] - sunk)
        cpu = peer.group.settled(SETTLED) - before
        parts = {name: seconds / sent["messages"] / measured.worth * 1000
                 for name, seconds in (peer.group.seconds_by_name() - parts).most_common()}
        check(peer, sink, measured, warm["messages"] + sent["messages"])
        seconds = ended - sent["began"]
        return {"rate": sent["messages"] * measured.worth / seconds, "accepted": sent["rate"] * measured.worth, "seconds": seconds,
                "cpu_per_1000": cpu / sent["messages"] / measured.worth * 1000, "messages": sent["messages"], "cpu_per_1000_by_part": parts,
                "flushes_a_message": machine["disk"]["flushes"] / sent["messages"],
                "kib_a_message": machine["disk"]["kib"] / sent["messages"], "source": sent, **machine}


def check(peer, sink, measured, messages):
    """Nothing was lost, and nothing was measured that was not done."""
    counts = sink.counts()["recipients"]
    if measured.mode == "relay":
        assert counts == messages * measured.load.recipients, f"{peer.name}: {counts} recipients' mail at the sink, of {messages} messages"
    else:
        assert (queued := peer.queued()) == messages, f"{peer.name}: {queued} messages in the queue of {messages}"


def alone(measured):
    """The generator and the sink without a server between them."""
    with here() as case:
        sink = Sink(case, case.net.host(8), chunking=True)
        watch = Watch(case.folder)
        sent = send(sink.endpoint, measured.load)
        machine = watch.ended(server=0.0, generator=sent["cpu"], sink=sink.counts()["cpu"])
        assert sink.counts()["messages"] == sent["messages"]
        return {"rate": sent["rate"], "cpu_per_1000": sent["cpu"] / sent["messages"] * 1000, "source": sent, **machine}


def measure_latency(peer_of, measured, rate, seconds):
    """Half the peak, evenly, and what a lone sync takes before and after it."""
    with here() as case:
        sink = Sink(case, case.net.host(8))
        peer = peer_of(case, place_of(case, measured, sink)).start()
        send(peer.endpoint, measured.load.but(messages=2000, seconds=None))
        peer.group.settled(SETTLED)
        syncs = [lone_syncs(case.folder, seconds / 6)]
        watch = Watch(case.folder)
        sent = send(peer.endpoint, measured.load.but(rate=rate, seconds=seconds, pipelining="envelope"))
        machine = watch.ended(server=0.0, generator=sent["cpu"], sink=0.0)
        syncs.append(lone_syncs(case.folder, seconds / 6))
        lone = {kind: sorted(syncs[0][kind] + syncs[1][kind]) for kind in syncs[0]}
        return {"rate": sent["rate"], "wanted": rate, "p50": sent["dot_to_reply_ms"]["p50"], "p99": sent["dot_to_reply_ms"]["p99"],
                "max": sent["dot_to_reply_ms"]["max"], "due_p99": sent["due_to_reply_ms"]["p99"],
                "sync": {kind: {"p50": quantile(took, 0.5), "p99": quantile(took, 0.99)} for kind, took in lone.items()},
                "source": sent, **machine}


class Bench:
    def __init__(self, repetitions, seconds, sessions):
        self.repetitions, self.seconds, self.sessions, self.results = repetitions, seconds, sessions, {}

    def scenario(self, name):
        if name == ALONE:
            self._repeat(ALONE, {"nobody": lambda: alone(self._measured("accept"))})
        elif name == LATENCY:
            self._latency()
        else:
            self._repeat(name, {peer.name: lambda peer=peer: measure(peer, self._measured(name)) for peer in (GodwitPeer, PostfixPeer)})
        self._tell(name)

    def _measured(self, name):
        """As it was asked for."""
        load = SCENARIOS[name].load
        if self.seconds and load.seconds:
            load = load.but(seconds=self.seconds)
        if self.sessions and load.sessions == MANY_SESSIONS:
            load = load.but(sessions=self.sessions)
        return dataclasses.replace(SCENARIOS[name], load=load)

    def _repeat(self, name, ways):
        """Alternately, and each time another one first."""
        self.results[name] = {who: [] for who in ways}
        order = list(ways)
        for _ in range(self.repetitions):
            for who in order:
                self.results[name][who].append(ways[who]())
            order.reverse()

    def _latency(self):
        if "accept" not in self.results:
            self.scenario("accept")
        ways = {peer.name: lambda peer=peer: measure_latency(peer, self._measured("accept"), self._median("accept", peer.name, "rate") / 2,
                                                         2 * (self.seconds or 3))
                for peer in (GodwitPeer, PostfixPeer)}
        self._repeat(LATENCY, ways)

    def _median(self, name, who, key):
        return statistics.median(one[key] for one in self.results[name][who])

    # ---- what is printed ------------------------------------------------------------------------------------------

    def _tell(self, name):
        if name == LATENCY:
            return self._tell_latency()
        unit = SCENARIOS[name].unit if name in SCENARIOS else "messages/s"
        print(f"\n{name}: {SCENARIOS[name].what if name in SCENARIOS else 'the generator and the sink, without a server'}")
        for who, runs in self.results[name].items():
            cores = {part: statistics.median(one["cores"][part] for one in runs) for part in runs[0]["cores"]}
            print(f"  {who:8} {self._spread(runs, 'rate'):28} {unit}   CPU s / 1000: {self._median(name, who, 'cpu_per_1000'):.3f}"
                  f"   cores: {', '.join(f'{part} {value:.2f}' for part, value in cores.items())}", flush=True)
            if parts := runs[-1].get("cpu_per_1000_by_part"):
                told = (f"{part} {value:.3f}" for part, value in list(parts.items())[:5])
                print(f"           of these: {', '.join(told)}   flushes a message: {self._median(name, who, 'flushes_a_message'):.3f}",
                      flush=True)
        if len(self.results[name]) == 2:
            print(f"  {self._median(name, 'Godwit', 'rate') / self._median(name, 'Postfix', 'rate'):.1f} times Postfix's", flush=True)

    def _tell_latency(self):
        print("\nlatency: from the final dot to 250 in ms, at half of each one's peak")
        for who, runs in self.results[LATENCY].items():
            lone = {kind: statistics.median(one["sync"][kind]["p99"] for one in runs) for kind in runs[0]["sync"]}
            p99 = self._median(LATENCY, who, "p99")
            print(f"  {who:8} at {self._spread(runs, 'rate')} messages/s: p50 {self._median(LATENCY, who, 'p50'):.2f}, p99 "
                  f"{self._spread(runs, 'p99', '.2f')}, most {self._median(LATENCY, who, 'max'):.1f}")
            for kind, value in lone.items():
                print(f"           p99 of a lone sync, {kind}: {value:.2f}; {p99 / value:.1f} times that", flush=True)

    @staticmethod
    def _spread(runs, key, form=".0f"):
        values = [one[key] for one in runs]
        mark = "*" if any(one["cores"]["others"] > DISTURBED for one in runs) else ""
        return f"{statistics.median(values):{form}}{mark} ({min(values):{form}}–{max(values):{form}})"


def main():
    names = [ALONE, *SCENARIOS, LATENCY]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", choices=[*names, []], metavar="SCENARIO")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--seconds", type=float, help="of each measurement that is bounded by time")
    parser.add_argument("--sessions", type=int, help=f"instead of {MANY_SESSIONS}, where there are so many")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    if options.list:
        print(*names, sep="\n")
        return
    if not options.all and not options.scenarios:
        parser.error("name scenarios, or --all")
    if os.getuid() != 0 or not (BIN / "load_source").exists():
        sys.exit(f"side_by_side.py: only root can lay Postfix over /usr, and load_source must be in {BIN} (-DGODWIT_BENCH=ON)")
    bench = Bench(options.repetitions, options.seconds, options.sessions)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="godwit-bench-"))
    try:
        folder.chmod(0o755)
        subprocess.run(["chattr", "+T", folder], capture_output=True)  # each folder in a block group of its own, where there is such
        tempfile.tempdir = str(folder)
        Here.setUpClass()
        for name in names if options.all else options.scenarios:
            bench.scenario(name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if options.json:
            options.json.write_text(json.dumps(bench.results, indent=1))


if __name__ == "__main__":
    main()
