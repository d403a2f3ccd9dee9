#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nobody relays who may not, whatever the address looks like."""

from support.dialogue import Dialogue
from support.godwit import Godwit
from support.scenario import Scenario, main

TRICKS = [
    "victim@elsewhere.example",
    "victim%elsewhere.example@xyz.example",
    "victim%elsewhere.example",
    "@xyz.example:victim@elsewhere.example",
    "@xyz.example,@mail.xyz.example:victim@elsewhere.example",
    "elsewhere.example!victim",
    "elsewhere.example!victim@xyz.example",
    "xyz.example!victim@elsewhere.example",
    '"victim@elsewhere.example"@xyz.example',
    '"victim%elsewhere.example"@xyz.example',
    '"victim@elsewhere.example"',
    "victim@elsewhere.example@xyz.example",
    "victim@xyz.example@elsewhere.example",
    "victim@[127.0.0.1]",
    "victim@[192.0.2.1]",
    "victim@elsewhere.example.",
    "victim@xyz.example.elsewhere.example",
    "victim@sub.xyz.example",
    "victim@127.0.0.1",
]


class RelayIsRefused(Scenario):
    def setUp(self):
        super().setUp()
        self.godwit = Godwit(self, hostname="mail.xyz.example", address=self.net.host(1),
                             domains={"xyz.example": ["somchai"]}, trusted_networks=[]).start()

    def test_every_trick_is_refused_at_rcpt(self):
        for trick in TRICKS:
            with self.subTest(trick), Dialogue(self.godwit.address) as client:
                client.say("EHLO client.abc.example", "250")
                client.say("MAIL FROM:<spammer@abc.example>", "250")
                client.say(f"RCPT TO:<{trick}>", r"5\d\d 5\.")
                client.say("DATA", "503|554")
        self.assertEqual(self.godwit.events("accepted"), [])

    def test_a_local_sender_address_opens_nothing(self):
        for sender in ("somchai@xyz.example", "", "postmaster@mail.xyz.example"):
            with self.subTest(sender), Dialogue(self.godwit.address) as client:
                client.say("EHLO mail.xyz.example", "250")
                client.say(f"MAIL FROM:<{sender}>", "250")
                client.say("RCPT TO:<victim@elsewhere.example>", "55[0-4] 5.7.1")

    def test_relaying_is_refused_with_a_reason(self):
        with Dialogue(self.godwit.address) as client:
            client.say("EHLO client.abc.example", "250")
            client.say("MAIL FROM:<spammer@abc.example>", "250")
            client.say("RCPT TO:<victim@elsewhere.example>", r"55[0-4] 5\.7\.1 .*[Rr]elay")

    def test_an_unknown_local_user_is_refused(self):
        with Dialogue(self.godwit.address) as client:
            client.say("EHLO client.abc.example", "250")
            client.say("MAIL FROM:<mod@abc.example>", "250")
            client.say("RCPT TO:<nosuch@xyz.example>", "550 5.1.1")
            client.say("RCPT TO:<somchai@xyz.example>", "250")
            client.say("RCPT TO:<SOMCHAI@XYZ.Example>", "250")
            client.say("RCPT TO:<@relay.example:somchai@xyz.example>", "250")

    def test_the_default_trusts_the_loopback_and_no_more(self):
        self.godwit.stop()
        self.godwit.config.pop("trusted_networks")
        self.godwit.start()
        with Dialogue(self.godwit.address) as client:
            client.say("EHLO client.abc.example", "250")
            client.say("MAIL FROM:<mod@abc.example>", "250")
            client.say("RCPT TO:<victim@elsewhere.example>", "250")


if __name__ == "__main__":
    main()
