#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Archives get a copy of mail by rule: its sender neither sees nor hears of it, and it does not go in circles."""

from support.dialogue import Dialogue, queued_id, send
from support.message import message
from support.peer import ScriptedPeer
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import main

ARCHIVE, JOURNAL, AWAY = "archive@xyz.example", "journal@xyz.example", "archive@elsewhere.example"


class CopiesAreKept(ReceivingHost):
    def begin(self, copies, script=None, **config):
        self.peer = ScriptedPeer(self, 2, "mx.elsewhere.example", script=script,
                                 capabilities=("PIPELINING", "8BITMIME", "DSN"))
        self.back = ScriptedPeer(self, 3, "mx.abc.example")
        self.start(domains={"xyz.example": ["somchai", "malee", "archive", "journal", "postmaster"]}, copies=copies,
                   routes=[{"domains": ["elsewhere.example"], "next_hop": f"[{self.peer.address}]:{self.peer.port}"},
                           {"domains": ["abc.example"], "next_hop": f"[{self.back.address}]:{self.back.port}"}], **config)

    def test_every_rule_that_fits_counts(self):
        self.begin([{"to": ARCHIVE}, {"to": JOURNAL, "senders": ["@abc.example"], "recipients": ["malee@xyz.example"]}])
        identity, content = self.send()
        self.assertEqual(self.godwit.mailbox(ARCHIVE).wait()[0].content, content)
        self.godwit.mailbox(TO).wait()
        self.assertEqual(self.godwit.wait_event("accepted", id=identity)["copies"], ARCHIVE)
        self.assertIn("copies", self.godwit.control("trace", identity).stdout)
        self.send("malee@xyz.example")
        self.godwit.mailbox(JOURNAL).wait()
        self.send("malee@xyz.example", sender="other@def.example")
        self.godwit.mailbox(ARCHIVE).wait(3)
        self.send([ARCHIVE, TO])
        self.godwit.mailbox(ARCHIVE).wait(4)
        self.godwit.wait_empty_queue()
        self.assertEqual((self.godwit.mailbox(ARCHIVE).count(), self.godwit.mailbox(JOURNAL).count()), (4, 1))

    def test_the_sender_hears_nothing_of_it(self):
        self.begin([{"to": AWAY}], script={f"RCPT:{AWAY}": "550 5.1.1 no such archive"})
        with Dialogue(self.godwit.address) as client:
            client.say("EHLO client.abc.example", "250")
            client.say(f"MAIL FROM:<{SENDER}> RET=FULL ENVID=x", "250")
            client.say(f"RCPT TO:<{TO}> NOTIFY=SUCCESS,FAILURE", "250")
            identity = queued_id(client.data(message()))
        bounced = self.godwit.wait_event("bounced", id=identity)
        self.assertEqual(bounced["to"], f"<{AWAY}>")
        (report,) = self.back.wait()  # that it was delivered
        self.assertEqual(report.recipients, [SENDER])
        self.assertIn(TO.encode(), report.content)
        self.assertNotIn(b"archive", report.content)
        self.godwit.wait_empty_queue()
        self.assertEqual(len(self.back.transactions), 1)
        mail, rcpt = [line for line in self.peer.commands if line.startswith(("MAIL", "RCPT"))][:2]
        self.assertNotIn("abc.example>", mail)
        self.assertNotIn("ENVID", mail)
        self.assertIn("NOTIFY=NEVER", rcpt)
        (stored,) = self.godwit.mailbox(TO).messages()
        self.assertNotIn(b"archive", stored.raw)

    def test_a_copy_that_comes_back_is_not_copied(self):
        self.begin([{"to": AWAY}])
        _, content = self.send()
        copy = self.peer.wait()[0]
        self.assertRegex(copy.sender, r"^SRS0=.*=postmaster@mail\.xyz\.example$")
        # The archive forwards what it gets to us.
        send(self.godwit.address, copy.sender, TO, copy.content)
        self.godwit.mailbox(TO).wait(2)
        self.godwit.wait_empty_queue()
        self.assertEqual(len(self.peer.transactions), 1)
        # What comes back of it reaches the postmaster, not the sender.
        send(self.godwit.address, "", copy.sender, message("bounce"))
        self.wait_until(lambda: self.godwit.status()["queue"]["held"] == 1, "it is kept for the postmaster, for there is none")

    def test_without_its_copy_nothing_is_taken(self):
        self.begin([{"to": "gone@xyz.example"}])
        with Dialogue(self.godwit.address) as client:
            client.envelope(SENDER, TO)
            client.data(message(), "451 4.3.0")
        self.assertIn("gone@xyz.example", self.godwit.wait_event("lookup_failed")["reason"])

    def test_rules_can_be_for_some_mail(self):
        self.begin([{"to": ARCHIVE, "mail": "others"}])  # the clients of tests are trusted
        self.send()
        self.godwit.mailbox(TO).wait()
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.mailbox(ARCHIVE).count(), 0)


if __name__ == "__main__":
    main()
