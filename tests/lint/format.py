#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every C++ file is as clang-format leaves it:  format.py ROOT CLANG_FORMAT"""

import pathlib
import subprocess
import sys

root, program = pathlib.Path(sys.argv[1]), sys.argv[2]
files = [str(path) for top in ("src", "include", "tests", "cmake") for path in sorted((root / top).rglob("*.[ch]pp"))]
done = subprocess.run([program, "--dry-run", "-Werror", "--ferror-limit=2", *files], cwd=root, capture_output=True, text=True)
sys.stdout.write(done.stderr)
sys.exit(1 if done.returncode else 0)
