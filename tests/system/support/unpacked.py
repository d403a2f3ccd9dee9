# SPDX-License-Identifier: Apache-2.0
"""Mail servers as Debian packages them, that are not installed: what scripts/install-packages unpacked is laid over /usr and /etc in a
mount namespace of its own.  Needs root.  All processes of one are in one PID namespace, and end with the test."""

import os
import pathlib
import shlex
import subprocess

from .scenario import die_with_parent, kill_after, wait_until

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "godwit-tests"


def obstacle():
    """Why such a server cannot run here; empty: it can."""
    if os.getuid() != 0:
        return "only root can lay an unpacked package over /usr"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        return "this machine allows no mount namespaces"
    return ""


def own_folder(path, owner, group, mode):
    path.mkdir()
    os.chown(path, owner, group)
    path.chmod(mode)


class UnpackedServer:
    """Base of one server.  `users`: those its package makes, by number; `self.layer`: goes over /etc, above the package's own.

    Subclasses write what they need into self.folder, and then run() the server.
    """

    def __init__(self, case, name, package, users):
        self.case, self.name, self.root = case, name, CACHE / package
        if not (self.root / ".done").exists():
            case.fail(f"no {package} in {self.root}: run scripts/install-packages test")
        self.folder = case.folder / name
        # Its processes run as other users, and pass through the folder above.
        case.folder.chmod(0o755)
        self.layer = self.folder / "layer"
        self.layer.mkdir(parents=True)
        for file, line in (("passwd", "{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin\n"), ("group", "{name}:x:{number}:\n")):
            others = [entry for entry in pathlib.Path("/etc", file).read_text().splitlines(True) if entry.split(":")[0] not in users]
            ours = [line.format(name=user, number=number) for user, number in users.items()]
            (self.layer / file).write_text("".join(others + ours))

    def run(self, command, mounts=()):
        """Starts `command`, after the shell commands `mounts`, and waits until listens() says so."""
        script = " && ".join([
            f"mount -t overlay {self.name} -o lowerdir={shlex.quote(str(self.root))}/usr:/usr /usr",
            f"mount -t overlay {self.name} -o lowerdir={shlex.quote(str(self.layer))}:{shlex.quote(str(self.root))}/etc:/etc /etc",
            *mounts, command + "; exit $?"])
        # Not exec: the shell is the first process of the namespace, and all of it dies with the shell.  A server that changes its user
        # could not be that: it loses the signal that --kill-child asks for.
        self.case.addCleanup(wait_until, lambda: not self.listens(), f"{self.name} is gone")
        with open(self.case.folder / f"{self.name}.err", "ab") as log:
            self.process = kill_after(self.case, subprocess.Popen(
                ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child=KILL", "sh", "-c", script],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, preexec_fn=die_with_parent), self.name)
        wait_until(self._ready, f"{self.name} listens", timeout=60)
        return self

    def _ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} exited {self.process.returncode}")
        return self.listens()
