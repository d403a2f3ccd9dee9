# SPDX-License-Identifier: Apache-2.0
"""A clean Debian with systemd for its first process, in namespaces of its own, where packages are installed as on a real machine.  Its base
is made by scripts/install-packages, and stays as it is: each machine writes into a layer of its own.  Its network is a loopback.  Needs
root.  All of it ends with the test."""

import concurrent.futures
import ctypes
import fcntl
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from .scenario import die_with_parent, kill_after, wait_until
from .unpacked import CACHE, obstacle

BASE = CACHE / "debian"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CLONE_NEWNET = 0x40000000

# In a mount namespace.  Two shells, because a process sees the root of its cgroup namespace where it was when it made it.
BOOT = """
root=$1 base=$2 layer=$3 group=$4
mount --make-rprivate /
mount -t overlay debian -o "lowerdir=$base,upperdir=$layer/upper,workdir=$layer/work" "$root"
mount -t cgroup2 groups "$layer/groups"
mkdir "$layer/groups/$group"
echo $$ > "$layer/groups/$group/cgroup.procs"
exec unshare --cgroup --pid --fork --kill-child=KILL sh -eu -c '
mount -t proc proc "$1/proc"
mount -t sysfs sysfs "$1/sys"
mount -t cgroup2 groups "$1/sys/fs/cgroup"
mount -t tmpfs -o mode=755 devices "$1/dev"
mkdir "$1/dev/pts" "$1/dev/shm"
for device in null zero full random urandom tty; do
  : > "$1/dev/$device"
  mount --bind "/dev/$device" "$1/dev/$device"
done
ln -s /proc/self/fd "$1/dev/fd"
mount -t devpts -o newinstance,ptmxmode=0666 terminals "$1/dev/pts"
ln -s pts/ptmx "$1/dev/ptmx"
mount -t tmpfs run "$1/run"
mount -t tmpfs -o mode=1777 tmp "$1/tmp"
exec env -i container=test PATH="$PATH" chroot "$1" /lib/systemd/systemd --show-status=no
' debian "$root"
"""


# Whatever BOOT needs of the kernel, in a folder of its own.
ATTEMPT = """
mount --make-rprivate /
mkdir "$2/upper" "$2/work" "$2/root" "$2/groups"
mount -t overlay debian -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
mount -t proc proc "$2/root/proc"
mount -t sysfs sysfs "$2/root/sys"
mount -t cgroup2 groups "$2/groups"
mkdir "$2/groups/$3"
rmdir "$2/groups/$3"
"""


def why_not():
    """Why there can be no such machine here; empty: there can."""
    if reason := obstacle():
        return reason
    if not (BASE / ".done").exists():
        return f"no Debian in {BASE}: scripts/install-packages test, which needs a mirror, makes it"
    if not (BASE / "lib/systemd/systemd").exists():
        return f"no systemd in {BASE}"
    with tempfile.TemporaryDirectory(prefix="godwit-") as folder:
        done = subprocess.run(["unshare", "--mount", "--net", "--uts", "--ipc", "--cgroup", "--pid", "--fork", "sh", "-eu", "-c", ATTEMPT,
                               "attempt", BASE, folder, f"godwit-attempt-{os.getpid()}"], capture_output=True, text=True)
    return done.stderr.strip() if done.returncode != 0 else ""


def apt_in_base(*words):
    # The words on caches: what a container's apt has in their place is a file of the other root.
    return subprocess.run(["apt-get", "-y", "-q", "-o", f"RootDir={BASE}", "-o", "Dir::Cache::pkgcache=pkgcache.bin", "-o",
                           "Dir::Cache::srcpkgcache=srcpkgcache.bin", "-o", "APT::Sandbox::User=root", *words], capture_output=True,
                          text=True, timeout=100)


