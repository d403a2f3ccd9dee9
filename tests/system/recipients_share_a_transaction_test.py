#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A message leaves in one transaction for each recipient domain: the recipients of one share it, those of another never do."""

from support.scenario import main
from support.sending_host import SendingHost


class RecipientsShareATransaction(SendingHost):
    def setUp(self):
        super().setUp()
        # Both domains have the same host.
        self.peer = self.mx("one.example", 10, "mx.shared.example", 2)
        self.mx("two.example", 10, "mx.shared.example", 2)
        self.start()

    def test_of_one_domain(self):
        recipients = [f"user{n}@one.example" for n in range(50)]
        _, content = self.send(recipients)
        transaction = self.assert_arrived(self.peer, content)
        self.assertEqual(transaction.recipients, recipients)
        self.godwit.wait_empty_queue()
        self.assertEqual(len(self.peer.transactions), 1)

    def test_of_two_domains_of_one_host(self):
        self.send(["a@one.example", "b@two.example", "c@ONE.example", "d@two.example"])
        self.godwit.wait_empty_queue()
        self.assertEqual(sorted(sorted(map(str.lower, transaction.recipients)) for transaction in self.peer.transactions),
                         [["a@one.example", "c@one.example"], ["b@two.example", "d@two.example"]])

    def test_what_one_domain_refuses_the_other_gets(self):
        self.peer.script["RCPT:a@one.example"] = iter(["450 4.2.1 later"] * 1000)
        identity, _ = self.send(["a@one.example", "b@two.example"])
        self.godwit.wait_event("deferred", id=identity)
        self.godwit.wait_event("delivered", id=identity, to="<b@two.example>")
        self.assertEqual([transaction.recipients for transaction in self.peer.transactions], [["b@two.example"]])


if __name__ == "__main__":
    main()
