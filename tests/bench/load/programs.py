# SPDX-License-Identifier: Apache-2.0
"""The generator and the sink of the project, and what a lone sync takes."""

import dataclasses
import json
import os
import subprocess
import threading
import time

from support.scenario import BIN, MX_PORT, die_with_parent, kill_after, listening, wait_until

SENDER, RECIPIENT = "sender@client.example", "user@sink.example"
BLOCK, BLOCKS = 4096, 4096


@dataclasses.dataclass(frozen=True)
class Load:
    """What load_source is told; None: nothing."""

    sessions: int = 20
    size: int = 4096
    seconds: float | None = None
    messages: int | None = None
    rate: float | None = None
    recipients: int = 1
    per_connection: int = 0
    pipelining: str = "all"
    bdat: bool = False
    tls: str = "none"
    resume: bool = False
    login: str | None = None
    report: float | None = None

    def but(self, **changes):
        return dataclasses.replace(self, **changes)

    def words(self):
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is None or value is False:
                continue
            yield "--" + field.name.replace("_", "-")
            if value is not True:
                yield str(value)


def source_command(endpoint, load):
    return [str(BIN / "load_source"), endpoint, "--from", SENDER, "--to", RECIPIENT, *load.words()]


def send(endpoint, load, timeout=600):
    """The figures of load_source."""
    done = subprocess.run(source_command(endpoint, load), capture_output=True, text=True, timeout=timeout, preexec_fn=die_with_parent)
    if done.returncode != 0:
        raise AssertionError(f"load_source {endpoint} {load}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


class Sink:
    """load_sink, until the test ends.  With a journal it is the limit server, which says 250 when that is synced."""

    def __init__(self, case, address, chunking=False, journal=None, launcher=()):
        self.endpoint = f"{address}:{MX_PORT}"
        options = (["--chunking"] if chunking else []) + (["--journal", str(journal)] if journal else [])
        self.process = kill_after(case, subprocess.Popen(
            [*launcher, str(BIN / "load_sink"), self.endpoint, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=die_with_parent), "load_sink")
        wait_until(lambda: listening(address, MX_PORT), "load_sink listens")

    def counts(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def wait(self, recipients, timeout=300):
        """The counts when so many recipients' mail has come."""
        return wait_until(lambda: (counts := self.counts())["recipients"] >= recipients and counts,
                          f"{recipients} recipients' mail has come", timeout)


class OwnTools:
    """The generator and the sink of the project, for one repetition."""

    def __init__(self, case):
        self.case = case

    def sink(self, host, chunking=False):
        return Sink(self.case, self.case.net.host(host), chunking)

    def send(self, endpoint, load):
        return send(endpoint, load)

    @staticmethod
    def bounded(load, _):
        """load_source knows of time itself."""
        return load


def lone_syncs(folder, seconds):
    """Milliseconds that each fdatasync of a loop took, with nothing beside it: {"append": of a file that grows by 4 KiB each time,
    "in place": of one whose blocks are there}, sorted."""
    return {"append": _synced(folder / "append", _until(seconds), grows=True),
            "in place": _synced(_with_blocks(folder / "in-place"), _until(seconds), grows=False)}


class SyncsBeside:
    """Now and then one of a file whose blocks are there, while something else is measured: what the machine makes of it then."""

    REST = 0.005  # seconds; a small part of what the disk does meanwhile

    def __init__(self, folder):
        self.over, self.took = threading.Event(), []
        self.thread = threading.Thread(target=self._run, args=[_with_blocks(folder / "beside")])

    def _run(self, path):
        self.took = _synced(path, lambda: not self.over.wait(self.REST), grows=False)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def _until(seconds):
    ends = time.monotonic() + seconds
    return lambda: time.monotonic() < ends


def _with_blocks(path):
    with open(path, "wb") as file:
        file.write(bytes(BLOCKS * BLOCK))
        file.flush()
        os.fsync(file.fileno())
    return path


def _synced(path, goes_on, grows):
    took = []
    file = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        block = b"x" * BLOCK
        while goes_on():
            at = len(took) if grows else len(took) % BLOCKS
            began = time.monotonic()
            os.pwrite(file, block, at * BLOCK)
            os.fdatasync(file)
            took.append((time.monotonic() - began) * 1000)
    finally:
        os.close(file)
    return sorted(took)


def quantile(ordered, part):
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
