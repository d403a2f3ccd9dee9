# SPDX-License-Identifier: Apache-2.0
"""A host whose users send with its sendmail program: mail.xyz.example with the mailboxes of alice, bob and nobody."""

import os
import pwd

from .receiving_host import ReceivingHost
from .scenario import BIN

EX_USAGE, EX_DATAERR, EX_NOUSER, EX_UNAVAILABLE, EX_IOERR, EX_TEMPFAIL, EX_NOPERM, EX_CONFIG = 64, 65, 67, 69, 74, 75, 77, 78


class SendingUser(ReceivingHost):
    def setUp(self):
        super().setUp()
        if os.getuid() != 0:
            self.skipTest("acts as several users, so it needs root")
        self.folder.chmod(0o755)  # for other users

    def host(self, name="godwit", **config):
        config.setdefault("domains", {"xyz.example": ["alice", "bob", "nobody"]})
        config.setdefault("origin", "xyz.example")
        config.setdefault("postmaster", "alice@xyz.example")
        godwit = super().host(name, **config)
        godwit.submit_socket = godwit.folder / "submit.sock"
        godwit.maildrop = godwit.folder / "spool-maildrop"
        return godwit

    def environment(self, **changes):
        return {**os.environ, "GODWIT_SUBMIT_SOCKET": str(self.godwit.submit_socket),
                "GODWIT_SOCKET": str(self.godwit.control_socket), "GODWIT_MAILDROP": str(self.godwit.maildrop), **changes}

    def sendmail(self, *words, content=b"", user=None, program="sendmail", status=0, environment=None, **options):
        """Runs it as `user`; asserts the exit status."""
        if "stdin" not in options:
            options["input"] = content
        if user:
            options.update(user=user, group=pwd.getpwnam(user).pw_gid, extra_groups=[])
        done = self.run_program(BIN / program, *words, check=False, text=False, env=environment or self.environment(), cwd="/",
                                **options)
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        return done

    def mailbox(self, local):
        return self.godwit.mailbox(f"{local}@xyz.example")

    def only(self, local):
        """The one message in a mailbox."""
        messages = self.mailbox(local).wait()
        self.godwit.wait_empty_queue()
        self.assertEqual(len(self.mailbox(local).messages()), 1)
        return messages[0]
