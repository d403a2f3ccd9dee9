#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Recipients that the next hop knows are asked of it, once; a hop that takes all, that fails, or hangs is dealt with."""

import time

from support.certificate import Certificate
from support.dialogue import Dialogue
from support.dns import Dns
from support.godwit import Godwit
from support.message import message
from support.peer import STALL, ScriptedPeer
from support.scenario import MX_PORT, Scenario, main

SENDER = "mod@abc.example"
UNKNOWN = "550 5.1.1 no such user"


class RecipientsAreCalledOut(Scenario):
    def peer(self, script=None, **options):
        """The next hop: it has "known" and "also"."""
        script = {"RCPT": UNKNOWN, "RCPT:known@xyz.example": "250 2.1.5 Ok", "RCPT:also@xyz.example": "250 2.1.5 Ok",
                  **(script or {})}
        return ScriptedPeer(self, 2, "mx.xyz.example", script=script, **options)

    def start(self, peer, deliver=None, **config):
        self.godwit = Godwit(self, hostname="mail.abc.example", address=self.net.host(1), **config)
        self.godwit.config["domains"]["xyz.example"] = {"deliver": deliver or f"smtp:[{peer.address}]:{peer.port}",
                                                        "recipients": "callout"}
        self.godwit.start()

    def rcpt(self, expect, recipient="known@xyz.example", sender=SENDER):
        with Dialogue(self.godwit.address) as client:
            client.say("EHLO client.abc.example", "250")
            client.say(f"MAIL FROM:<{sender}>", "250")
            return client.say(f"RCPT TO:<{recipient}>", expect)

    def asked(self, peer):
        return [line for line in peer.commands if line.startswith("RCPT") and "godwit-" not in line]

    def test_what_it_says_counts_for_a_time_and_over_a_restart(self):
        peer = self.peer()
        self.start(peer, callout={"absent": "1h"})
        for _ in range(3):
            self.rcpt("250")
            self.rcpt("550 5.1.1", "nobody@xyz.example")
        self.assertEqual(self.asked(peer), ["RCPT TO:<known@xyz.example>", "RCPT TO:<nobody@xyz.example>"])
        self.assertEqual({line for line in peer.commands if line.startswith("MAIL")}, {"MAIL FROM:<>"})
        self.assertFalse(any(line.startswith(("DATA", "BDAT")) for line in peer.commands))
        self.assertEqual(peer.connections, 1, "one connection serves all")
        self.assertEqual(self.godwit.stop(), 0)
        self.godwit.start()
        self.rcpt("250")
        self.rcpt("550 5.1.1", "nobody@xyz.example")
        self.assertEqual(len(self.asked(peer)), 2)
        with Dialogue(self.godwit.address) as client:
            client.submit(SENDER, "known@xyz.example", message())
        peer.wait(1)

    def test_an_answer_ends(self):
        peer = self.peer({"RCPT:new@xyz.example": [UNKNOWN, "250 2.1.5 Ok"]})
        self.start(peer, callout={"absent": "1s"})
        self.rcpt("550 5.1.1", "new@xyz.example")
        self.wait_until(lambda: self.rcpt("", "new@xyz.example").startswith("250"), "it is asked again")

    def test_mail_from_nobody_makes_nobody_ask(self):
        peer = self.peer()
        self.start(peer)
        self.rcpt("250", "nobody@xyz.example", sender="")
        self.assertEqual(peer.commands, [])
        self.rcpt("550 5.1.1", "nobody@xyz.example")
        self.rcpt("550 5.1.1", "nobody@xyz.example", sender="")

    def test_other_domains_and_senders_are_never_asked_about(self):
        peer = self.peer()
        other = ScriptedPeer(self, 3, "mx.other.example")
        self.start(peer,
                   routes=[{"domains": ["other.example", "abc.example"], "next_hop": f"[{other.address}]:{other.port}"}])
        self.rcpt("250", "anybody@other.example")
        self.rcpt("250")
        self.assertEqual(other.connections, 0)

    def test_a_hop_that_takes_all_is_asked_once(self):
        peer = self.peer({"RCPT": "250 2.1.5 Ok"})
        self.start(peer)
        for number in range(5):
            self.rcpt("250", f"user{number}@xyz.example")
        self.assertEqual(self.asked(peer), ["RCPT TO:<user0@xyz.example>"])

    def test_a_hop_that_is_down_makes_unknown_recipients_wait(self):
        peer = self.peer()
        self.start(peer, callout={"present": "1s", "keep": "1h"})
        self.rcpt("250")
        peer.down()
        # What it said is over in a second; then it is asked in vain, and who was there is there.
        self.wait_until(lambda: self.rcpt("250") and self.godwit.events("callout_failed"), "it is asked in vain")
        self.rcpt("451 4.3.0", "also@xyz.example")
        failed = self.godwit.wait_event("callout_failed")
        self.assertEqual(failed["destination"], "xyz.example")
        self.assertIn("also@xyz.example", self.godwit.wait_event("lookup_failed")["to"])

    def test_it_may_be_taken_instead(self):
        peer = self.peer(up=False)
        self.start(peer, callout={"on_failure": "accept"})
        self.rcpt("250", "nobody@xyz.example")

    def test_4yz_is_no_answer(self):
        peer = self.peer({"RCPT": "450 4.7.1 greylisted"})
        self.start(peer)
        self.rcpt("451 4.3.0", "nobody@xyz.example")
        self.rcpt("250")  # the others are asked for all the same

    def test_a_hop_that_hangs_costs_its_time_once(self):
        peer = self.peer({"RCPT": STALL})
        self.start(peer, callout={"timeout": "1s"})
        began = time.monotonic()
        self.rcpt("451 4.3.0", "nobody@xyz.example")
        self.assertLess(time.monotonic() - began, 4)
        began = time.monotonic()
        self.rcpt("451 4.3.0", "another@xyz.example")
        self.assertLess(time.monotonic() - began, 0.9)

    def test_a_backup_asks_the_better_hosts_over_tls(self):
        certificate = Certificate(self, "mx.xyz.example")
        peer = self.peer(certificate=certificate)
        dns = Dns(self).mx("xyz.example", 10, "mx.xyz.example", peer.address)
        dns.mx("xyz.example", 20, "mail.abc.example", self.net.host(1)).start()
        self.start(peer, deliver="mx", dns=dns, dns_settings={"timeout": "2s"})
        self.rcpt("550 5.1.1", "nobody@xyz.example")
        self.rcpt("250")
        self.assertIn("STARTTLS", peer.commands)
        self.assertEqual(peer.port, MX_PORT)


if __name__ == "__main__":
    main()
