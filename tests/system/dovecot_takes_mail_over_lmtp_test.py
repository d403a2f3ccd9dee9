#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real Dovecot as the store: mail over LMTP by Unix and TCP socket, its word about recipients and about full mailboxes."""

import os
import unittest

from support.dovecot_lmtp import PORT, DovecotLmtp
from support.message import message
from support.scenario import main
from support.table_host import TableHost

ANN, JOE, FULL, SUE = "ann@xyz.example", "joe@xyz.example", "full@xyz.example", "sue@abc.example"


@unittest.skipUnless(os.getuid() == 0, "Dovecot gives its processes users of their own")
class DovecotTakesMail(TableHost):
    def start_store(self, users=None, **options):
        self.dovecot = DovecotLmtp(self, 9, users or {ANN: 0, JOE: 0, FULL: 10}, **options).start()

    def start_with(self, place, recipients="lmtp", others=(), **config):
        config.setdefault("lookups", {"cache": {"present": "1s", "absent": "1s"}})
        self.godwit = self.host(aliases={"both@xyz.example": [ANN, JOE]}, **config)
        self.godwit.config["domains"] = {domain: {"deliver": f"lmtp:{place}", "recipients": recipients}
                                         for domain in ("xyz.example", *others)}
        return self.godwit.start()

    def assert_arrives(self, recipient, *users):
        content = message(f"for {recipient}")
        self.send(recipient, content)
        for user in users:
            self.wait_until(lambda: any(stored.content == content for stored in self.dovecot.mailbox(user).messages()),
                            f"the message for {recipient} is in {user}'s mailbox")

    def test_over_a_unix_socket(self):
        self.start_store()
        self.start_with(f"unix:{self.dovecot.socket}")
        self.assert_arrives(ANN, ANN)
        self.assert_arrives("both@xyz.example", ANN, JOE)
        self.assert_arrives("ann+lists@xyz.example", ANN)
        relays = {event["relay"] for event in self.godwit.events("delivered")}
        self.assertEqual(relays, {f"unix:{self.dovecot.socket}"})

    def test_over_tcp_one_connection_for_many_messages(self):
        self.start_store()
        self.start_with(f"{self.dovecot.address}:{PORT}", recipients="any", delivery={"connections_per_destination": 1}, threads=1)
        for _ in range(5):
            self.assert_arrives(ANN, ANN)
        self.godwit.wait_empty_queue()
        log = (self.folder / "dovecot-lmtp.log").read_text()
        self.assertEqual(log.count(": Connect from 127."), 1, log)

    def test_one_transaction_for_users_of_several_domains(self):
        self.start_store({ANN: 0, SUE: 0, FULL: 10})
        self.start_with(f"unix:{self.dovecot.socket}", others=["abc.example"])
        content = message("for two domains")
        self.send([ANN, SUE, FULL], content)
        self.godwit.wait_event("bounced", to=f"<{FULL}>")
        for user in (ANN, SUE):
            self.wait_until(lambda: any(stored.content == content for stored in self.dovecot.mailbox(user).messages()), f"{user} has it")
        identity = self.godwit.wait_event("delivered", to=f"<{SUE}>")["id"]
        attempts = self.godwit.events("attempt", id=identity)
        self.assertEqual(len(attempts), 1, attempts)
        self.assertEqual(sorted(attempts[0]["to"].split(",")), ["abc.example", "xyz.example"])
        self.assertEqual(attempts[0]["transcript"].count("MAIL FROM"), 1, attempts)

    def test_the_store_says_who_is_there(self):
        self.start_store()
        self.start_with(f"unix:{self.dovecot.socket}")
        self.assert_exists(ANN, "ann+x@xyz.example", FULL, "both@xyz.example")
        self.assert_unknown("nobody@xyz.example")
        self.dovecot.stop()
        self.assert_deferred(ANN, "nobody@xyz.example")
        self.dovecot.start()
        self.assert_exists_again(ANN)
        self.assert_unknown("nobody@xyz.example")
        self.assert_arrives(JOE, JOE)

    def test_what_the_store_said_is_kept(self):
        self.start_store()
        self.start_with(f"unix:{self.dovecot.socket}", lookups={"cache": {"present": "1h", "absent": "1h"}})
        self.assert_exists(ANN)
        self.assert_unknown("nobody@xyz.example")
        self.dovecot.stop()
        self.assert_exists(ANN)
        self.assert_unknown("nobody@xyz.example")
        self.assert_deferred(JOE)

    def test_a_full_mailbox_is_returned_where_dovecot_says_for_good(self):
        self.start_store()
        self.start_with(f"unix:{self.dovecot.socket}")
        self.send([FULL, ANN])
        bounced = self.godwit.wait_event("bounced", to=f"<{FULL}>")
        self.assertEqual(bounced["enhanced"], "5.2.2")
        self.godwit.wait_event("delivered", to=f"<{ANN}>")

    def test_a_full_mailbox_is_tried_again_where_dovecot_says_for_now(self):
        self.start_store(tempfail=True)
        self.start_with(f"unix:{self.dovecot.socket}")
        self.send([FULL, ANN])
        self.godwit.wait_event("deferred", to=f"<{FULL}>")
        self.godwit.wait_event("delivered", to=f"<{ANN}>")
        self.assertEqual(self.godwit.queued(), 1)
        self.dovecot.users.write_text(self.dovecot.users.read_text().replace("bytes=10\n", "bytes=0\n"))
        self.godwit.wait_event("delivered", to=f"<{FULL}>")

    def test_mail_waits_while_the_store_is_down(self):
        self.start_store()
        self.start_with(f"unix:{self.dovecot.socket}", recipients="any")
        self.dovecot.stop()
        _, content = self.send(ANN)
        self.godwit.wait_event("deferred", to=f"<{ANN}>")
        self.dovecot.start()
        self.wait_until(lambda: any(stored.content == content for stored in self.dovecot.mailbox(ANN).messages()), "it arrives then")


if __name__ == "__main__":
    main()
