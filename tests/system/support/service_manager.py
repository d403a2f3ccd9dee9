# SPDX-License-Identifier: Apache-2.0
"""Does for a daemon of the tests what systemd does for a service of Type=notify: passes it sockets, keeps those that it is given
(FDSTORE=1) as long as there is a service, and passes them to its next process."""

import array
import os
import signal
import socket
import sys
import threading

from .scenario import wait_until

# Moves the descriptors to 3, 4, ... and becomes the program, as systemd's child does.
LAUNCHER = """
import os, sys
descriptors, names, program = [int(word) for word in sys.argv[1].split(",") if word], sys.argv[2], sys.argv[3:]
for place, descriptor in enumerate(descriptors):
    os.dup2(descriptor, 300 + place)
for place in range(len(descriptors)):
    os.dup2(300 + place, 3 + place, inheritable=True)
os.closerange(3 + len(descriptors), 600)
if descriptors:
    os.environ.update(LISTEN_FDS=str(len(descriptors)), LISTEN_FDNAMES=names, LISTEN_PID=str(os.getpid()))
os.execvp(program[0], program)
"""


def launcher(descriptors, names):
    """The words before a program that it shall be started with."""
    return [sys.executable, "-c", LAUNCHER, ",".join(map(str, descriptors)), ":".join(names)]


class ServiceManager:
    """`unit`: sockets of a socket unit.  `size`: what $FDSTORE says; None: no such variable."""

    def __init__(self, case, godwit, *, unit=(), size=256):
        self.case, self.godwit, self.unit, self.size = case, godwit, list(unit), size
        self.store = []  # name, descriptor
        self.ready = threading.Event()
        self.path = case.folder / "notify.sock"
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices.bind(str(self.path))
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()
        case.addCleanup(self._end)

    def _end(self):
        self.notices.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.notices.close()
        for _, descriptor in self.store:
            os.close(descriptor)

    def _listen(self):
        while True:
            text, ancillary, _, _ = self.notices.recvmsg(4096, socket.CMSG_SPACE(64 * 4))
            if not text:
                return
            descriptors = array.array("i")
            for level, kind, data in ancillary:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    descriptors.frombytes(data)
            self._take(dict(line.split("=", 1) for line in text.decode().splitlines()), descriptors)

    def _take(self, words, descriptors):
        if words.get("FDSTORE") == "1":
            self.store += [(words["FDNAME"], descriptor) for descriptor in descriptors]
        if words.get("FDSTOREREMOVE") == "1":
            for name, descriptor in [entry for entry in self.store if entry[0] == words["FDNAME"]]:
                os.close(descriptor)
                self.store.remove((name, descriptor))
        if words.get("READY") == "1":
            self.ready.set()

    def start(self):
        self.ready.clear()
        passed = [(listener.fileno(), "godwitd.socket") for listener in self.unit] + [(fd, name) for name, fd in self.store]
        size = [] if self.size is None else [f"FDSTORE={self.size}"]
        self.godwit.process = self.godwit.spawn(
            launcher=["env", f"NOTIFY_SOCKET={self.path}", *size, *launcher([fd for fd, _ in passed], [name for _, name in passed])],
            pass_fds=[fd for fd, _ in passed])
        wait_until(lambda: self.ready.is_set() or not self.godwit.alive(), "it says that it is ready", 30)
        if not self.godwit.alive():
            raise AssertionError(f"it ended: {self.godwit.errors()}")
        return self

    def stop(self):
        """As a restart does: what is stored stays."""
        return self.godwit.stop()

    def crash(self):
        self.godwit.process.send_signal(signal.SIGKILL)
        self.godwit.process.wait(10)

    def restart(self, **config):
        self.case.assertEqual(self.stop(), 0)
        self.godwit.config.update(config)
        return self.start()

    def stored(self):
        """The addresses of what is stored, sorted."""
        addresses = []
        for _, descriptor in self.store:
            with socket.socket(fileno=os.dup(descriptor)) as listener:
                addresses.append("%s:%d" % listener.getsockname()[:2])
        return sorted(addresses)
