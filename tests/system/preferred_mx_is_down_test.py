#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""xyz: 10 imail, 20 maildr.  imail is tried first; when it does not take the message, maildr gets it in the same attempt."""

import socket

from support.peer import DROP, STALL
from support.scenario import MX_PORT, main
from support.sending_host import SendingHost

TO = "somchai@xyz.example"


class PreferredMxIsDown(SendingHost):
    def run_with(self, imail, **config):
        self.mx("xyz.example", 10, "imail.xyz.example", 2, **imail)
        self.mx("xyz.example", 20, "maildr.xyz.example", 3)
        # A retry an hour away: what arrives does so in the first attempt.
        self.start(delivery={"retry": {"first": "1h", "max": "1h"}, **config})
        self.identity, self.content = self.send(TO)

    def falls_back(self, imail, **config):
        self.run_with(imail, **config)
        self.assert_arrived(self.peers["maildr.xyz.example"], self.content)
        delivered = self.godwit.wait_event("delivered", id=self.identity)
        self.assertIn("maildr.xyz.example", delivered["relay"])
        self.assertEqual(self.peers["imail.xyz.example"].transactions, [])
        if imail.get("up", True):
            self.assertGreaterEqual(self.peers["imail.xyz.example"].connections, 1)
        self.godwit.wait_empty_queue()

    def test_the_preferred_host_gets_it_when_it_is_up(self):
        self.run_with({})
        self.assert_arrived(self.peers["imail.xyz.example"], self.content)
        self.assertEqual(self.peers["maildr.xyz.example"].connections, 0)

    def test_connection_refused(self):
        self.falls_back({"up": False})

    def test_no_greeting_in_time(self):
        self.falls_back({"script": {"banner": STALL}}, timeouts={"greeting": "1s"})

    def test_connect_times_out(self):
        # A listener whose backlog is full does not answer a SYN.
        full = socket.socket()
        self.addCleanup(full.close)
        full.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of the test before are still known
        full.bind((self.net.host(2), MX_PORT))
        full.listen(0)
        for _ in range(3):
            filler = socket.socket()
            self.addCleanup(filler.close)
            filler.setblocking(False)
            filler.connect_ex((self.net.host(2), MX_PORT))
        self.falls_back({"up": False}, timeouts={"connect": "1s"})

    def test_greeting_4xx(self):
        self.falls_back({"script": {"banner": "421 4.3.2 busy"}})

    def test_greeting_5xx(self):
        self.falls_back({"script": {"banner": "554 5.3.2 no mail here"}})

    def test_hangs_up_before_the_greeting(self):
        self.falls_back({"script": {"banner": DROP}})

    def test_421_to_mail(self):
        self.falls_back({"script": {"MAIL": "421 4.3.2 going down"}})

    def test_4xx_to_mail(self):
        self.falls_back({"script": {"MAIL": "451 4.3.0 later"}})

    def test_4xx_to_rcpt(self):
        self.falls_back({"script": {"RCPT": "450 4.2.1 later"}})

    def test_4xx_to_data(self):
        self.falls_back({"script": {"DATA": "452 4.3.1 full"}})

    def test_hangs_up_at_ehlo(self):
        self.falls_back({"script": {"EHLO": DROP}})

    def test_hangs_up_at_mail(self):
        self.falls_back({"script": {"MAIL": DROP}})

    def test_hangs_up_at_rcpt(self):
        self.falls_back({"script": {"RCPT": DROP}})

    def test_hangs_up_at_data(self):
        self.falls_back({"script": {"DATA": DROP}})

    def test_the_next_address_of_the_same_host_is_tried_first(self):
        # imail has two addresses, of which nobody is at one; whichever comes first, maildr is not needed.
        self.dns.host("imail.xyz.example", self.net.host(4))
        self.mx("xyz.example", 20, "maildr.xyz.example", 3)
        imail = self.mx("xyz.example", 10, "imail.xyz.example", 2)
        self.start(delivery={"retry": {"first": "1h", "max": "1h"}})
        for number in range(1, 7):
            _, content = self.send(TO)
            self.assert_arrived(imail, content, number)
        self.assertEqual(self.peers["maildr.xyz.example"].connections, 0)

    def test_5xx_to_a_command_is_final(self):
        self.run_with({"script": {"RCPT": "550 5.1.1 no such user"}})
        bounced = self.godwit.wait_event("bounced", id=self.identity)
        self.assertEqual((str(bounced["code"]), bounced["stage"]), ("550", "rcpt"))
        self.assertEqual(self.peers["maildr.xyz.example"].connections, 0)

    def after_the_final_dot(self, reply):
        self.run_with({"script": {"dot": reply}}, timeouts={"data": "2s"})
        deferred = self.godwit.wait_event("deferred", id=self.identity)
        self.assertIn("it may have arrived, and may arrive twice", deferred["reply"])
        self.assertEqual(self.peers["maildr.xyz.example"].transactions, [], "another host after the final dot")
        self.assertEqual(self.godwit.queued(), 1)

    def test_no_other_host_once_the_final_dot_was_sent_and_the_connection_dropped(self):
        self.after_the_final_dot(DROP)

    def test_no_other_host_once_the_final_dot_was_sent_and_no_reply_came(self):
        self.after_the_final_dot(STALL)


if __name__ == "__main__":
    main()
