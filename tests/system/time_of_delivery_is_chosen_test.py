#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""RFC 2852 and RFC 6710: until when and how urgently a message is delivered, as its sender says."""

import email

from support.dialogue import Dialogue, queued_id
from support.message import message
from support.scenario import main
from support.sending_host import SENDER, SendingHost

CAPABILITIES = ("PIPELINING", "8BITMIME", "SIZE 100000000")
TO = "a@far.example"


class TimeOfDeliveryIsChosen(SendingHost):
    def say_mail(self, parameters, **options):
        with Dialogue(self.godwit.address, **options) as client:
            client.say("EHLO client.abc.example", "250")
            client.say(f"MAIL FROM:<{SENDER}> {parameters}", "250")
            client.say(f"RCPT TO:<{TO}>", "250")
            return queued_id(client.data(message()))

    def report(self):
        [stored] = self.godwit.mailbox(SENDER).wait()
        return email.message_from_bytes(stored.content).get_payload()[1].get_payload()[1]

    def test_a_host_that_keeps_time_is_told_what_is_left(self):
        peer = self.mx("far.example", 10, "mx.far.example", 2, capabilities=(*CAPABILITIES, "DELIVERBY"))
        self.start()
        self.say_mail("BY=3600;R")
        [transaction] = peer.wait()
        self.assertRegex(transaction.mail_line, r" BY=35[0-9][0-9];R$|BY=3600;R$")
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.mailbox(SENDER).count(), 0)

    def test_what_is_too_late_comes_back(self):
        self.mx("far.example", 10, "mx.far.example", 2, capabilities=(*CAPABILITIES, "DELIVERBY"),
                script={"RCPT": "450 4.2.0 not now"})
        self.start()
        self.say_mail("BY=2;R")
        fields = self.report()
        self.assertEqual((fields["action"], fields["status"]), ("failed", "5.4.7"))
        self.assertIn("not now", fields["diagnostic-code"])
        self.godwit.wait_empty_queue()

    def test_the_sender_hears_what_is_late_and_it_goes_on(self):
        peer = self.mx("far.example", 10, "mx.far.example", 2, script={"RCPT": ["450 4.2.0 not now"] * 4 + ["250 2.1.5 Ok"]})
        self.start()
        self.say_mail("BY=1;N")
        fields = self.report()
        self.assertEqual(fields["action"], "delayed")
        peer.wait()

    def test_a_host_that_keeps_no_time_gets_nothing_that_must_be_in_time(self):
        peer = self.mx("far.example", 10, "mx.far.example", 2)
        self.start()
        self.say_mail("BY=3600;R")
        self.assertEqual(self.report()["status"], "5.3.3")
        self.assertEqual(peer.transactions, [])

    def test_the_sender_hears_when_nobody_keeps_the_time_any_more(self):
        peer = self.mx("far.example", 10, "mx.far.example", 2)
        self.start()
        self.say_mail("BY=3600;N")
        peer.wait()
        self.assertEqual(self.report()["action"], "relayed")

    def test_the_time_outlives_a_restart(self):
        self.mx("far.example", 10, "mx.far.example", 2, up=False)
        self.start(delivery={"retry": {"first": "1h", "max": "1h"}})
        self.say_mail("BY=6;R")
        self.godwit.wait_event("deferred")
        self.godwit.restart()
        self.assertEqual(self.report()["status"], "5.4.7")

    def test_the_priority_goes_with_the_message(self):
        peer = self.mx("far.example", 10, "mx.far.example", 2, capabilities=(*CAPABILITIES, "MT-PRIORITY"))
        self.start()
        self.say_mail("MT-PRIORITY=4")
        self.assertIn(" MT-PRIORITY=4", peer.wait()[0].mail_line)

    def test_strangers_set_no_priority(self):
        self.start(trusted_networks=[])
        with Dialogue(self.godwit.address) as client:
            self.assertNotIn("MT-PRIORITY", client.say("EHLO client.abc.example", "250"))
            client.say(f"MAIL FROM:<{SENDER}> MT-PRIORITY=4", "555 5.5.4")


if __name__ == "__main__":
    main()
