#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/container: each path, user, package, port and program that its file and its page name is in the package, in the sources or in Debian."""

import json
import pathlib
import re
import shlex
import shutil
import subprocess
import unittest

import yaml

from support.package import field, open_package
from support.scenario import BIN, Scenario, main

SOURCES = pathlib.Path(__file__).parents[2]
CONTAINER = SOURCES / "docs" / "container"
RELEASE = "debian:bookworm-slim"
# In every Debian, however small.
ESSENTIAL = {"apt-get": "apt", "install": "coreutils", "rm": "coreutils"}
MADE_BY_BUILD = {"cmake": "cmake", "cpack": "cmake", "scripts/install-packages": None}
EXAMPLES = {"./etc", "spool", "state", "vmail"}  # whatever its administrator has


class Stage:
    """The instructions of one FROM, as (word, rest)."""

    def __init__(self, image):
        self.image, self.instructions = image, []

    def all(self, word):
        return [rest for name, rest in self.instructions if name == word]

    def commands(self):
        """What RUN runs, word by word."""
        return [shlex.split(command) for rest in self.all("RUN") for command in rest.split("&&")]


def stages():
    text = "\n".join(line for line in (CONTAINER / "Containerfile").read_text().splitlines() if not line.startswith("#"))
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append(Stage(rest))
        elif word:
            found[-1].instructions.append((word, rest.strip()))
    return found


def installed_by(commands):
    """The packages that apt-get is asked for."""
    return [word for words in commands if words[:2] == ["apt-get", "install"] for word in words[2:] if not word.startswith(("-", "/"))]


def options(words, *names):
    return [words[at + 1] for at, word in enumerate(words) if word in names]


