# SPDX-License-Identifier: Apache-2.0
"""A host that takes mail from strangers and has checks for them."""

from .dialogue import Dialogue
from .dns import Dns
from .godwit import Godwit
from .scenario import Scenario

TO = "somchai@xyz.example"
MESSAGE = b"From: mod@abc.example\r\nDate: Mon, 02 Nov 2026 08:00:00 +0000\r\nSubject: Hello\r\n\r\nHello World\r\n"


class JudgedHost(Scenario):
    """Clients come from self.client; host 2 has a name in DNS, the others have none."""

    def setUp(self):
        super().setUp()
        self.client = self.net.host(2)
        self.dns = (Dns(self).host("mail.abc.example", self.client).mx("abc.example", 10, "mail.abc.example")
                    .null_mx("silent.example"))

    def judge(self, *checks, trusted=None, **policy):
        """Starts the daemon with these checks, and sections of `policy`."""
        self.dns.start()
        self.godwit = Godwit(self, hostname="mail.xyz.example", address=self.net.host(1), dns=self.dns,
                             domains={"xyz.example": ["somchai", "malee", "postmaster"]}, trusted_networks=trusted or ["192.0.2.0/24"],
                             policy={"checks": {"mx": list(checks)}, **policy}).start()

    def rcpt(self, expect, sender="mod@abc.example", hello="mail.abc.example", to=TO, client=None):
        """The reply to RCPT."""
        with Dialogue(self.godwit.address, source=client or self.client) as dialogue:
            dialogue.say(f"EHLO {hello}", "250")
            dialogue.say(f"MAIL FROM:<{sender}>", "250")
            return dialogue.say(f"RCPT TO:<{to}>", expect)

    def deliver(self, expect="250", message=MESSAGE, sender="mod@abc.example", hello="mail.abc.example", client=None):
        """The reply to the message."""
        with Dialogue(self.godwit.address, source=client or self.client) as dialogue:
            dialogue.say(f"EHLO {hello}", "250")
            dialogue.say(f"MAIL FROM:<{sender}>", "250")
            dialogue.say(f"RCPT TO:<{TO}>", "250")
            return dialogue.data(message, expect)
