# SPDX-License-Identifier: Apache-2.0
"""The daemon as a host with mailboxes, and nothing else: mail.xyz.example with somchai and malee."""

from .dialogue import Dialogue, send
from .godwit import Godwit
from .message import dot_stuffed, message
from .scenario import Scenario

SENDER, TO = "mod@abc.example", "somchai@xyz.example"


class ReceivingHost(Scenario):
    def host(self, name="godwit", **config):
        """Makes the daemon, not started yet."""
        config.setdefault("domains", {"xyz.example": ["somchai", "malee"]})
        return Godwit(self, name, hostname="mail.xyz.example", address=self.net.host(1), **config)

    def start(self, **config):
        self.godwit = self.host(**config).start()
        return self.godwit

    def connect(self, **options):
        client = Dialogue(self.godwit.address, **options)
        self.addCleanup(client.close)
        return client

    def send(self, recipients=TO, content=None, sender=SENDER):
        content = content or message()
        return send(self.godwit.address, sender, recipients, content), content

    def offer(self, content):
        """The reply to a message that may be refused."""
        with self.connect() as client:
            client.envelope(SENDER, TO)
            reply = client.say("DATA")
            if not reply.startswith("354"):
                return reply
            client.send(dot_stuffed(content))
            return client.reply()

    def assert_still_works(self):
        """It lives, and takes and delivers mail as before."""
        self.assertTrue(self.godwit.alive(), self.godwit.errors())
        _, content = self.send(content=message("still works"))
        self.wait_until(lambda: any(stored.content == content for stored in self.godwit.mailbox(TO).messages()),
                        "mail is delivered as before")
