#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command of godwitctl that the documentation, the configuration or a message of ours proposes is one, with its options:
commands.py ROOT GODWITCTL"""

import pathlib
import re
import subprocess
import sys

root, program = pathlib.Path(sys.argv[1]), sys.argv[2]
page = subprocess.run([program, "--man", "godwitctl"], check=True, capture_output=True, text=True).stdout.replace("\\-", "-")

# What follows the program's name in sentences.
PROSE = {"control", "make", "makes", "sendmail", "shows"}

options = {(): set()}  # by the words of a command
words = ()
for line in page.splitlines():
    if match := re.match(r"\.SS \\fBgodwitctl ([a-z -]+)\\fR", line):
        words = tuple(match[1].split())
        options[words] = set()
    elif line.startswith("\\fB-"):
        options[words] |= set(re.findall(r"\\fB(--?[a-z-]+)\\fR", line))
groups = {words[:1] for words in options if len(words) == 2}
alone = {words for words in options if len(words) == 1}


def fault_of(said):
    """What is wrong with the words behind `godwitctl`; empty: nothing."""
    given = re.sub(r"^((--json|--socket \S+) +)*", "", said).split()
    if not given or given[0] in PROSE or not re.fullmatch(r"[a-z][a-z-]*", given[0]):
        return ""
    command = tuple(given[:1])
    if command not in groups | alone:
        return f"no command {given[0]}"
    if command in groups and len(given) > 1 and given[1] not in PROSE and re.fullmatch(r"[a-z][a-z-]+", given[1]):
        if tuple(given[:2]) not in options:
            return f"no command {given[0]} {given[1]}"
        command = tuple(given[:2])
    elif command in groups - alone and (len(given) == 1 or given[1].startswith("-")):
        return ""  # the group is meant, not one of its commands
    known = options[()] | set().union(*(options[prefix] for prefix in (command[:1], command) if prefix in options))
    unknown = {word.split("=")[0] for word in given if re.match(r"--[a-z]", word)} - known
    return f"{' '.join(command)} has no {', '.join(sorted(unknown))}" if unknown else ""


def proposals(path):
    text = path.read_text()
    if path.suffix in (".cpp", ".hpp"):
        text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))
        words = r"godwitctl (-{0,2}[a-z][a-z-]*(?: -{0,2}[a-z][a-z-]*)?)"
        return [said for literal in re.findall(r'"((?:[^"\\\n]|\\.)*)"', text) for said in re.findall(words, literal)]
    code = re.findall(r"`(?:sudo )?godwitctl ([^`]*)`", text)
    if path.suffix == ".md":
        for line in re.findall(r"(?m)^ {4,}(?:.*\$\(|sudo |.*[|&;] *)?godwitctl (.*)$", text):
            code.append(re.split(r" +#|[|&;)>]", line)[0])
    else:
        code += re.findall(r"godwitctl ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", text)
    return code


paths = [root / "README.md", *root.glob("docs/**/*.md"), *root.glob("docs/**/*.yml"), *root.glob("docs/**/*.yaml"), *root.glob("docs/*.json"),
         *(path for path in root.glob("conf/**/*") if path.is_file()), *root.glob("src/**/*.cpp")]
count, faults = 0, []
for path in paths:
    for said in proposals(path):
        count += 1
        if fault := fault_of(said.strip()):
            faults.append(f"{path.relative_to(root)}: godwitctl {said}: {fault}")
if count < 200 or len(options) < 50:
    faults.append(f"only {count} proposals, {len(options)} commands: this looks at the wrong things")
print("\n".join(faults))
sys.exit(bool(faults))
