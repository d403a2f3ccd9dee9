# SPDX-License-Identifier: Apache-2.0
"""The daemon as the sending side: a host that relays for us, beside a DNS server and scripted peers."""

from .dialogue import send
from .dns import Dns
from .godwit import Godwit
from .message import message
from .peer import ScriptedPeer
from .scenario import Scenario

SENDER = "mod@abc.example"


class SendingHost(Scenario):
    """self.dns takes records before self.start(); host numbers 2 and up are free for peers."""

    ttl = 60

    def setUp(self):
        super().setUp()
        self.dns = Dns(self, ttl=self.ttl)
        self.peers = {}

    def mx(self, domain, preference, name, number, **options):
        """A host of the domain's MX list at net.host(number); `up=False` leaves its address silent."""
        self.dns.mx(domain, preference, name, self.net.host(number))
        if name not in self.peers:
            self.peers[name] = ScriptedPeer(self, number, name, **options)
        return self.peers[name]

    def daemon(self, **config):
        """Makes the daemon, not started yet."""
        config.setdefault("domains", {"abc.example": ["mod"]})
        return Godwit(self, hostname="mail.abc.example", address=self.net.host(1), dns=self.dns, **config)

    def start(self, **config):
        self.dns.start()
        self.godwit = self.daemon(**config).start()
        return self.godwit

    def send(self, recipients, content=None, sender=SENDER):
        """Hands a message to the daemon; (id, content as sent)."""
        content = content or message(sender=sender)
        return send(self.godwit.address, sender, recipients, content), content

    def assert_arrived(self, peer, content, count=1):
        """The peer has the message, below one Received header of ours; its transaction."""
        transaction = peer.wait(count)[count - 1]
        self.assertTrue(transaction.content.endswith(content), transaction.content)
        trace = transaction.content[:-len(content)]
        self.assertTrue(trace.startswith(b"Received: "), trace)
        self.assertEqual(trace.lower().count(b"received:"), 1)
        return transaction
