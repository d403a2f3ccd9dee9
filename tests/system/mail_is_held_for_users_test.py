#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""RFC 4865: users submit mail that leaves later."""

import base64
import datetime

from support.certificate import Certificate
from support.dialogue import Dialogue, queued_id
from support.godwit import Godwit
from support.message import message
from support.scenario import SUBMISSION_PORT, main
from support.sending_host import SENDER, SendingHost

TO = "a@far.example"


class MailIsHeldForUsers(SendingHost):
    def submit(self, parameters, pattern="250"):
        with Dialogue(self.godwit.address, SUBMISSION_PORT) as client:
            client.say("EHLO client.abc.example", "250")
            client.starttls(self.certificate.client_context(), "mail.abc.example")
            self.offers = client.say("EHLO client.abc.example", "250")
            login = base64.b64encode(f"\0{SENDER}\0secret".encode()).decode()
            client.say(f"AUTH PLAIN {login}", "235")
            if not client.say(f"MAIL FROM:<{SENDER}> {parameters}", pattern).startswith("250"):
                return None
            client.say(f"RCPT TO:<{TO}>", "250")
            return queued_id(client.data(message(sender=SENDER)))

    def start_submission(self, **config):
        self.certificate = Certificate(self, "mail.abc.example")
        self.peer = self.mx("far.example", 10, "mx.far.example", 2)
        self.dns.start()
        self.godwit = Godwit(self, hostname="mail.abc.example", address=self.net.host(1), dns=self.dns,
                             domains={"abc.example": ["mod"]}, certificate=self.certificate, **config).with_submission()
        self.godwit.add_account(SENDER, "secret").start()

    def test_for_a_while_over_a_restart(self):
        self.start_submission()
        identity = self.submit("HOLDFOR=4")
        self.assertIn("FUTURERELEASE 2592000 ", self.offers)
        shown = self.godwit.control_json("queue", "show", identity)
        self.assertIsNotNone(shown["release"])
        self.godwit.restart()
        self.assertEqual(self.peer.transactions, [])
        self.peer.wait()

    def test_until_a_moment(self):
        self.start_submission()
        moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
        self.submit(f"HOLDUNTIL={moment:%Y-%m-%dT%H:%M:%SZ}")
        self.peer.wait()
        self.assertGreaterEqual(datetime.datetime.now(datetime.timezone.utc), moment.replace(microsecond=0))

    def test_not_for_longer_than_is_allowed(self):
        self.start_submission(limits={"future_release": "1h"})
        self.submit("HOLDFOR=3601", "501 5.5.4")
        self.assertIn("FUTURERELEASE 3600 ", self.offers)


if __name__ == "__main__":
    main()
