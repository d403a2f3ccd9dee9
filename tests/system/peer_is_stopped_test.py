#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The process at the other end is stopped in the middle of transactions (SIGSTOP): what it has costs its time limit and waits, others get
their mail, and when it goes on everything arrives."""

import re
import signal

from support.dialogue import Dialogue
from support.message import large_body, message
from support.programs import SmtpSink
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import MX_PORT, main
from support.senders import Senders

MARK = re.compile(rb"Subject: (\S+)")
END = b"this is the end"


class PeerIsStopped(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.sinks = [SmtpSink(self, 2), SmtpSink(self, 3)]
        timeouts = {"connect": "1s", "greeting": "1s", "command": "1s", "data": "1s"}
        self.start(routes=[{"domains": [f"d{number}.example"], "next_hop": f"[{sink.address}]:{MX_PORT}"} for number, sink in enumerate(self.sinks)],
                   delivery={"timeouts": timeouts})

    def compose(self, sender, mark):
        return SENDER, [f"{mark}@d{number}.example" for number in range(2)], message(
            mark, body=large_body(sender.random.choice([500, 400_000])) + END + b"\r\n")

    def marks(self, sink):
        """Of the messages that are there to their end."""
        whole = [content for content in sink.messages() if content.rstrip().endswith(END)]
        return [MARK.search(content).group(1).decode() for content in whole]

    def test_a_peer_in_the_middle_of_transactions(self):
        senders = Senders(self, self.godwit.address, 4, self.compose, seed=1, pause=0.05).start()
        senders.wait_for_more(30)
        stopped, other = self.sinks
        stopped.process.send_signal(signal.SIGSTOP)
        self.addCleanup(stopped.process.send_signal, signal.SIGCONT)
        # In whatever they were: stages differ, the limits hold.
        self.wait_until(lambda: len([one for one in self.godwit.events("deferred") if "d0" in one["to"]]) >= 3, "what it has waits")
        begun = len(self.marks(other))
        senders.wait_for_more(30)
        self.wait_until(lambda: len(self.marks(other)) >= begun + 30, "the other gets its mail")
        senders.stop()
        reasons = {one["stage"] for one in self.godwit.events("deferred") if "d0" in one["to"]}
        print(f"stages that took too long: {sorted(reasons)}")
        self.assertIn("down", self.godwit.control("destinations").stdout)
        stopped.process.send_signal(signal.SIGCONT)
        self.godwit.wait_empty_queue(60)
        acknowledged = set(senders.acknowledged())
        for sink in self.sinks:
            # One that has a whole message and gives no reply gets it again (RFC 5321 section 4.5.3.2.6).
            self.assertEqual(acknowledged - set(self.marks(sink)), set(), "lost")
        self.assertEqual(self.godwit.events("bounced"), [])

    def test_clients_in_the_middle_of_transactions(self):
        """Clients that are stopped at each step, as many as there are; others are served meanwhile."""
        steps = [b"EHLO c.example\r\n", f"MAIL FROM:<{SENDER}>\r\n".encode(), f"RCPT TO:<{TO}>\r\n".encode(), b"DATA\r\n", b"Subject: half\r\n\r\nha"]
        clients = []
        for count in range(len(steps) + 1):
            client = Dialogue(self.godwit.address)
            self.addCleanup(client.close)
            for step in steps[:count]:
                client.send(step)
                if step != steps[-1]:
                    client.expect("[23]")
            clients.append(client)
        self.assert_still_works()
        self.assertEqual(self.godwit.status()["connections"]["in"], len(clients))
        # Who goes on after a while is where it was.
        clients[-1].send(b"lf\r\n.\r\n")
        clients[-1].expect("250 2.0.0")
        clients[3].say("DATA", "354")


if __name__ == "__main__":
    main()
