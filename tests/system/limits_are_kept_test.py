#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What clients, HELO names, senders, recipients and accounts may do in a time; who has used most, and how that is reset."""

from support.dialogue import Dialogue
from support.dns import Dns
from support.message import large_body, message
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import main

OTHER = "malee@xyz.example"


class LimitsAreKept(ReceivingHost):
    def limit(self, *rules, **config):
        self.start(trusted_networks=["192.0.2.0/24"], policy={"limits": list(rules)}, dns=Dns(self).start(), **config)

    def client(self, host=2, hello="client.abc.example"):
        client = Dialogue(self.godwit.address, source=self.net.host(host))
        self.addCleanup(client.close)
        client.say(f"EHLO {hello}", "250")
        return client

    def mail(self, client, expect="250", sender=SENDER):
        reply = client.say(f"MAIL FROM:<{sender}>", expect)
        client.say("RSET", "250")
        return reply

    def used(self):
        return {(one["by"], one["of"], one["key"]): (one["used"], one["allowed"])
                for one in self.godwit.control_json("limits")["limits"]}

    def test_by_client_hello_and_sender(self):
        self.limit({"by": "client", "messages": "6/1h"}, {"by": "hello", "messages": "4/1h"},
                   {"by": "sender", "messages": "2/1h"})
        client = self.client()
        for _ in range(2):
            self.mail(client)
        reply = self.mail(client, "450 4.7.1 Too many messages from this sender: 2/1h at most")
        self.assertRegex(reply, r"try again in (30m|29m\d+s)$")
        self.mail(self.client(3, "other.abc.example"), "450 4.7.1 Too many messages from this sender")
        for number in range(2):
            self.mail(client, sender=f"a{number}@abc.example")
        self.mail(client, "450 4.7.1 Too many messages from hosts of your HELO name: 4/1h", "b@abc.example")
        renamed = self.client(hello="renamed.abc.example")
        for number in range(2):
            self.mail(renamed, sender=f"c{number}@abc.example")
        self.mail(self.client(hello="again.abc.example"), "450 4.7.1 Too many messages from your address: 6/1h", "d@abc.example")
        self.mail(self.client(3, "third.abc.example"), sender="d@abc.example")
        for _ in range(4):
            self.mail(self.client(4, "bounces.abc.example"), sender="")  # a report has no sender

    def test_by_recipient(self):
        self.limit({"by": "recipient", "messages": "2/1h"}, detail_separator="+")
        client = self.client()
        client.say(f"MAIL FROM:<{SENDER}>", "250")
        client.say("RCPT TO:<somchai+a@xyz.example>", "250")
        client.say(f"RCPT TO:<{TO}>", "250")
        client.say("RCPT TO:<somchai+b@xyz.example>", "450 4.7.1 Too many messages for this recipient: 2/1h at most")
        client.say(f"RCPT TO:<{OTHER}>", "250")
        for number in range(5):
            client.say(f"RCPT TO:<nobody{number}@xyz.example>", "550")
        self.assertEqual(self.used(), {("recipient", "messages", TO): (2, 2), ("recipient", "messages", OTHER): (1, 2)},
                         "who does not exist is not counted")

    def test_bytes_are_counted_when_a_message_has_come(self):
        self.limit({"by": "sender", "bytes": "3KiB/1h"})
        client = self.client()
        content = message(body=large_body(2048))
        client.submit(SENDER, TO, content, hello=None)
        client.submit(SENDER, TO, content, hello=None)  # something was left
        self.mail(client, "450 4.7.1 Too many bytes from this sender: 3KiB/1h at most")
        ((used, allowed),) = self.used().values()
        self.assertEqual(allowed, 3072)
        self.assertGreater(used, 4096)

    def test_who_is_exempt_is_not_counted(self):
        self.limit({"by": "client", "messages": "1/1h", "connections": "2/1h", "exempt": [self.net.host(3) + "/32"]})
        for _ in range(5):
            self.mail(self.client(3))
        self.mail(self.client(2))
        self.mail(self.client(2), "450")
        client = Dialogue(self.godwit.address, source=self.net.host(2), greeting=None)
        self.addCleanup(client.close)
        client.expect("421 4.7.0 Too many connections from your address: 2/1h at most")

    def test_they_are_shown_and_reset(self):
        self.limit({"by": "sender", "messages": "2/1h"}, {"by": "client", "messages": "100/1h"})
        client = self.client()
        for _ in range(2):
            self.mail(client)
        self.mail(client, "450")
        address = self.net.host(2)
        self.assertEqual(self.used(), {("sender", "messages", SENDER): (2, 2),
                                       ("client", "messages", address + "/32"): (2, 100)})
        first, second = self.godwit.control("limits").stdout.splitlines()[1:]
        self.assertRegex(first, rf"sender +{SENDER} +2/2 +messages 2/1h")
        self.assertRegex(second, rf"client +{address}/32 +2/100 +messages 100/1h +now")
        metrics = self.godwit.metrics()
        self.assertIn('godwit_limit_refusals_total{by="sender",of="messages",rate="2/1h"} 1', metrics)
        self.assertIn('godwit_limit_keys{by="client",of="messages",rate="100/1h"} 1', metrics)
        self.assertIn("counted from the beginning", self.godwit.control("limits", "reset", SENDER).stdout)
        self.mail(client)
        self.assertEqual(self.godwit.order("/v1/limits/reset?name=" + address), {"name": address, "done": "reset", "count": 1})
        self.assertEqual(set(self.used()), {("sender", "messages", SENDER)})
        self.assertEqual(self.godwit.control("limits", "reset", "nobody@abc.example", check=False).returncode, 1)

    def test_a_reload_keeps_what_was_counted(self):
        self.limit({"by": "sender", "messages": "2/1h"})
        client = self.client()
        for _ in range(2):
            self.mail(client)
        self.godwit.config["policy"]["limits"].append({"by": "client", "messages": "100/1h"})
        self.godwit.write_config()
        self.godwit.control("reload")
        self.mail(self.client(), "450 4.7.1 Too many messages from this sender")
        self.godwit.config["policy"]["limits"] = []
        self.godwit.write_config()
        self.godwit.control("reload")
        self.mail(self.client())


if __name__ == "__main__":
    main()
