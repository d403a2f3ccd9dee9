#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A program was built as cmake/GodwitToolchain.cmake has it: at an address of the system's choice, with tables that are
read-only once it runs, with stack canaries and checked functions.

    hardening.py PROGRAM...
"""

import subprocess
import sys

WANTED = [
    ("-h", "Type:", "DYN", "is not position-independent"),
    ("-lW", "GNU_RELRO", "R", "has no part that becomes read-only (-z relro)"),
    ("-dW", "FLAGS", "NOW", "binds symbols while it runs (no -z now)"),
    ("-lW", "GNU_STACK", "RW ", "has a stack that can be executed"),
    ("--dyn-syms", "__stack_chk_fail", "", "has no stack canaries"),
    ("--dyn-syms", "__memcpy_chk", "", "has no checked functions (_FORTIFY_SOURCE)"),
]


def faults_of(program):
    told = {option: subprocess.run(["readelf", "-W", option, program], capture_output=True, text=True, check=True).stdout
            for option in {wanted[0] for wanted in WANTED}}
    for option, name, value, fault in WANTED:
        if not any(name in line and value in line for line in told[option].splitlines()):
            yield f"{program} {fault}"


def main():
    faults = [fault for program in sys.argv[1:] for fault in faults_of(program)]
    print("\n".join(faults) or "as it should be")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
