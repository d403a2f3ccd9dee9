#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/specifications.md has every RFC that the sources name:  specifications.py ROOT"""

import pathlib
import re
import sys

RFC = re.compile(r"\bRFCs? (\d+)")

root = pathlib.Path(sys.argv[1])
page = (root / "docs/specifications.md").read_text()
# In the first column several stand behind one "RFC".
known = set(re.findall(r"\d+", " ".join(re.findall(r"^\| ([^|]*RFC[^|]*) \|", page, re.M)))) | set(RFC.findall(page))
named = {}
for folder in "src", "include":
    for path in sorted((root / folder).rglob("*.[ch]pp")):
        for number in RFC.findall(path.read_text()):
            named.setdefault(number, path.relative_to(root))
faults = [f"{path}: RFC {number} is not in docs/specifications.md" for number, path in sorted(named.items()) if number not in known]
if len(named) < 50:
    faults.append(f"only {len(named)} RFCs are named in the sources: are they where they were?")

print("\n".join(faults) or f"all {len(named)} RFCs of the sources are in docs/specifications.md")
sys.exit(1 if faults else 0)
