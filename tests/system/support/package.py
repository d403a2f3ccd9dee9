# SPDX-License-Identifier: Apache-2.0
"""The Debian package of what was built."""

import pathlib
import shutil
import subprocess
import tempfile

from .scenario import BIN


def make_package(case):
    """cpack's package, in a folder that lasts as long as the tests of the class `case`."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="godwit-package-"))
    case.addClassCleanup(shutil.rmtree, folder)
    done = subprocess.run(["cpack", "--config", BIN.parent / "CPackConfig.cmake", "-B", folder], capture_output=True, text=True,
                          timeout=110, cwd=folder)
    packages = list(folder.glob("*.deb"))
    if done.returncode != 0 or len(packages) != 1:
        raise AssertionError(done.stdout + done.stderr)
    return packages[0]


def open_package(case):
    """The same, taken apart: what it installs, and what it says of itself, are `case.root` and `case.control`."""
    case.package = make_package(case)
    case.root, case.control = case.package.parent / "root", case.package.parent / "control"
    subprocess.run(["dpkg-deb", "--extract", case.package, case.root], check=True)
    subprocess.run(["dpkg-deb", "--control", case.package, case.control], check=True)


def field(package, name):
    return subprocess.run(["dpkg-deb", "--field", package, name], capture_output=True, text=True, check=True).stdout.strip()
