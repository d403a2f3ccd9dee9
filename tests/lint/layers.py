#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the folders of src/ and include/godwit/ to the layers that their CMakeLists.txt declare.

    layers.py [ROOT]

Prints one line for each violation, `file:line: what`, and exits 1 when there is one.
"""

import pathlib
import re
import sys

# Folders without descriptor, clock, log, thread or Asio I/O object.
PURE = {"base", "smtp", "mail", "queue", "dns", "mailauth"}
# What a pure folder may never include; dns/ and mailauth/ may name the awaitable they answer with.
IMPURE = re.compile(
    r"boost/asio(?!/(awaitable|this_coro|use_awaitable)\.hpp)|boost/beast|iostream$|thread$|mutex$|shared_mutex$"
    r"|condition_variable$|future$|fstream$|filesystem$|spdlog/|openssl/ssl|sys/socket|netinet/|arpa/inet\.h|unistd\.h|fcntl\.h|sys/stat"
)
AWAITABLE = {"dns", "mailauth"}
# base/ holds the real clock and random sources, shared by threads, and parses addresses with inet_pton.
ALLOWED_IN_BASE = {"arpa/inet.h", "sys/socket.h", "netinet/in.h", "unistd.h", "mutex"}

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
TABLE_ROW = re.compile(r"\| `(\w+)/`[^|]*\|[^|]*\| ([^|]*) \|$")
LAYER = re.compile(r"godwit_layer\(\s*(\w+)([^)]*)\)", re.S)

# Words no source may have: pattern, folders it binds (None: all), what to say.
WORDS = [
    (re.compile(r"\bthread_local\b"), None, "thread_local (two simulated hosts share one thread)"),
    (re.compile(r"\bstd::(cout|cerr|clog)\b"), {"tools", "daemon"}, "writes to a standard stream (use log/)"),
    (re.compile(r"\b(std::)?(system|popen|execv|execve|execl|execvp|posix_spawn)\s*\("), None, "runs a program"),
]
MACHINE_PATHS = re.compile(r"(?<![\w.])/(work|root|home/\w+)/")
PATHS_CHECKED = ("src", "include", "tests", "scripts", "cmake", "conf", "systemd", "docs", "README.md", ".ci",
                 "CMakeLists.txt", "CMakePresets.json")
SKIPPED_SUFFIXES = {".pyc", ".png", ".seg", ".bin"}


def declared_layers(root):
    """{folder: what it may include}, in the order of src/CMakeLists.txt where that says one."""
    layers = {}
    for path in sorted((root / "src").glob("*/CMakeLists.txt")):
        match = LAYER.search(path.read_text())
        if not match or match.group(1) != path.parent.name:
            raise SystemExit(f"{path}: no godwit_layer({path.parent.name} ...)")
        words = match.group(2).split()
        may = set()
        if "MAY_INCLUDE" in words:
            for word in words[words.index("MAY_INCLUDE") + 1:]:
                if word.isupper():
                    break
                may.add(word)
        layers[path.parent.name] = may
    return layers


def cycles(layers):
    """Folders that reach themselves through what they may include."""
    for start in layers:
        seen, todo = set(), list(layers[start])
        while todo:
            folder = todo.pop()
            if folder == start:
                yield start
                break
            if folder not in seen:
                seen.add(folder)
                todo.extend(layers.get(folder, ()))


def code_of(line):
    """The line without its // comment and without the text of string literals."""
    line = re.sub(r'"(\\.|[^"\\])*"', '""', line)
    return line.split("//", 1)[0]


