#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each user's mail goes to the store that is his: Maildirs for some, a real Dovecot over LMTP for others, by the configuration or a table."""

import os
import unittest

from support.dovecot_lmtp import DovecotLmtp
from support.message import message
from support.scenario import main
from support.table_host import TableHost

SOMCHAI, ANN, JOE = "somchai@xyz.example", "ann@xyz.example", "joe@xyz.example"


@unittest.skipUnless(os.getuid() == 0, "Dovecot gives its processes users of their own")
class UsersHaveStores(TableHost):
    def setUp(self):
        super().setUp()
        self.dovecot = DovecotLmtp(self, 9, {ANN: 0, JOE: 0}).start()
        self.store = f"lmtp:unix:{self.dovecot.socket}"

    def start_with(self, users, **config):
        self.godwit = self.host(lookups={"cache": {"present": "1s", "absent": "1s"}, "check_interval": "200ms"}, **config)
        self.godwit.config["domains"]["xyz.example"]["users"] = users
        return self.godwit.start()

    def assert_has(self, mailbox, content):
        self.wait_until(lambda: sum(stored.content == content for stored in mailbox.messages()) == 1, "it is in the mailbox, once")

    def assert_has_not(self, mailbox, content):
        self.assertFalse(any(stored.content == content for stored in mailbox.messages()))

    def test_one_message_for_both_kinds(self):
        self.start_with({"ann": self.store, "joe": self.store})
        content = message("for all")
        identity, _ = self.send([SOMCHAI, "Ann+lists@xyz.example", JOE], content)
        self.assert_has(self.godwit.mailbox(SOMCHAI), content)
        self.assert_has(self.dovecot.mailbox(ANN), content)
        self.assert_has(self.dovecot.mailbox(JOE), content)
        self.godwit.wait_empty_queue()
        self.assertEqual(sorted((event["to"], event["relay"]) for event in self.godwit.events("delivered", id=identity)),
                         [("<ann+lists@xyz.example>", f"unix:{self.dovecot.socket}"), (f"<{JOE}>", f"unix:{self.dovecot.socket}"),
                          (f"<{SOMCHAI}>", "maildir")])
        over_lmtp = [event["to"] for event in self.godwit.events("attempt", id=identity) if event["site"] != "maildir"]
        self.assertEqual(over_lmtp, [f"{ANN},{JOE}"], "both in one transaction")

    def test_route_shows_it(self):
        self.start_with({"ann": self.store})
        way, = self.godwit.control_json("route", ANN)["ways"]
        self.assertEqual((way["destination"], way["rule"], way["route"], way["site"]),
                         (ANN, "domains.xyz.example.users", self.store, self.store))
        way, = self.godwit.control_json("route", SOMCHAI)["ways"]
        self.assertEqual((way["destination"], way["rule"], way["site"]), ("xyz.example", "domains.xyz.example", "maildir"))
        self.assertIn(self.store, self.godwit.control("route", ANN).stdout)
        self.assert_exists(ANN, "ann+x@xyz.example", SOMCHAI)
        self.assert_unknown("nobody@xyz.example")

    def test_by_a_table_that_changes(self):
        table = self.folder / "stores"
        table.write_text(f"ann@xyz.example: {self.store}\njoe: maildir:{self.folder}/elsewhere/{{local}}\n")
        self.start_with("table:stores", tables={"stores": {"type": "file", "path": str(table)}})
        content = message("by the table")
        self.send([ANN, JOE, SOMCHAI], content)
        self.assert_has(self.dovecot.mailbox(ANN), content)
        self.godwit.wait_empty_queue()
        self.assertEqual(len(list((self.folder / "elsewhere" / "joe" / "new").iterdir())), 1)
        table.write_text(f"joe: {self.store}\n")
        self.godwit.wait_event("table_reloaded", table="stores")
        self.assert_unknown(ANN)
        content = message("after the change")
        self.send(JOE, content)
        self.assert_has(self.dovecot.mailbox(JOE), content)

    def test_a_store_that_is_down_keeps_only_its_users_waiting(self):
        self.start_with({"ann": self.store})
        self.dovecot.stop()
        content = message("one waits")
        identity, _ = self.send([ANN, SOMCHAI], content)
        self.assert_has(self.godwit.mailbox(SOMCHAI), content)
        self.godwit.wait_event("deferred", id=identity, to=f"<{ANN}>")
        shown = self.godwit.control_json("queue", "show", identity)
        self.assertEqual([one["name"] for one in shown["destinations"]], [ANN])
        waiting = self.godwit.control_json("why", ANN)["waiting"]
        self.assertEqual((waiting[0]["destination"], waiting[0]["site"]), (ANN, self.store))
        # A start knows the domains of what waits, and finds the users again.
        self.godwit.stop()
        self.godwit.start()
        self.dovecot.start()
        self.assert_has(self.dovecot.mailbox(ANN), content)
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.mailbox(SOMCHAI).count(), 1)
        self.assertFalse(self.godwit.mailbox(ANN).path.exists())

    def test_an_administrator_ends_the_wait_of_one(self):
        self.start_with({"ann": self.store, "joe": self.store})
        self.godwit.control("delivery", "suspend", "--destination", "xyz.example")
        identity, _ = self.send([ANN, JOE, SOMCHAI])
        self.godwit.control("queue", "delete", "--recipient", ANN)
        self.godwit.control("delivery", "resume", "--destination", "xyz.example")
        self.godwit.wait_empty_queue()
        self.assertEqual(sorted(event["to"] for event in self.godwit.events("delivered", id=identity)), [f"<{JOE}>", f"<{SOMCHAI}>"])


if __name__ == "__main__":
    main()