def download(package):
    """Fetches into the base what a package depends on and is not there yet; skips the test where no mirror has it to give."""
    with open(CACHE / "debian-lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        words = ("install", "--no-install-recommends", "--download-only", str(package))
        done = apt_in_base(*words)
        if done.returncode != 0:  # its lists may be old
            apt_in_base("update")
            done = apt_in_base(*words)
    said = done.stdout + done.stderr
    if done.returncode != 0 and "Failed to fetch" in said:
        raise unittest.SkipTest(f"no mirror can be reached: {said[said.index('Failed to fetch'):].splitlines()[0]}")
    if done.returncode != 0:
        raise AssertionError(said)


def program(process):
    """What a process runs; empty: it has ended."""
    try:
        return os.readlink(f"/proc/{process}/exe")
    except OSError:
        return ""


class Debian:
    def __init__(self, case, name="debian"):
        self.case, self.name, self.folder = case, name, case.folder / name
        self.layer = self.folder / "layer"
        for folder in self.folder / "root", self.layer / "upper", self.layer / "work", self.layer / "groups":
            folder.mkdir(parents=True)

    def boot(self):
        unsynced = self.layer / "upper/etc/dpkg/dpkg.cfg.d/unsynced"
        unsynced.parent.mkdir(parents=True)
        unsynced.write_text("force-unsafe-io\n")  # nobody needs it after a crash
        group = f"godwit-test-{os.getpid()}-{self.name}"
        # Registered first, run last.
        self.case.addCleanup(self._remove_groups, group)
        with open(self.case.folder / f"{self.name}.err", "ab") as errors:
            process = kill_after(self.case, subprocess.Popen(
                ["unshare", "--mount", "--net", "--uts", "--ipc", "sh", "-eu", "-c", BOOT, "boot", str(self.folder / "root"), str(BASE),
                 str(self.layer), group], stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, preexec_fn=die_with_parent), self.name)

        def first_process():
            if process.poll() is not None:
                raise AssertionError(f"{self.name} did not boot: {(self.case.folder / f'{self.name}.err').read_text()}")
            children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            return [child for child in children if program(child).endswith("/systemd")]

        self.pid = int(wait_until(first_process, f"{self.name} begins to boot")[0])
        self.root = pathlib.Path(f"/proc/{self.pid}/root")
        wait_until(lambda: (self.root / "run/systemd/private").exists(), "systemd listens")
        state = self.run("systemctl", "is-system-running", "--wait", check=False).stdout.strip()
        self.case.assertEqual(state, "running", self.run("systemctl", "--failed", "--no-pager").stdout)
        return self

    def _remove_groups(self, group):
        script = 'mount -t cgroup2 groups "$1"; [ ! -d "$1/$2" ] || find "$1/$2" -depth -type d -exec rmdir {} +'
        words = ["unshare", "--mount", "sh", "-c", script, "groups", str(self.layer / "groups"), group]
        wait_until(lambda: subprocess.run(words, capture_output=True).returncode == 0, f"all of {self.name} has ended")

    def run(self, *words, check=True, timeout=100, **options):
        """Runs a program there as root; returns its CompletedProcess, with both outputs in stdout."""
        done = subprocess.run(
            ["nsenter", "--target", str(self.pid), "--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup", "--root",
             "env", "-i", "--chdir=/", f"PATH={PATH}", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", *map(str, words)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout,
            **({} if "input" in options else {"stdin": subprocess.DEVNULL}), **options)
        if check and done.returncode != 0:
            self.case.fail(f"{words} exited {done.returncode}:\n{done.stdout}\n{self.journal()}")
        return done

    def journal(self):
        return self.run("journalctl", "--boot", "--no-pager", "--lines=60", check=False).stdout

    def install(self, package, *options, check=True):
        """Installs a package of ours with what it needs, which must have been downloaded."""
        shutil.copy(package, self.root / "tmp")
        return self.run("apt-get", "install", "-y", "-q", "--no-install-recommends", *options, f"/tmp/{package.name}", check=check)

    def inside(self, function, *arguments):
        """Calls the function in the machine's network: sockets that it makes are there, and stay there."""
        def enter():
            libc = ctypes.CDLL(None, use_errno=True)
            with open(f"/proc/{self.pid}/ns/net") as namespace:
                if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            return function(*arguments)

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            return pool.submit(enter).result()

    def main_process(self, unit):
        return int(self.run("systemctl", "show", "--property=MainPID", "--value", unit).stdout)

    def is_active(self, unit):
        return self.run("systemctl", "is-active", unit, check=False).stdout.strip() == "active"