class Checker:
    def __init__(self, root):
        self.root = root
        self.layers = declared_layers(root)
        self.violations = []

    def report(self, path, line, what):
        self.violations.append(f"{path.relative_to(self.root)}:{line}: {what}")

    def run(self):
        for folder in sorted(set(cycles(self.layers))):
            self.report(self.root / "src" / folder / "CMakeLists.txt", 1, f"{folder} can include itself in a circle")
        for folder, may in self.layers.items():
            for unknown in sorted(may - set(self.layers)):
                self.report(self.root / "src" / folder / "CMakeLists.txt", 1, f"no folder {unknown}")
        for folder in sorted(self.layers):
            self.check_folder(folder)
        include = self.root / "include" / "godwit"
        for path in sorted(include.iterdir()) if include.exists() else []:
            if path.name not in self.layers:
                self.report(path, 1, "is no folder of src/")
        self.check_paths()
        self.check_table()
        return self.violations

    def check_folder(self, folder):
        readme = self.root / "src" / folder / "README.md"
        if not readme.exists():
            self.report(readme, 1, "missing")
        elif len(readme.read_text().splitlines()) > 25:
            self.report(readme, 26, "longer than 25 lines")
        sources = sorted((self.root / "src" / folder).rglob("*.[ch]pp"))
        headers = sorted((self.root / "include" / "godwit" / folder).rglob("*.hpp"))
        for path in sources + headers:
            self.check_source(folder, path, public=path in headers)

    def check_source(self, folder, path, public):
        lines = path.read_text().splitlines()
        if not lines or lines[0] != "// SPDX-License-Identifier: Apache-2.0":
            self.report(path, 1, "does not begin with the SPDX line")
        if path.suffix == ".hpp" and "#pragma once" not in lines:
            self.report(path, 1, "header without #pragma once")
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if match:
                self.check_include(folder, path, number, public, match.group(1), match.group(2))
                continue
            code = code_of(line)
            for pattern, exempt, what in WORDS:
                if (exempt is None or folder not in exempt) and pattern.search(code):
                    self.report(path, number, what)

    def check_include(self, folder, path, number, public, quoted, angled):
        name = quoted or angled
        if ".." in name.split("/"):
            self.report(path, number, f'"{name}" climbs out of its folder')
        elif name.startswith("godwit/"):
            self.check_layer(folder, path, number, name)
        elif quoted:
            # A private header: of this folder, and never seen through a public one.
            own = name.removeprefix(folder + "/")
            if public:
                self.report(path, number, f'public header includes the private "{name}"')
            elif not (self.root / "src" / folder / own).exists() and not (path.parent / name).exists():
                self.report(path, number, f'"{name}" is not a header of {folder}/')
        if angled and folder in PURE and IMPURE.search(angled):
            if not (folder == "base" and angled in ALLOWED_IN_BASE):
                self.report(path, number, f"{folder}/ is pure and may not include <{angled}>")
        elif angled and folder in PURE - AWAITABLE and angled.startswith("boost/asio"):
            self.report(path, number, f"{folder}/ is pure and may not include <{angled}>")

    def check_layer(self, folder, path, number, name):
        target = name.split("/")[1]
        if not (self.root / "include" / name).exists():
            self.report(path, number, f'no header "{name}"')
        elif target == folder or target in self.layers[folder]:
            return
        elif folder == "config" and name == f"godwit/{target}/settings.hpp":
            return  # config/ makes every folder's settings, and sees nothing else of it
        else:
            self.report(path, number, f'{folder}/ may not include "{name}"')

    def check_table(self):
        """docs/architecture.md lists the folders with what they may include, where it does so word by word."""
        path = self.root / "docs" / "architecture.md"
        listed = {}
        for number, line in enumerate(path.read_text().splitlines() if path.exists() else [], 1):
            match = TABLE_ROW.match(line)
            if match:
                listed[match.group(1)] = number
                words = match.group(2).split()
                if set(words) <= set(self.layers) | {"–"} and set(words) - {"–"} != self.layers.get(match.group(1)):
                    self.report(path, number, f"what {match.group(1)}/ may include is not what its CMakeLists.txt says")
        for folder in sorted(set(self.layers) - set(listed)) if listed else []:
            self.report(path, 1, f"the table of folders lacks {folder}/")

    def check_paths(self):
        for top in PATHS_CHECKED:
            path = self.root / top
            for file in [path] if path.is_file() else sorted(path.rglob("*")):
                if not file.is_file() or file.suffix in SKIPPED_SUFFIXES or "__pycache__" in file.parts:
                    continue
                if file.parent.name == "lint" and file.name.startswith("layers"):
                    continue
                for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
                    if MACHINE_PATHS.search(line):
                        self.report(file, number, "absolute path of one machine")


def check(root):
    return Checker(pathlib.Path(root).resolve()).run()


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    violations = check(root)
    for violation in violations:
        print(violation)
    print(f"{len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
