#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Aliases, the postmaster, address details and the catch-all."""

from support.message import message
from support.peer import ScriptedPeer
from support.receiving_host import ReceivingHost
from support.scenario import main


class AliasesAreFollowed(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.peer = ScriptedPeer(self, 2, "mx.elsewhere.example")
        godwit = self.host(
            domains={"xyz.example": ["somchai", "malee"], "catch.example": ["known"], "moved.example": []},
            origin="xyz.example", postmaster="malee@xyz.example", trusted_networks=[],
            aliases={"info@xyz.example": ["somchai@xyz.example", "malee@xyz.example"],
                     "sales@xyz.example": ["info@xyz.example"],
                     "away@xyz.example": ["me@elsewhere.example"],
                     "loop@xyz.example": ["loop2@xyz.example"], "loop2@xyz.example": ["loop@xyz.example"],
                     "@moved.example": ["somchai@xyz.example"]},
            routes=[{"domains": ["elsewhere.example"], "next_hop": f"[{self.peer.address}]:{self.peer.port}"}])
        godwit.config["domains"]["catch.example"]["catch_all"] = "somchai@xyz.example"
        self.godwit = godwit.start()

    def reaches(self, recipient, *mailboxes):
        before = {name: self.godwit.mailbox(name).count() for name in mailboxes}
        content = message(f"to {recipient}")
        self.send(recipient, content)
        for name in mailboxes:
            messages = self.godwit.mailbox(name).wait(before[name] + 1)
            self.assertEqual(sum(stored.content == content for stored in messages), 1, name)

    def test_several_targets(self):
        self.reaches("info@xyz.example", "somchai@xyz.example", "malee@xyz.example")

    def test_aliases_of_aliases(self):
        self.reaches("sales@xyz.example", "somchai@xyz.example", "malee@xyz.example")

    def test_an_address_elsewhere(self):
        self.send("away@xyz.example")
        self.assertEqual(self.peer.wait()[0].recipients, ["me@elsewhere.example"])

    def test_a_whole_domain(self):
        self.reaches("anybody@moved.example", "somchai@xyz.example")

    def test_the_postmaster_in_all_its_spellings(self):
        for address in ("Postmaster", "postmaster@xyz.example", "POSTMASTER@mail.xyz.example", "postmaster@catch.example"):
            with self.subTest(address):
                self.reaches(address, "malee@xyz.example")

    def test_the_catch_all_takes_only_the_unknown(self):
        self.reaches("whoever@catch.example", "somchai@xyz.example")
        self.reaches("known@catch.example", "known@catch.example")

    def test_the_detail_is_no_part_of_the_mailbox(self):
        self.reaches("somchai+lists@xyz.example", "somchai@xyz.example")

    def test_two_ways_to_one_mailbox_give_one_copy(self):
        self.send(["somchai@xyz.example", "info@xyz.example"])
        self.godwit.mailbox("malee@xyz.example").wait()
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.mailbox("somchai@xyz.example").count(), 1)

    def test_a_loop_of_aliases_ends(self):
        with self.connect() as client:
            client.say("EHLO client.example", "250")
            client.say("MAIL FROM:<>", "250")
            client.say("RCPT TO:<loop@xyz.example>")
        self.assert_still_works()


if __name__ == "__main__":
    main()
