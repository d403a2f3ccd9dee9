# SPDX-License-Identifier: Apache-2.0
"""A real Postfix, as Debian packages it.  Queue, data and configuration lie in the test's folder."""

import shlex

from .scenario import MX_PORT, SUBMISSION_PORT, listening
from .unpacked import UnpackedServer, own_folder

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
smtp unix - - n - - smtp
relay unix - - n - - smtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix(UnpackedServer):
    """One instance, with `settings` (of main.cf) on port MX_PORT, and with `submission` over them on SUBMISSION_PORT."""

    def __init__(self, case, address, settings, submission):
        super().__init__(case, "postfix", "postfix", USERS)
        self.address = address
        (self.folder / "etc").mkdir()
        self._make_queue()
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

    def _write_configuration(self, settings, submission):
        debian = (self.root / "usr/share/postfix/main.cf.debian").read_text()
        lines = "\n".join(f"{key} = {value}" for key, value in settings.items())
        own = MAIN_CF.format(folder=self.folder, logs=self.case.folder, settings=lines)
        (self.folder / "etc/main.cf").write_text(debian + own)
        options = "\n".join(f"  -o {{ {key} = {value} }}" for key, value in submission.items())
        (self.folder / "etc/master.cf").write_text(
            MASTER_CF.format(address=self.address, mx=MX_PORT, submission=SUBMISSION_PORT, submission_options=options))

    def start(self, mounts=(), launcher=()):
        # Not by `postfix start-fg`, which checks for seconds.
        return self.run(shlex.join([*launcher, "/usr/lib/postfix/sbin/master", "-s", "-c", str(self.folder / "etc")]), mounts)

    def listens(self):
        return all(listening(self.address, port) for port in (MX_PORT, SUBMISSION_PORT))
