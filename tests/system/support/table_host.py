# SPDX-License-Identifier: Apache-2.0
"""A host whose recipients are looked up somewhere else."""

from .message import message
from .receiving_host import ReceivingHost
from .scenario import BIN, wait_until


class TableHost(ReceivingHost):
    def start(self, **config):
        """With answers that are kept only for a moment."""
        self.godwit = self.host(lookups={"cache": {"present": "1s", "absent": "1s"}, "check_interval": "200ms"}, **config).start()
        return self.godwit

    def rcpt(self, recipient):
        """What RCPT is answered, from a stranger."""
        with self.connect() as client:
            client.say("EHLO client.example", "250")
            client.say("MAIL FROM:<someone@client.example>", "250")
            return client.say(f"RCPT TO:<{recipient}>")

    def assert_exists(self, *recipients):
        for recipient in recipients:
            self.assertEqual(self.rcpt(recipient)[:9], "250 2.1.5", recipient)

    def assert_unknown(self, *recipients):
        for recipient in recipients:
            self.assertEqual(self.rcpt(recipient)[:9], "550 5.1.1", recipient)

    def assert_deferred(self, *recipients):
        for recipient in recipients:
            wait_until(lambda: self.rcpt(recipient).startswith("451 4.3.0"), f"{recipient} is answered 451")

    def assert_exists_again(self, *recipients):
        for recipient in recipients:
            wait_until(lambda: self.rcpt(recipient).startswith("250 2.1.5"), f"{recipient} is known again")

    def assert_reaches(self, recipient, *mailboxes):
        before = {name: self.godwit.mailbox(name).count() for name in mailboxes}
        content = message(f"to {recipient}")
        self.send(recipient, content)
        for name in mailboxes:
            messages = self.godwit.mailbox(name).wait(before[name] + 1)
            self.assertEqual(sum(stored.content == content for stored in messages), 1, name)

    def check(self):
        """godwitd --check on the present configuration."""
        self.godwit.write_config()
        return self.run_program(BIN / "godwitd", "--check", "--config", self.godwit.config_file, check=False)
