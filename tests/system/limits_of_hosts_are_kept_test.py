#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""RFC 9422: how many messages, recipients and recipient domains a host takes in a connection, as it says with LIMITS."""

from support.scenario import main
from support.sending_host import SendingHost


class LimitsOfHostsAreKept(SendingHost):
    def start_beside(self, *capabilities):
        self.peer = self.mx("one.example", 10, "mx.shared.example", 2, capabilities=("PIPELINING", *capabilities))
        self.mx("two.example", 10, "mx.shared.example", 2)
        self.start()

    def deliver(self, *recipients):
        self.send(list(recipients))
        self.godwit.wait_empty_queue()

    def mails(self):
        """MAIL commands of each connection."""
        return [sum(command.startswith("MAIL") for command in commands) for commands in self.peer.connected]

    def test_a_host_without_limits_gets_all_in_one_connection(self):
        self.start_beside()
        for recipient in ("a@one.example", "b@two.example", "c@one.example"):
            self.deliver(recipient)
        self.assertEqual(self.mails(), [3])

    def test_messages(self):
        self.start_beside("LIMITS MAILMAX=2")
        for recipient in ("a@one.example", "b@two.example", "c@one.example"):
            self.deliver(recipient)
        self.assertEqual(self.mails(), [2, 1])

    def test_recipient_domains(self):
        self.start_beside("LIMITS RCPTDOMAINMAX=1")
        for recipient in ("a@one.example", "b@two.example"):
            self.deliver(recipient)
        self.assertEqual(self.mails(), [1, 1])

    def test_recipients_beyond_which_another_message_would_be_one_too_many(self):
        self.start_beside("LIMITS MAILMAX=2 RCPTMAX=2")
        self.deliver(*[f"user{number}@one.example" for number in range(5)])
        self.assertEqual(sorted(len(transaction.recipients) for transaction in self.peer.transactions), [1, 2, 2])
        self.assertEqual(self.mails(), [2, 1])


if __name__ == "__main__":
    main()