@unittest.skipUnless(shutil.which("cpack") and shutil.which("dpkg-shlibdeps"), "makes a Debian package")
class ContainerHasWhatItNames(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        open_package(cls)
        cls.build, cls.final = stages()
        done = subprocess.run([BIN / "godwitd", "--print-configuration-reference"], capture_output=True, text=True, check=True)
        cls.keys = dict(re.findall(r"(?m)^\| `([\w.\[\]]+)` \| .*? \| `(.*?)` \|", done.stdout))  # with their defaults

    # ---- what there is

    def packaged(self, path):
        return self.root / path.lstrip("/")

    def users(self):
        return {line.split()[1] for line in self.packaged("usr/lib/sysusers.d/godwit.conf").read_text().splitlines() if line.startswith("u ")}

    def folders(self):
        """That the package makes, or the file itself."""
        made = {line.split()[1] for line in self.packaged("usr/lib/tmpfiles.d/godwit.conf").read_text().splitlines() if line.startswith("d ")}
        return made | {words[-1] for words in self.final.commands() if words[:2] == ["install", "-d"]}

    def assert_in_debian(self, *packages):
        if subprocess.run(["apt-cache", "show", "coreutils"], capture_output=True).returncode != 0:
            self.skipTest("no lists of packages are here")
        for package in packages:
            self.run_program("apt-cache", "show", package)

    # ---- the file

    def test_nothing_is_named_that_nobody_looks_at(self):
        self.assertEqual({word for word, _ in self.build.instructions}, {"WORKDIR", "COPY", "RUN"})
        self.assertEqual({word for word, _ in self.final.instructions},
                         {"COPY", "RUN", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"})

    def test_both_stages_are_of_the_release_that_is_built_for(self):
        self.assertEqual((self.build.image, self.final.image), (f"docker.io/library/{RELEASE} AS build", f"docker.io/library/{RELEASE}"))
        self.assertIn("Debian 12", (SOURCES / "scripts/install-packages").read_text())
        self.assertIn(RELEASE, (CONTAINER / "README.md").read_text())

    def test_the_packages_are_in_debian(self):
        script = (SOURCES / "scripts/install-packages").read_text()
        wanted = re.search(r'(?m)^build="([^"]*)"', script).group(1).split()
        final = installed_by(self.final.commands())
        self.assert_in_debian(*wanted, *installed_by(self.build.commands()), *final)
        # Without systemd the package needs what stands in for it, and nothing chooses that but this; nor what it recommends.
        stand_ins = re.findall(r"systemd \| ([\w-]+)", field(self.package, "Depends"))
        self.assertTrue(stand_ins)
        recommended = field(self.package, "Recommends").split(", ")
        self.assertEqual(set(final), {*stand_ins, *recommended})

    def test_the_commands_are_there(self):
        packages = {**ESSENTIAL, **MADE_BY_BUILD}
        for stage, known in (self.build, packages), (self.final, ESSENTIAL):
            for words in stage.commands():
                self.assertIn(words[0], known)
                if "/" in words[0]:
                    self.assertTrue((SOURCES / words[0]).is_file(), words)

    def test_it_is_built_as_everywhere(self):
        commands = self.build.commands()
        (configured,) = [words for words in commands if words[:2] == ["cmake", "--preset"]]
        presets = {one["name"]: one for one in json.loads((SOURCES / "CMakePresets.json").read_text())["configurePresets"]}
        self.assertIn(configured[2], presets)
        folder = presets["base"]["binaryDir"].replace("${sourceDir}/", "").replace("${presetName}", configured[2])
        (built,) = [words for words in commands if words[:2] == ["cmake", "--build"]]
        self.assertEqual(built[2], folder)
        cache = (BIN.parent / "CMakeCache.txt").read_text()
        for option in configured[3:]:
            self.assertRegex(cache, rf"(?m)^{option.removeprefix('-D').split('=')[0]}:BOOL=")
        (packed,) = [words for words in commands if words[0] == "cpack"]
        self.assertEqual(packed[2], folder + "/CPackConfig.cmake")
        self.assertTrue((BIN.parent / "CPackConfig.cmake").exists())
        # What is made there is what the other stage takes.
        (packages,) = options(packed, "-B")
        (taken,) = self.final.all("COPY")
        self.assertEqual(taken.split(), ["--from=build", f"{packages}/*.deb", "/packages/"])
        self.assertTrue(any("/packages/*.deb" in words for words in self.final.commands()))

    def test_what_is_copied_is_in_the_sources(self):
        ignored = [line.strip("/") for line in (CONTAINER / "Containerfile.dockerignore").read_text().splitlines() if not line.startswith("#")]
        for rest in self.build.all("COPY"):
            source = rest.split()[0]
            self.assertTrue((SOURCES / source).exists(), source)
            self.assertNotIn(source.split("/")[0], ignored)

    def test_its_user_is_the_packages(self):
        named = [*self.final.all("USER"), *(name for words in self.final.commands() for name in options(words, "-o", "-g"))]
        self.assertEqual(set(named), self.users())

    def test_its_folders_are_made_and_meant(self):
        volumes = json.loads(self.final.all("VOLUME")[0])
        self.assertEqual(set(volumes) - self.folders(), set())
        self.assertIn(self.keys["spool.directory"], volumes)
        self.assertIn(self.keys["state.directory"], volumes)
        self.assertIn(str(pathlib.Path(self.keys["control.socket"]).parent), self.folders())

    def test_its_programs_are_the_packages(self):
        (daemon,) = json.loads(self.final.all("ENTRYPOINT")[0])
        option, file = json.loads(self.final.all("CMD")[0])
        self.assertIn(option, self.run_program(self.packaged(daemon), "--help").stdout)
        self.assertIn(file, (self.control / "conffiles").read_text().split())
        check = json.loads(self.final.all("HEALTHCHECK")[0].partition(" CMD ")[2])
        self.run_program(self.packaged("usr/bin") / check[0], *check[1:], "--help")
        self.assertEqual(self.final.all("STOPSIGNAL"), ["SIGTERM"])

    def test_its_ports_are_those_of_the_example(self):
        example = yaml.safe_load(self.packaged("usr/share/godwit/godwit.yaml").read_text())
        ports = [listener["address"].rpartition(":")[2] for listener in example["listeners"]]
        self.assertEqual(sorted(self.final.all("EXPOSE")[0].split()), sorted(ports))

    # ---- the page

    def test_the_page_names_what_there_is(self):
        page = (CONTAINER / "README.md").read_text()
        named = set(re.findall(r"`(/[\w./-]+)`", page)) | set(re.findall(r"-v \S+?:(/[\w/-]+)", page)) | set(re.findall(r"--tmpfs (/[\w/]+)", page))
        known = self.folders() | set(self.keys.values()) | {"/tmp"}
        self.assertEqual(named - known, set())
        for key in re.findall(r"`([a-z_]+\.[a-z_]+)(?:: [^`]*)?`", page):
            self.assertIn(key, self.keys)
        for key in re.findall(r"\(`([a-z_]+)`\)", page):
            self.assertIn(key, self.keys)
        self.assertEqual(set(re.findall(r"-p (\d+):\1", page)), set(self.final.all("EXPOSE")[0].split()))
        sources = {source for source in re.findall(r"-v (\S+?):/", page)}
        self.assertEqual({source for source in sources if source not in EXAMPLES}, set())
        self.assertIn("--output", self.run_program(BIN / "godwitctl", "import", "postfix", "--help").stdout)

    def test_a_stop_is_waited_for(self):
        """The engine kills what has not ended by then."""
        page = (CONTAINER / "README.md").read_text()
        self.assertGreater(int(re.search(r"--stop-timeout (\d+)", page).group(1)), int(self.keys["stop_grace"].removesuffix("s")))


if __name__ == "__main__":
    main()
