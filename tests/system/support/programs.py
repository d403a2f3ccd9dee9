# SPDX-License-Identifier: Apache-2.0
"""Other people's mail programs: swaks, curl, Postfix's smtp-source and smtp-sink."""

import glob
import os
import pathlib
import subprocess

from .scenario import MX_PORT, kill_after, listening, wait_until

POSTFIX = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "godwit-tests" / "postfix"


def postfix_program(case, name):
    """Command and environment of a program that scripts/install-packages unpacked."""
    program = POSTFIX / "usr" / "sbin" / name
    if not program.exists():
        case.fail(f"no {program}: run scripts/install-packages test")
    folders = [POSTFIX / "usr/lib/postfix", *glob.glob(str(POSTFIX / "usr/lib/*-linux-gnu"))]
    return str(program), {**os.environ, "LD_LIBRARY_PATH": ":".join(str(folder) for folder in folders),
                          "MAIL_CONFIG": str(POSTFIX / "etc" / "postfix")}


class SmtpSink:
    """smtp-sink on one address; writes what it takes to files in `folder`, one a message."""

    def __init__(self, case, host, *options, port=MX_PORT):
        self.address, self.port = case.net.host(host), port
        self.folder = case.folder / f"sink-{host}"
        self.folder.mkdir()
        program, environment = postfix_program(case, "smtp-sink")
        user = ["-u", "root"] if os.getuid() == 0 else []
        self.process = kill_after(case, subprocess.Popen(
            [program, *user, "-d", str(self.folder / "%M."), *options, f"{self.address}:{port}", "100"], env=environment,
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE), "smtp-sink")
        wait_until(self._ready, "smtp-sink listens")

    def _ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"smtp-sink exited: {self.process.stderr.read()}")
        return listening(self.address, self.port)

    def messages(self):
        return [path.read_bytes() for path in sorted(self.folder.iterdir())]


def smtp_source(case, address, *options, port=MX_PORT, timeout=120):
    program, environment = postfix_program(case, "smtp-source")
    return case.run_program(program, *options, f"inet:{address}:{port}", env=environment, timeout=timeout)


def swaks(case, *options, check=True):
    return case.run_program("swaks", *options, check=check)


def curl(case, *options, check=True):
    return case.run_program("curl", "--silent", "--show-error", "--verbose", *options, check=check)
