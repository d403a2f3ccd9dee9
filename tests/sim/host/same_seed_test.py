#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A seed does the same again, to the same event, in another process: what fails can be looked at.

    same_seed_test.py SIMULATE
"""

import os
import re
import subprocess
import sys
import tempfile

SEED = 7


def run(program, seed, **options):
    """What it prints, and the checksum over all events in it."""
    done = subprocess.run([program, "--seed", str(seed)], capture_output=True, text=True, check=True, **options)
    return done.stdout, re.search(r"\btrace ([0-9a-f]{16})$", done.stdout, re.M)[1]


def main():
    program = os.path.abspath(sys.argv[1])
    first, trace = run(program, SEED)
    with tempfile.TemporaryDirectory() as elsewhere:
        # Nothing around it counts either: not the folder, the zone of time, nor where its memory lies.
        environment = {**os.environ, "TZ": "Asia/Kathmandu", "LC_ALL": "C", "OF_ANOTHER_LENGTH": "x" * 5000}
        second, again = run(program, SEED, cwd=elsewhere, env=environment)
    _, other = run(program, SEED + 1)
    if first != second:
        sys.exit(f"seed {SEED} does not do the same again, trace {trace} and {again}:\n{first}\n{second}")
    if trace == other:
        sys.exit(f"seed {SEED + 1} has the trace of seed {SEED}: it says nothing")
    print(f"trace {trace}, twice")


if __name__ == "__main__":
    main()
