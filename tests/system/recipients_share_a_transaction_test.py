#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who shares a transaction: the recipients of one domain; those of several only where a rule names the next hop."""

from support.peer import ScriptedPeer
from support.scenario import main
from support.sending_host import SENDER, SendingHost


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


class RecipientsOfOneNextHopShareATransaction(SendingHost):
    def start_with(self, *routes, **options):
        self.smart = ScriptedPeer(self, 2, "smart.example", **options)
        hop = f"[{self.smart.address}]:{self.smart.port}"
        self.start(routes=[{"next_hop": hop, **route} for route in routes or [{}]])

    def transactions(self):
        return [sorted(map(str.lower, transaction.recipients)) for transaction in self.smart.transactions]

    def test_the_body_goes_once_whatever_the_domains(self):
        self.start_with()
        recipients = [f"user@d{n}.example" for n in range(30)] + ["other@d7.example"]
        identity, content = self.send(recipients)
        transaction = self.assert_arrived(self.smart, content)
        self.assertEqual(sorted(transaction.recipients), sorted(recipients))
        self.godwit.wait_empty_queue()
        self.assertEqual(len(self.smart.transactions), 1)
        delivered = {event["to"] for event in self.godwit.events("delivered", id=identity)}
        self.assertEqual(delivered, {f"<{recipient}>" for recipient in recipients})

    def test_through_the_mx_of_the_next_hop(self):
        peer = self.mx("relay.example", 10, "mx.relay.example", 3)
        self.start(routes=[{"next_hop": "relay.example"}])
        self.send(["a@one.example", "b@two.example"])
        self.godwit.wait_empty_queue()
        self.assertEqual([sorted(transaction.recipients) for transaction in peer.transactions], [["a@one.example", "b@two.example"]])

    def test_as_many_domains_as_the_host_takes(self):
        self.start_with(capabilities=("PIPELINING", "LIMITS RCPTDOMAINMAX=2"))
        self.send(["a@one.example", "b@two.example", "c@three.example", "d@ONE.example"])
        self.godwit.wait_empty_queue()
        self.assertEqual(sorted(sum(self.transactions(), [])), ["a@one.example", "b@two.example", "c@three.example", "d@one.example"])
        for recipients in self.transactions():
            self.assertLessEqual(len({recipient.split("@")[1] for recipient in recipients}), 2)
        self.assertEqual((len(self.smart.transactions), self.smart.connections), (2, 2))

    def test_each_recipient_has_its_own_fate_and_what_waits_comes_together_again(self):
        self.start_with(script={"RCPT:a@one.example": ["450 4.2.1 later", "250 2.1.5 Ok"],
                                "RCPT:b@two.example": ["450 4.2.1 later", "250 2.1.5 Ok"],
                                "RCPT:c@three.example": "550 5.1.1 nobody"})
        identity, _ = self.send(["a@one.example", "b@two.example", "c@three.example", "d@four.example"])
        self.godwit.wait_event("bounced", id=identity, to="<c@three.example>")
        self.smart.wait(2)
        self.wait_until(lambda: ["a@one.example", "b@two.example"] in self.transactions(), "both come together")
        self.assertIn(["d@four.example"], self.transactions())

    def test_the_sender_is_warned_of_all_who_are_late(self):
        self.smart = ScriptedPeer(self, 2, "smart.example", script={"RCPT": "451 4.3.0 come back later"})
        self.start(routes=[{"next_hop": f"[{self.smart.address}]:{self.smart.port}"}],
                   delivery={"retry": {"first": "500ms", "max": "500ms", "warn": "1s", "expire": "1h"}})
        recipients = [f"user@{domain}.example" for domain in ("one", "two", "three")]
        self.send(recipients)
        warned_of = lambda: b"".join(stored.content for stored in self.godwit.mailbox(SENDER).messages())
        self.wait_until(lambda: all(f"Final-Recipient: rfc822; {recipient}".encode() in warned_of() for recipient in recipients), "a warning names each")

    def test_only_by_the_same_rule(self):
        self.start_with({"domains": ["one.example", "two.example"]}, {"domains": ["three.example"], "tls": "none"})
        self.send(["a@one.example", "b@two.example", "c@three.example"])
        self.godwit.wait_empty_queue()
        self.assertEqual(sorted(self.transactions()), [["a@one.example", "b@two.example"], ["c@three.example"]])

    def test_a_recipient_that_sees_a_sender_of_its_own_has_a_transaction_of_its_own(self):
        self.start_with({"verp": True})
        self.send(["a@one.example", "b@two.example"])
        self.godwit.wait_empty_queue()
        self.assertEqual(sorted(self.transactions()), [["a@one.example"], ["b@two.example"]])
        self.assertEqual(len({transaction.sender for transaction in self.smart.transactions}), 2)

    def test_a_domain_that_is_suspended_stays_behind(self):
        self.start_with()
        self.godwit.control("delivery", "suspend", "--destination", "two.example")
        self.send(["a@one.example", "b@two.example"])
        self.smart.wait()
        self.assertEqual(self.transactions(), [["a@one.example"]])
        self.godwit.control("delivery", "resume", "--destination", "two.example")
        self.godwit.wait_empty_queue()
        self.assertEqual(self.transactions(), [["a@one.example"], ["b@two.example"]])


if __name__ == "__main__":
    main()
