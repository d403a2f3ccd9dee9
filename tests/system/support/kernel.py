# SPDX-License-Identifier: Apache-2.0
"""What this kernel can do, asked of it and not of the daemon: one that left it out would pass where a test goes by its own word."""

import ctypes

from .scenario import SANITIZER

LANDLOCK_CREATE_RULESET, WITH_VERSION = 444, 1  # the same number on every architecture
FIRST_THAT_MOVES = 2  # src/daemon/landlock.cpp


def why_not_shut_in():
    """Why a daemon may run outside of its sandbox here; empty: it may not."""
    if SANITIZER:
        return "a sanitizer looks at the process from a child of its own"
    version = ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), WITH_VERSION)
    return "" if version >= FIRST_THAT_MOVES else "this kernel has no Landlock, or it is not permitted here"
