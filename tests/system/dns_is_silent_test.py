#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The name server answers nothing at all: mail is taken and filed as before, mail for others waits and says for what, and goes when
there are answers."""

import signal

from support.message import message
from support.scenario import main
from support.sending_host import SENDER, SendingHost

LOCAL = "mod@abc.example"
DOMAINS = 30


class DnsIsSilent(SendingHost):
    def test_mail_waits_and_says_for_what(self):
        peers = [self.mx(f"d{number}.example", 10, f"mx{number % 3}.far.example", 2 + number % 3) for number in range(DOMAINS)]
        self.start(delivery={"retry": {"first": "1s", "factor": 1, "max": "1s", "expire": "1h"}})
        self.dns.process.send_signal(signal.SIGSTOP)
        sent = {}
        for number in range(DOMAINS):
            identity, sent[f"d{number}.example"] = self.send(f"user@d{number}.example", message(f"to {number}"))
        local = [self.send(LOCAL, message(f"local {number}"))[1] for number in range(5)]
        self.assertCountEqual([stored.content for stored in self.godwit.mailbox(LOCAL).wait(5)], local)
        deferred = self.godwit.wait_event("deferred", id=identity)
        self.assertEqual((deferred["enhanced"], deferred["class"]), ("4.4.3", "network"), deferred)
        self.assertIn("DNS", self.godwit.control("why", identity).stdout)
        self.assertEqual(self.godwit.events("bounced"), [])
        self.dns.process.send_signal(signal.SIGCONT)
        self.godwit.wait_empty_queue(30)
        for number, (domain, content) in enumerate(sent.items()):
            arrived = [one for one in peers[number].transactions if one.recipients == [f"user@{domain}"]]
            self.assertEqual([one.content.endswith(content) for one in arrived], [True], domain)
        self.assertEqual([one.content for one in self.godwit.mailbox(SENDER).messages()], local, "no reports")


if __name__ == "__main__":
    main()
