# SPDX-License-Identifier: Apache-2.0
"""How often a server syncs: a library that is preloaded into its processes counts (sync_counter.cpp)."""

import mmap
import struct

from support.scenario import BIN

LIBRARY = BIN.parent / "shims" / "libsync_counter.so"


class SyncCounter:
    def __init__(self, folder):
        assert LIBRARY.exists(), f"no {LIBRARY}: build sync_counter"
        file = folder / "syncs"
        file.write_bytes(bytes(8))
        with open(file, "r+b") as opened:
            self.memory = mmap.mmap(opened.fileno(), 0)
        self.environment = {"LD_PRELOAD": str(LIBRARY), "GODWIT_SYNCS": str(file)}

    def count(self):
        return struct.unpack("=q", self.memory)[0]
