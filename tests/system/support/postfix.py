# SPDX-License-Identifier: Apache-2.0
"""A real Postfix, as Debian packages it, that is not installed: what scripts/install-packages unpacked is laid over /usr and /etc in
a mount namespace of its own.  Needs root.  Queue, data and configuration lie in the test's folder; all its processes are in one PID
namespace, and end with the test."""

import os
import pathlib
import shlex
import subprocess

from .programs import POSTFIX
from .scenario import MX_PORT, SUBMISSION_PORT, die_with_parent, kill_after, listening, wait_until

# Of the numbers that Debian leaves to local users of the system.
USERS = {"postfix": 64801, "postdrop": 64802}

QUEUE_FOLDERS = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")

# What Debian's postinst writes into a fresh main.cf is in main.cf.debian; this goes behind it.
MAIN_CF = """
config_directory = {folder}/etc
queue_directory = {folder}/spool
data_directory = {folder}/data
meta_directory = /etc/postfix
maillog_file = {logs}/postfix.log
maillog_file_prefixes = {logs}
# The addresses of master.cf count; those of a test are of no interface by name.
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
alias_maps =
alias_database =
{settings}
"""

# Debian's services, without a chroot, whose files are not set up here.  What is accepted goes nowhere.
MASTER_CF = """
{address}:{mx} inet n - n - - smtpd
{address}:{submission} inet n - n - - smtpd
{submission_options}
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def obstacle():
    """Why Postfix cannot run here; empty: it can."""
    if os.getuid() != 0:
        return "only root can lay an unpacked Postfix over /usr"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        return "this machine allows no mount namespaces"
    return ""


def own_folder(path, owner, group, mode):
    path.mkdir()
    os.chown(path, owner, group)
    path.chmod(mode)


class Postfix:
    """One instance, with `settings` (of main.cf) on port MX_PORT, and with `submission` over them on SUBMISSION_PORT."""

    def __init__(self, case, address, settings, submission):
        if not (POSTFIX / "usr/sbin/postfix").exists():
            case.fail(f"no Postfix in {POSTFIX}: run scripts/install-packages test")
        self.case, self.address = case, address
        self.folder = case.folder / "postfix"
        # Its processes run as other users, and pass through the folder above.
        case.folder.chmod(0o755)
        for name in ("etc", "layer"):
            (self.folder / name).mkdir(parents=True)
        self._make_queue()
        self._write_users()
        self._write_configuration(settings, submission)

    def _make_queue(self):
        """As post-install does, with the owners and modes of postfix-files."""
        postfix, postdrop = USERS["postfix"], USERS["postdrop"]
        own_folder(self.folder / "data", postfix, 0, 0o700)
        own_folder(self.folder / "spool", 0, 0, 0o755)
        for name in QUEUE_FOLDERS:
            own_folder(self.folder / "spool" / name, postfix, 0, 0o700)
        own_folder(self.folder / "spool/pid", 0, 0, 0o755)
        own_folder(self.folder / "spool/public", postfix, postdrop, 0o710)
        own_folder(self.folder / "spool/maildrop", postfix, postdrop, 0o730)

    def _write_users(self):
        for file, line in (("passwd", "{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin\n"), ("group", "{name}:x:{number}:\n")):
            others = [entry for entry in pathlib.Path("/etc", file).read_text().splitlines(True) if entry.split(":")[0] not in USERS]
            ours = [line.format(name=name, number=number) for name, number in USERS.items()]
            (self.folder / "layer" / file).write_text("".join(others + ours))

    def _write_configuration(self, settings, submission):
        debian = (POSTFIX / "usr/share/postfix/main.cf.debian").read_text()
        lines = "\n".join(f"{key} = {value}" for key, value in settings.items())
        own = MAIN_CF.format(folder=self.folder, logs=self.case.folder, settings=lines)
        (self.folder / "etc/main.cf").write_text(debian + own)
        options = "\n".join(f"  -o {{ {key} = {value} }}" for key, value in submission.items())
        (self.folder / "etc/master.cf").write_text(
            MASTER_CF.format(address=self.address, mx=MX_PORT, submission=SUBMISSION_PORT, submission_options=options))

    def start(self):
        layer = shlex.quote(str(self.folder / "layer"))
        root = shlex.quote(str(POSTFIX))
        script = (f"mount -t overlay postfix -o lowerdir={root}/usr:/usr /usr && "
                  f"mount -t overlay postfix -o lowerdir={layer}:{root}/etc:/etc /etc && "
                  f"/usr/lib/postfix/sbin/master -s -c {shlex.quote(str(self.folder / 'etc'))}; exit $?")
        # Not by `postfix start-fg`, which checks for seconds.  The shell is the first process of the namespace, and all of it dies with
        # the shell.  Postfix itself could not be: what changes its user as master does loses the signal that --kill-child asks for.
        self.case.addCleanup(wait_until, lambda: not self._listens(), "postfix is gone")
        with open(self.case.folder / "postfix.err", "ab") as log:
            self.process = kill_after(self.case, subprocess.Popen(
                ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child=KILL", "sh", "-c", script],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, preexec_fn=die_with_parent), "postfix")
        wait_until(self._ready, "postfix listens", timeout=60)
        return self

    def _ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"postfix exited {self.process.returncode}")
        return self._listens()

    def _listens(self):
        return all(listening(self.address, port) for port in (MX_PORT, SUBMISSION_PORT))
