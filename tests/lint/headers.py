#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every public header compiles alone, in any order of includes.

    headers.py ROOT BUILD_DIR [-jN]

Takes the flags of a source of the folder in BUILD_DIR/compile_commands.json, without the precompiled header.  Compiles an
object rather than checking the syntax alone, because that is what ccache keeps.  What passed is also
remembered in BUILD_DIR/lint_headers by a checksum over the flags and all headers of the project that the header reaches, so that
an unchanged header costs nothing.  Where GODWIT_SHARD is set (scripts/test), an eighth of them.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"](godwit/[^">]+)[">]', re.M)


def flags_of(command):
    """Compiler and flags of one compile command: without output, input and precompiled header; not optimised."""
    words = shlex.split(command)
    flags, skip = [shutil.which("ccache")] if shutil.which("ccache") else [], 0
    for position, word in enumerate(words):
        if skip:
            skip -= 1
        elif word in ("-o", "-MF", "-MT", "-MQ"):
            skip = 1
        elif word == "-include" or (word == "-Xclang" and "pch" in words[position + 1]):
            skip = 1
        elif word in ("-c", "-MD", "-MMD", "-Winvalid-pch", "-fpch-preprocess") or word.endswith((".cpp", ".cxx")):
            continue
        elif re.match(r"-(O|g\d?$|fsanitize|D_FORTIFY_SOURCE)", word):
            continue
        else:
            flags.append(word)
    return flags


def layer_of(path, root, build):
    """The folder of src/ that a source belongs to.  Those of a unity build lie in the build folder."""
    for base in (root / "src", build / "src"):
        if path.is_relative_to(base):
            return path.relative_to(base).parts[0]
    return None


def closure(include, name, seen):
    """The header's path below include/ and those of the project's headers it reaches."""
    if name not in seen:
        seen.add(name)
        path = include / name
        if path.exists():
            for other in INCLUDE.findall(path.read_text()):
                closure(include, other, seen)
    return seen


def main():
    root, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    jobs = int(sys.argv[3][2:]) if len(sys.argv) > 3 else os.cpu_count()
    include = root / "include"
    commands = json.loads((build / "compile_commands.json").read_text())
    by_folder = {}
    for entry in commands:
        layer = layer_of(pathlib.Path(entry["file"]), root, build)
        if layer:
            by_folder.setdefault(layer, flags_of(entry["command"]))
    if not by_folder:
        sys.exit("no compile command of a source in src/")
    passed = build / "lint_headers"
    passed.mkdir(exist_ok=True)
    environment = {**os.environ, "CCACHE_BASEDIR": str(root)}

    def check(header):
        name = str(header.relative_to(include))
        flags = by_folder.get(header.parent.name) or max(by_folder.values(), key=len)
        digest = hashlib.sha256(" ".join(flags).encode())
        for other in sorted(closure(include, name, set())):
            digest.update((include / other).read_bytes() if (include / other).exists() else b"-")
        source = passed / (name.replace("/", "-") + ".cpp")
        stamp = source.with_suffix(".passed")
        if stamp.exists() and stamp.read_text() == digest.hexdigest():
            return name, ""
        # Twice: a header without guard fails too.
        source.write_text(f'#include "{name}"\n#include "{name}"\n')
        done = subprocess.run(flags + ["-O0", "-c", str(source), "-o", str(source.with_suffix(".o"))], text=True,
                              capture_output=True, cwd=build, env=environment, timeout=120)
        if done.returncode == 0:
            stamp.write_text(digest.hexdigest())
        return name, done.stderr if done.returncode else ""

    failed = 0
    headers = sorted((include / "godwit").rglob("*.hpp"))
    if shard := os.environ.get("GODWIT_SHARD"):
        headers = headers[int(shard) % 8::8]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for name, error in pool.map(check, headers):
            if error:
                failed += 1
                print(f"{name} does not compile alone:\n{error}")
    print(f"{len(headers)} headers, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
