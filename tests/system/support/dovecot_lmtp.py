# SPDX-License-Identifier: Apache-2.0
"""A real Dovecot as the store behind LMTP, over a Unix and a TCP socket; its mailboxes are Maildirs with quotas."""

import os
import signal

from .account_servers import Server, unix_socket_listens
from .maildir import Maildir
from .scenario import die_with_parent, listening, wait_until

PORT = 20024


class DovecotLmtp(Server):
    def __init__(self, case, host, users, *, tempfail=False):
        """`users`: name → quota in bytes, 0 for none."""
        super().__init__(case, "dovecot-lmtp")
        case.folder.chmod(0o755)
        self.address, self.mail = case.net.host(host), self.folder / "mail"
        self.mail.mkdir()
        os.chown(self.mail, 65534, 65534)
        self.socket = self.folder / "base" / "lmtp"
        self.users = self.folder / "users"
        self.users.write_text("".join(
            f"{user}:{{PLAIN}}x:65534:65534::{self.mail}/{user}::userdb_quota_rule=*:bytes={quota}\n" for user, quota in users.items()))
        self.config = self.folder / "dovecot.conf"
        self.config.write_text(f"""
base_dir = {self.folder}/base
state_dir = {self.folder}/state
log_path = {case.folder}/dovecot-lmtp.log
protocols = lmtp
ssl = no
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = 1
mail_location = maildir:~/Maildir
recipient_delimiter = +
quota_full_tempfail = {"yes" if tempfail else "no"}
mail_plugins = quota
plugin {{
  quota = count:User quota
  quota_vsizes = yes
  quota_grace = 0%%
}}
mailbox_list_index = yes
protocol lmtp {{
  postmaster_address = postmaster@xyz.example
  mail_plugins = quota
}}
passdb {{
  driver = passwd-file
  args = {self.users}
}}
userdb {{
  driver = passwd-file
  args = {self.users}
}}
service lmtp {{
  unix_listener lmtp {{
    mode = 0666
  }}
  inet_listener lmtp {{
    address = {self.address}
    port = {PORT}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
""")

    def start(self):
        self.spawn("dovecot", "-F", "-c", self.config, start_new_session=True, preexec_fn=die_with_parent)
        self.case.addCleanup(self._kill_all)
        wait_until(lambda: unix_socket_listens(self.socket) and listening(self.address, PORT), "dovecot's LMTP is there")
        return self

    def stop(self):
        self._kill_all()
        self.process.wait(20)

    def _kill_all(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def mailbox(self, user):
        return Maildir(self.mail / user / "Maildir")
