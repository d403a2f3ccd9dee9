#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Greylisting: who tries again is taken and known, also over a restart; who is known to be good need not wait."""

from support.dialogue import Dialogue, queued_id
from support.judged_host import TO, JudgedHost
from support.scenario import main


class StrangersAreGreylisted(JudgedHost):
    def greylist(self, **settings):
        self.judge("greylist", greylist={"delay": "1s", **settings})

    def taken_later(self, **words):
        """The id of the message, when it was taken."""
        return self.wait_until(lambda: (reply := self.deliver("", **words)).startswith("250") and queued_id(reply),
                               "a later attempt is taken")

    def test_who_tries_again_is_known_over_a_restart(self):
        self.greylist()
        self.assertIn("Greylisted, try again in 1s", self.deliver("451 4.7.1"))
        identity = self.taken_later()
        accepted = self.godwit.wait_event("accepted", id=identity)
        self.assertIn("tried again after", accepted["check_greylist"])
        self.assertEqual(self.godwit.stop(), 0)
        self.godwit.start()
        identity = queued_id(self.deliver(sender="other@abc.example"))
        self.assertIn("known ", self.godwit.wait_event("accepted", id=identity)["check_greylist"])
        self.godwit.mailbox(TO).wait(2)

    def test_refused_at_rcpt_where_configured(self):
        self.greylist(at="envelope")
        self.rcpt("451 4.7.1")
        self.wait_until(lambda: self.rcpt("").startswith("250"), "a later attempt is taken")

    def rcpt_each(self, *recipients):
        """The replies to several recipients of one message."""
        with Dialogue(self.godwit.address, source=self.client) as dialogue:
            dialogue.say("EHLO mail.abc.example", "250")
            dialogue.say("MAIL FROM:<mod@abc.example>", "250")
            return [dialogue.say(f"RCPT TO:<{recipient}>").split()[0] for recipient in recipients]

    def test_all_recipients_of_a_message_are_answered_alike(self):
        self.greylist(at="envelope", delay="2s")
        both = TO, "malee@xyz.example"
        self.assertEqual(self.rcpt_each(*both), ["451", "451"])
        # One of them tried alone is the same attempt; whoever may be written to by anybody need not wait.
        self.assertEqual(self.rcpt_each(both[1], "postmaster@xyz.example"), ["451", "250"])
        self.wait_until(lambda: self.rcpt_each(*both) == ["250", "250"], "a later attempt is taken")

    def test_hosts_that_spf_names_need_not_wait(self):
        self.dns.txt("abc.example", "v=spf1 ip4:127.0.0.0/8 -all")
        self.greylist()
        identity = queued_id(self.deliver())
        self.assertEqual(self.godwit.wait_event("accepted", id=identity)["check_greylist"], "none pass: spf")

    def test_hosts_on_a_white_list_need_not_wait(self):
        self.dns.listed("wl.example", "127.0.0.2").listed("wl.example", self.client)
        self.judge("dns_lists", "greylist", dns_lists={"lists": [{"zone": "wl.example", "score": -1}]})
        identity = queued_id(self.deliver())
        self.assertEqual(self.godwit.wait_event("accepted", id=identity)["check_greylist"], "none pass: vouched for")
        self.deliver("451 4.7.1", client=self.net.host(3))

    def test_a_pool_counts_as_one(self):
        self.dns.txt("abc.example", "v=spf1 ip4:127.0.0.0/8 -all")
        self.greylist(**{"pass": []})
        self.deliver("451 4.7.1")
        identity = self.taken_later(client=self.net.host(7))
        self.assertIn("spf:abc.example", self.godwit.wait_event("accepted", id=identity)["check_greylist"])

    def test_a_damaged_file_is_begun_anew(self):
        self.greylist()
        self.deliver("451 4.7.1")
        self.assertEqual(self.godwit.stop(), 0)
        path = self.godwit.folder / "state" / "greylist.sqlite"
        self.assertTrue(path.exists())
        path.write_bytes(b"\0garbage" * 1000)
        self.godwit.start()
        self.godwit.wait_event("greylist_rebuilt")
        self.deliver("451 4.7.1")
        self.taken_later()


if __name__ == "__main__":
    main()
