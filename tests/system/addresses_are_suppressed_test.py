#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Addresses from which mail came back for good get none for a time: refused at RCPT, and returned from the queue."""

from support.dialogue import Dialogue
from support.scenario import main
from support.sending_host import SENDER, SendingHost

GONE, THERE = "nobody@gone.example", "somebody@gone.example"


class AddressesAreSuppressed(SendingHost):
    def setUp(self):
        super().setUp()
        self.peer = self.mx("gone.example", 10, "mx.gone.example", 2,
                            script={f"RCPT:{GONE}": "550 5.1.1 no such user", "RCPT:full@gone.example": "550 5.2.2 over quota"})

    def begin(self, **suppression):
        self.start(suppression={"enabled": True, **suppression}, aliases={"both@abc.example": [GONE, THERE]})

    def bounce(self, address=GONE):
        identity, _ = self.send(address)
        self.godwit.wait_event("bounced", id=identity)
        self.godwit.wait_empty_queue()

    def refusal(self, address):
        with Dialogue(self.godwit.address) as client:
            client.say("EHLO client.abc.example", "250")
            client.say(f"MAIL FROM:<{SENDER}>", "250")
            return client.say(f"RCPT TO:<{address}>")

    def listed(self):
        return {entry["address"]: entry for entry in self.godwit.control_json("suppression", "list")["suppressions"]}

    def test_a_bounce_suppresses_its_recipient_until_it_is_removed(self):
        self.begin()
        self.assertTrue(self.refusal(GONE).startswith("250"))
        self.bounce()
        self.assertEqual(self.godwit.wait_event("suppressed")["class"], "bad_mailbox")
        self.assertRegex(self.refusal(GONE.upper()), r"^550 5\.1\.1 .*because of bad_mailbox \(bounce\): 550 5\.1\.1 no such user")
        self.assertTrue(self.refusal(THERE).startswith("250"))
        self.assertEqual(self.listed()[GONE]["source"], "bounce")
        self.assertIn(GONE, self.godwit.control("suppression", "list").stdout)
        self.godwit.restart()
        self.assertTrue(self.refusal(GONE).startswith("550"))
        self.godwit.control("suppression", "remove", GONE)
        self.assertTrue(self.refusal(GONE).startswith("250"))
        self.assertEqual(self.listed(), {})
        self.godwit.restart()
        self.assertTrue(self.refusal(GONE).startswith("250"))

    def test_what_is_queued_already_is_returned_without_an_attempt(self):
        self.begin()
        self.godwit.control("delivery", "suspend", "--destination", "gone.example")
        identity, _ = self.send([GONE, THERE])
        self.godwit.control("suppression", "add", GONE, "--reason", "asked us to stop", "--for", "1h")
        self.godwit.control("delivery", "resume", "--destination", "gone.example")
        bounced = self.godwit.wait_event("bounced", id=identity)
        self.assertEqual((bounced["to"], bounced["relay"]), (f"<{GONE}>", "suppressed"))
        self.assertIn("asked us to stop", bounced["reply"])
        # The other one is delivered to, and the report is not about it.
        self.assertEqual(self.peer.wait()[0].recipients, [THERE])
        self.assertNotIn(f"RCPT TO:<{GONE}>", " ".join(self.peer.commands))
        report = self.godwit.mailbox(SENDER).wait()[0].content
        self.assertIn(b"asked us to stop", b" ".join(report.split()))

    def test_an_alias_of_several_is_taken_and_reaches_the_others(self):
        self.begin()
        self.godwit.control("suppression", "add", GONE)
        self.send("both@abc.example")
        self.assertEqual(self.peer.wait()[0].recipients, [THERE])

    def test_only_the_configured_classes_suppress(self):
        self.begin()
        self.bounce("full@gone.example")
        self.assertEqual(self.listed(), {})
        self.godwit.config["suppression"]["classes"] = ["full_mailbox"]
        self.godwit.write_config()
        self.godwit.control("reload")
        self.bounce("full@gone.example")
        self.bounce(GONE)
        self.assertEqual(list(self.listed()), ["full@gone.example"])

    def test_it_expires(self):
        self.begin(time="2s")
        self.bounce()
        self.assertTrue(self.refusal(GONE).startswith("550"))
        self.wait_until(lambda: self.refusal(GONE).startswith("250"), "the suppression expires")

    def test_it_is_off_by_default(self):
        self.start()
        self.bounce()
        self.assertTrue(self.refusal(GONE).startswith("250"))
        refused = self.godwit.control("suppression", "list", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("suppression.enabled is false", refused.stderr)


if __name__ == "__main__":
    main()
