# SPDX-License-Identifier: Apache-2.0
"""A control group for the processes that are measured."""

import collections
import contextlib
import itertools
import os
import pathlib
import re
import time

from support.scenario import wait_until

NUMBERS = itertools.count()
NUMBERED = re.compile(r"-\d+$")
TICKS = os.sysconf("SC_CLK_TCK")


def name_and_seconds(stat):
    """Of a thread or a process, from its file in /proc."""
    name, fields = stat.read_text().split("(", 1)[1].rsplit(")", 1)
    return name, sum(int(field) for field in fields.split()[11:13]) / TICKS


class CpuGroup:
    def __init__(self, case, name):
        with open("/proc/mounts") as mounts:
            kinds = {fields[2] + " " + fields[3]: fields[1] for fields in (line.split() for line in mounts)}
        self.old = next((path for kind, path in kinds.items() if kind.startswith("cgroup ") and "cpuacct" in kind), None)
        base = self.old or next(path for kind, path in kinds.items() if kind.startswith("cgroup2 "))
        self.path = pathlib.Path(base) / f"godwit-bench-{name}-{os.getpid()}-{next(NUMBERS)}"
        self.path.mkdir()
        case.addCleanup(self.remove)

    def remove(self):
        wait_until(lambda: not (self.path / "cgroup.procs").read_text(), "the processes have ended")
        self.path.rmdir()

    def enter(self):
        (self.path / "cgroup.procs").write_text("0")

    @property
    def shell(self):
        return f"echo 0 > {self.path}/cgroup.procs"

    @property
    def launcher(self):
        """The words before a command that is to run in it."""
        return ["sh", "-c", self.shell + '; exec "$@"', "sh"]

    def processes(self):
        return [int(line) for line in (self.path / "cgroup.procs").read_text().split()]

    def seconds(self):
        if self.old:
            return int((self.path / "cpuacct.usage").read_text()) / 1e9
        return int((self.path / "cpu.stat").read_text().split()[1]) / 1e6

    def memory(self):
        """KiB of all of them together, by kind: Pss, Rss, Anonymous, …"""
        found = collections.Counter()
        for process in self.processes():
            with contextlib.suppress(OSError):  # it has ended
                for line in pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]:
                    kind, kib = line.split()[:2]
                    found[kind.rstrip(":")] += int(kib)
        return found

    def seconds_by_name(self):
        """Of the threads and processes that are there now; those of a kind together."""
        found = collections.Counter()
        for process in self.processes():
            for stat in pathlib.Path(f"/proc/{process}/task").glob("*/stat"):
                with contextlib.suppress(OSError):  # it has ended
                    name, seconds = name_and_seconds(stat)
                    found[NUMBERED.sub("", name)] += seconds
        return found

    def settled(self, interval=1.0):
        """When nothing is done any more: at most 2 % of a CPU in the interval."""
        while True:
            before = self.seconds()
            time.sleep(interval)
            if self.seconds() - before < 0.02 * interval:
                return self.seconds()
