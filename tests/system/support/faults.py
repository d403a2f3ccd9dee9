# SPDX-License-Identifier: Apache-2.0
"""Calls of the system that fail in a daemon, or tell another time, while it runs, and those that it must not be able to make; its
sandbox stays."""

import errno
import mmap
import os
import pathlib
import struct

SHIM = pathlib.Path(os.environ.get("GODWIT_SHIMS", "")) / "libfaults.so"
CALLS = ("sync_file", "sync_directory", "write", "read", "accept", "stall", "clock",
         "try_open", "try_execute", "try_trace")  # the order of faults.cpp
SIZE, WHERE = 128, 24
ALL = -1


class Faults:
    """Of one daemon, from its next start on and over its restarts."""

    def __init__(self, case, godwit):
        case.assertTrue(SHIM.exists(), f"no {SHIM}: ctest sets GODWIT_SHIMS")
        file = godwit.folder / "faults"
        file.write_bytes(bytes(SIZE * len(CALLS)))
        with open(file, "r+b") as opened:
            self.memory = mmap.mmap(opened.fileno(), 0)
        self.environment = {"LD_PRELOAD": str(SHIM), "GODWIT_FAULTS": str(file)}
        godwit.launcher = ["env", *(f"{name}={value}" for name, value in self.environment.items())]

    def fail(self, call, code=errno.EIO, times=ALL, where=""):
        """The next calls fail, those of files whose path contains `where` or ends so ("name$"), or of threads whose name begins
        with it ("@name")."""
        at = self._place(call)
        self.mend(call)
        self.memory[at + WHERE:at + SIZE] = where.encode().ljust(SIZE - WHERE, b"\0")
        self._put(at + 8, code)
        self._put(at, times)

    def mend(self, call):
        self._put(self._place(call), 0)

    def mend_all(self):
        for call in CALLS:
            self.mend(call)

    def hits(self, call):
        """How many calls have failed."""
        return self._number(call, 16)

    def attempt(self, call, path=""):
        """Has the daemon itself open or execute the file, or be traced, when it next writes a line of its log."""
        self._put(self._place(call) + 16, 0)
        self.fail(call, code=0, times=1, where=path)

    def outcome(self, call):
        """The errno of what was attempted, 0 where it succeeded; None until it was."""
        return self._number(call, 8) if self.hits(call) else None

    def set_clock(self, seconds):
        """The wall clock is ahead by so much, or behind."""
        self._put(self._place("clock") + 8, seconds)

    @staticmethod
    def _place(call):
        return CALLS.index(call) * SIZE

    def _number(self, call, offset):
        return struct.unpack_from("=q", self.memory, self._place(call) + offset)[0]

    def _put(self, at, number):
        struct.pack_into("=q", self.memory, at, number)
