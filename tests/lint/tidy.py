#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy finds nothing (.clang-tidy says what it looks for).

    tidy.py ROOT BUILD_DIR CLANG_TIDY [-jN] [--eighth N] [FILE...]

Looks at each translation unit of BUILD_DIR/compile_commands.json, which may be of g++: of a unity build a batch of sources at a time.
Named FILEs are looked at one by one, headers too; of a folder the units that compile something in it.  With --eighth only each eighth unit,
beginning with that (0 to 7).

What passed is remembered in BUILD_DIR/lint_tidy by a checksum over its flags, what is looked for and all files of the project that it
reaches.  A finding in a header is told once.
"""

import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

from headers import flags_of

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.M)
FINDING = re.compile(r"^(/[^:]+:\d+:\d+): (?:warning|error): .*\[([^\],]+)[^\]]*\]$", re.M)
COMPILER = re.compile(r"\+\+(-\d+)?$")


# Besides what .clang-tidy leaves out, because in tests it is no fault: a copy costs nobody anything, a seed shall be the same each time,
# whoever starts a lambda that is a coroutine waits for its end, programs are run, the environment is set where there is one thread, and
# lists have literals that go on on the next line.
OFF_IN_TESTS = ",".join((
    "-performance-*", "-cert-msc51-cpp", "-cppcoreguidelines-avoid-capturing-lambda-coroutines", "-cert-env33-c", "-concurrency-mt-unsafe",
    "-bugprone-suspicious-missing-comma"))


def clang_flags(command):
    """What of a compile command is for clang's eyes: asserts count, and a warning that it has not is no fault."""
    words = flags_of(command)
    after = next(position for position, word in enumerate(words) if COMPILER.search(word)) + 1
    return [word for word in words[after:] if word not in ("-Werror", "-DNDEBUG")] + ["-Wno-unknown-warning-option"]


def included(path, root):
    """The project's files that one names in its includes."""
    for name in INCLUDE.findall(path.read_text()):
        for base in (path.parent, root / "include", root / "src", root / "tests"):
            if (base / name).is_file():
                yield (base / name).resolve()
                break


def closure(path, root, seen):
    if path not in seen:
        seen.add(path)
        for other in included(path, root):
            closure(other, root, seen)
    return seen


class Unit:
    """One run of clang-tidy."""

    def __init__(self, path, flags, of_tests):
        self.path, self.flags = path, flags
        self.options = [f"--checks={OFF_IN_TESTS}"] if of_tests else []

    def checksum(self, root, tidy):
        digest = hashlib.sha256(" ".join([tidy, *self.options, *self.flags]).encode())
        for path in sorted({root / ".clang-tidy"} | closure(self.path, root, set())):
            digest.update(path.read_bytes())
        return digest.hexdigest()


def units_of(root, build):
    """Those that are compiled of src/ and tests/."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        if not path.exists():
            continue  # the build itself writes it
        sources = included(path, root) if path.is_relative_to(build) else [path]
        folders = {source.parts[len(root.parts)] for source in sources if source.suffix == ".cpp"}
        if folders & {"src", "tests"}:
            yield Unit(path, clang_flags(entry["command"]), "src" not in folders)


def unit_of_file(path, units, root):
    """A file by itself, with the flags of a unit that reaches it."""
    found = next((unit for unit in units if path in closure(unit.path, root, set())), None)
    if not found:
        sys.exit(f"{path}: nothing that is compiled reaches it")
    flags = found.flags + (["-xc++", "-Wno-pragma-once-outside-header"] if path.suffix == ".hpp" else [])
    return Unit(path, flags, path.is_relative_to(root / "tests"))


def units_of_path(path, units, root):
    if path.is_dir():
        found = [unit for unit in units if any(source.suffix == ".cpp" and source.is_relative_to(path) for source in [unit.path, *included(unit.path, root)])]
        return found or sys.exit(f"{path}: nothing in it is compiled")
    return [unit_of_file(path, units, root)]


def findings(output):
    """Pairs of place with check, and the lines about it."""
    key = None
    for line in output.splitlines():
        if found := FINDING.match(line):
            key = found.groups()
        if key:
            yield key, line


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("tidy")
    parser.add_argument("-j", type=int, default=os.cpu_count())
    parser.add_argument("--eighth", type=int, choices=range(8))
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    chosen = parser.parse_intermixed_args()
    root, build = chosen.root.resolve(), chosen.build.resolve()
    remembered = build / "lint_tidy"
    remembered.mkdir(exist_ok=True)

    units = list(units_of(root, build))
    if chosen.files:
        units = [unit for path in chosen.files for unit in units_of_path(path.resolve(), units, root)]

    if chosen.eighth is not None:
        units = units[chosen.eighth :: 8]

    def look(unit):
        stamp = remembered / hashlib.sha256(str(unit.path).encode()).hexdigest()
        checksum = unit.checksum(root, chosen.tidy)
        if stamp.exists() and stamp.read_text() == checksum:
            return unit, "", True
        done = subprocess.run([chosen.tidy, "--quiet", f"--config-file={root / '.clang-tidy'}", *unit.options, str(unit.path), "--", *unit.flags],
                              cwd=build, text=True, capture_output=True)
        passed = done.returncode == 0
        if passed:
            stamp.write_text(checksum)
        return unit, done.stdout if passed or FINDING.search(done.stdout) else done.stdout + done.stderr, passed

    told, counts, failed = {}, collections.Counter(), 0
    with concurrent.futures.ThreadPoolExecutor(chosen.j) as pool:
        for unit, output, passed in pool.map(look, units):
            failed += not passed
            new = collections.defaultdict(list)
            for key, line in findings(output):
                if key not in told:
                    new[key].append(line)
            told.update(new)
            counts.update(check for _, check in new)
            for lines in new.values():
                print("\n".join(lines), flush=True)
            if not passed and not any(findings(output)):
                print(f"{unit.path}: fails\n{output[-4000:]}", flush=True)
    for check, count in counts.most_common():
        print(f"{count:5} {check}")
    print(f"{len(units)} looked at, {len(told)} findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
