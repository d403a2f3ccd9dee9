# SPDX-License-Identifier: Apache-2.0
"""What every scenario starts from: a folder, loopback addresses of its own, and helpers that clean up after themselves.

Scenarios run at the same time.  Each process takes one /24 of 127.0.0.0/8 for itself, so that ports are fixed within it and never
race: hosts are 127.x.y.1, .2, ..., and the ports are those below.
"""

import ctypes
import itertools
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

MX_PORT = 20025  # also delivery.port: where every simulated host on the Internet listens
SUBMISSION_PORT = 20587
SUBMISSIONS_PORT = 20465
DNS_PORT = 20053
GUARD_PORT = 20001

BIN = pathlib.Path(os.environ.get("GODWIT_BIN", pathlib.Path(__file__).parents[3] / "build" / "release" / "bin"))


def sanitizer():
    """What the programs were built with: "address,undefined", "thread" or ""."""
    cache = BIN.parent / "CMakeCache.txt"
    found = re.search(r"^GODWIT_SANITIZE:STRING=(.*)$", cache.read_text(), re.M) if cache.exists() else None
    return found.group(1) if found else ""


SANITIZER = sanitizer()
# How many times as long as usual things may take.
PATIENCE = {"": 1, "thread": 5}.get(SANITIZER, 3)
REPORT = re.compile(r"Sanitizer: |runtime error: ")
if SANITIZER:  # the shim of faults, where it is preloaded, comes before the sanitizer
    os.environ["ASAN_OPTIONS"] = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]))


def wait_until(predicate, what, timeout=20, interval=0.02):
    """The first true value of `predicate`, asked again until `timeout` seconds have passed, more of a slow program."""
    timeout *= PATIENCE
    deadline = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout} s in vain: {what}")
        time.sleep(interval)


def listening(address, port):
    """Whether a TCP socket listens there, without connecting to it."""
    is_ipv6 = ":" in address
    bytes_ = socket.inet_pton(socket.AF_INET6 if is_ipv6 else socket.AF_INET, address)
    # Words of 32 bits, as the machine has them.
    words = [int.from_bytes(bytes_[at:at + 4], sys.byteorder) for at in range(0, len(bytes_), 4)]
    wanted = "".join("%08X" % word for word in words) + ":%04X" % port
    with open("/proc/net/tcp6" if is_ipv6 else "/proc/net/tcp") as table:
        return any(line.split()[1] == wanted and line.split()[3] == "0A" for line in itertools.islice(table, 1, None))


class Subnet:
    """A /24 of the loopback that no other scenario uses, held by a bound socket for as long as this process lives."""

    def __init__(self):
        start = os.getpid()
        for number in range(start, start + 64 * 250):
            prefix = "127.%d.%d" % (64 + number // 250 % 64, 1 + number % 250)
            self.guard = socket.socket()
            try:
                self.guard.bind((prefix + ".254", GUARD_PORT))
            except OSError:
                self.guard.close()
                continue
            self.prefix = prefix
            return
        raise AssertionError("no free loopback network")

    def host(self, number):
        return f"{self.prefix}.{number}"


def die_with_parent():
    """For preexec_fn: the process is killed when the test is, however that ends."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def kill_after(case, process, name):
    """Kills the process at the end of the test, and waits for it."""

    def end():
        if process.poll() is None:
            process.kill()
        process.wait(10)
        for stream in (process.stdout, process.stderr, process.stdin):
            if stream:
                stream.close()

    case.addCleanup(end)
    return process


class Scenario(unittest.TestCase):
    """Base of the scenarios: self.folder, self.net.host(n), and on failure the end of every log in the folder."""

    longMessage = True

    @classmethod
    def setUpClass(cls):
        if not (BIN / "godwitd").exists():
            raise AssertionError(f"no godwitd in {BIN}: build it, or set GODWIT_BIN")
        cls.net = Subnet()

    @classmethod
    def tearDownClass(cls):
        cls.net.guard.close()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="godwit-"))
        self.addCleanup(self._leave_folder)
        self.addCleanup(self._check_reports)

    def _leave_folder(self):
        outcome = getattr(self._outcome, "result", None)
        failed = outcome and any(case is self for case, _ in outcome.errors + outcome.failures)
        if failed or self._outcome and not self._outcome.success:
            self._show_logs()
        if os.environ.get("GODWIT_KEEP"):
            print(f"kept: {self.folder}", file=sys.stderr)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _check_reports(self):
        """Whatever the test was about: no program may have been reported by a sanitizer."""
        for path in sorted(self.folder.rglob("*.err")) if SANITIZER else []:
            self._check_report(path.name, path.read_text(errors="replace"))

    def _check_report(self, name, text):
        if found := REPORT.search(text):
            self.fail(f"{name}: {text[max(0, found.start() - 100):][:8000]}")

    def _show_logs(self):
        for path in sorted(self.folder.glob("*.log")) + sorted(self.folder.glob("*.err")):
            lines = path.read_text(errors="replace").splitlines()
            if lines:
                print(f"--- {path.name} ({len(lines)} lines)", *lines[-40:], sep="\n", file=sys.stderr)

    def run_program(self, *words, check=True, timeout=30, **options):
        """Runs a program to its end; returns its CompletedProcess with text output."""
        options.setdefault("text", True)
        done = subprocess.run([str(word) for word in words], capture_output=True, timeout=timeout * PATIENCE, **options)
        if SANITIZER:
            self._check_report(words[0], done.stderr if isinstance(done.stderr, str) else done.stderr.decode(errors="replace"))
        if check and done.returncode != 0:
            self.fail(f"{words} exited {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    wait_until = staticmethod(wait_until)

    def assert_memory(self, taken, most, unit="KiB"):
        """Less than `most`, but of a sanitizer, which keeps what is freed and has shadows of its own."""
        if not SANITIZER:
            self.assertLess(taken, most, unit)


def main():
    unittest.main(verbosity=2)
