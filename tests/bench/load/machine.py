# SPDX-License-Identifier: Apache-2.0
"""What the machine did in a while: who used its cores, and what its disk did."""

import os
import time

TICKS = os.sysconf("SC_CLK_TCK")


def _cpu():
    """Seconds of all cores: {busy, waiting for the disk, stolen by the host}."""
    with open("/proc/stat") as stat:
        user, nice, system, _, waiting, interrupts, soft, stolen = (int(word) / TICKS for word in stat.readline().split()[1:9])
    return {"busy": user + nice + system + interrupts + soft, "disk_wait": waiting, "stolen": stolen}


def _disk(folder):
    """{writes, KiB, flushes} of the device below the folder."""
    device = os.stat(folder).st_dev
    with open("/proc/diskstats") as stats:
        for line in stats:
            fields = line.split()
            if (int(fields[0]), int(fields[1])) == (os.major(device), os.minor(device)):
                return {"writes": int(fields[7]), "kib": int(fields[9]) // 2, "flushes": int(fields[18]) if len(fields) > 18 else 0}
    return {"writes": 0, "kib": 0, "flushes": 0}


class Watch:
    """From its making until ended()."""

    def __init__(self, folder):
        self.folder, self.began, self.cpu, self.disk = folder, time.monotonic(), _cpu(), _disk(folder)

    def ended(self, **ours):
        """Cores in use, by `ours` (CPU seconds by name) and by others; the disk's work."""
        seconds = time.monotonic() - self.began
        cores = {name: (value - self.cpu[name]) / seconds for name, value in _cpu().items()}
        used = {name: value / seconds for name, value in ours.items()}
        disk = {name: value - self.disk[name] for name, value in _disk(self.folder).items()}
        others = max(0.0, cores.pop("busy") - sum(used.values()))
        return {"cores": {**used, "others": others, **cores}, "disk": disk}
