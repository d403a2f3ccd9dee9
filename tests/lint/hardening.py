#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A program was built as cmake/GodwitToolchain.cmake has it: at an address of the system's choice, with tables that are
read-only once it runs, with stack canaries, checked functions and containers, stacks that cannot jump over their guard page
and, on x86, a shadow stack.  What leaves no trace in a program is looked for where it was compiled.

    hardening.py COMPILE_COMMANDS PROGRAM...
"""

import json
import platform
import re
import shlex
import subprocess
import sys

IS_X86 = platform.machine() in ("x86_64", "AMD64")

WANTED = [
    ("-h", "Type:", "DYN", "is not position-independent"),
    ("-lW", "GNU_RELRO", "R", "has no part that becomes read-only (-z relro)"),
    ("-dW", "FLAGS", "NOW", "binds symbols while it runs (no -z now)"),
    ("-lW", "GNU_STACK", "RW ", "has a stack that can be executed"),
    ("--dyn-syms", "__stack_chk_fail", "", "has no stack canaries"),
    ("--dyn-syms", "__memcpy_chk", "", "has no checked functions (_FORTIFY_SOURCE)"),
    ("--dyn-syms", "__glibcxx_assert_fail", "", "has no checked containers (_GLIBCXX_ASSERTIONS)"),
] + [("-n", "SHSTK", "", "is not marked for a shadow stack (-z shstk)")] * IS_X86

# Words of the compiler, by what is the same of those that exclude each other: the last one counts.
COMPILED_WITH = ["-D_FORTIFY_SOURCE=3", "-D_GLIBCXX_ASSERTIONS", "-fstack-protector-strong", "-fstack-clash-protection"]
COMPILED_WITH += ["-fcf-protection=full"] * IS_X86
KIND = re.compile(r"-[DU]?(_FORTIFY_SOURCE|_GLIBCXX_ASSERTIONS|f(?:no-)?stack-protector|f(?:no-)?stack-clash-protection|"
                  "fcf-protection)")


def faults_of(program):
    told = {option: subprocess.run(["readelf", "-W", option, program], capture_output=True, text=True, check=True).stdout
            for option in {wanted[0] for wanted in WANTED}}
    for option, name, value, fault in WANTED:
        if not any(name in line and value in line for line in told[option].splitlines()):
            yield f"{program} {fault}"


def sources_of_programs(path):
    """The commands that compile what is in the programs, and not only in tests."""
    with open(path, encoding="utf-8") as file:
        for entry in json.load(file):
            words = shlex.split(entry["command"])
            output = words[words.index("-o") + 1]
            if output.startswith(("src/", "CMakeFiles/godwit_asio.dir/")):
                yield entry["file"], words


def faults_of_compiling(path):
    count = 0
    for file, words in sources_of_programs(path):
        count += 1
        last = {found[1].replace("no-", ""): word for word in words if (found := KIND.match(word))}
        for missing in sorted(set(COMPILED_WITH) - set(last.values())):
            yield f"{file} is compiled without {missing}"
    if count == 0:
        yield f"{path} names no source of the programs"


def main():
    faults = [*faults_of_compiling(sys.argv[1]), *(fault for program in sys.argv[2:] for fault in faults_of(program))]
    print("\n".join(faults) or "as it should be")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
