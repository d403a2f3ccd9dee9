#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""VRFY and EXPN by policy, ETRN for a host that was down, XCLIENT from a filter, early talkers."""

from support.message import message
from support.peer import ScriptedPeer
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import main


class OthersAreAsked(ReceivingHost):
    def test_vrfy_and_expn_tell_those_who_may_know(self):
        self.start(vrfy="trusted", expn="trusted", aliases={"all@xyz.example": ["somchai@xyz.example", "malee@xyz.example"]})
        with self.connect() as client:
            self.assertEqual(client.say("VRFY somchai"), "550 5.1.1 <somchai@mail.xyz.example>: User unknown")
            self.assertEqual(client.say("VRFY <somchai@xyz.example>"), "250 2.1.5 <somchai@xyz.example>")
            client.say("VRFY nobody@xyz.example", "550 5.1.1")
            client.say("VRFY a@elsewhere.example", "252 2.1.5")
            self.assertEqual(client.say("EXPN all@xyz.example"),
                             "250-2.1.5 <somchai@xyz.example>\n250 2.1.5 <malee@xyz.example>")
        self.godwit.config["trusted_networks"] = ["192.0.2.0/24"]
        self.godwit.restart()
        with self.connect() as client:
            client.say("VRFY somchai@xyz.example", "252 2.0.0")
            client.say("EXPN all@xyz.example", "502 5.5.1")

    def test_etrn_tries_what_waits_at_once(self):
        peer = ScriptedPeer(self, 2, "mx.branch.example", up=False)
        self.start(routes=[{"domains": ["branch.example"], "next_hop": f"[{peer.address}]:{peer.port}"}],
                   delivery={"retry": {"first": "1h", "max": "1h"}})
        self.send("user@branch.example")
        self.send("user@branch.example")
        self.wait_until(lambda: self.godwit.events("deferred"), "the branch is found to be down")
        peer.up()
        with self.connect() as client:
            self.assertIn("ETRN", client.say("EHLO branch.example", "250"))
            client.say("ETRN branch.example", "250 2.0.0")
        peer.wait(2)

    def test_a_filter_speaks_for_its_clients(self):
        filters = [f"{self.net.host(3)}/32"]
        self.start(trusted_networks=["127.0.0.0/8"], trusted_xclients=filters)
        with self.connect(source=self.net.host(3)) as client:
            self.assertIn("XCLIENT", client.say("EHLO filter.example", "250"))
            client.say("XCLIENT NAME=spike.example ADDR=192.0.2.7 HELO=spike PROTO=ESMTP", "220")
            client.say("EHLO spike.example", "250")
            client.say(f"MAIL FROM:<{SENDER}>", "250")
            client.say("RCPT TO:<user@elsewhere.example>", "554 5.7.1")  # 192.0.2.7 may not relay
            client.say(f"RCPT TO:<{TO}>", "250")
            client.data(message())
        (stored,) = self.godwit.mailbox(TO).wait()
        received = " ".join(stored.header("Received")[0].split())
        self.assertIn("from spike.example (spike.example [192.0.2.7])", received)
        self.assertEqual(self.godwit.events("accepted")[0]["client"], "192.0.2.7")
        with self.connect() as client:
            client.say("XCLIENT ADDR=192.0.2.7", "550 5.7.1")

    def proxied(self):
        """A connection whose client is 192.0.2.7, as a proxy says."""
        client = self.connect(greeting=None)
        client.send(b"PROXY TCP4 192.0.2.7 192.0.2.1 40000 25\r\n")
        return client

    def test_who_talks_before_the_greeting_is_turned_away(self):
        self.godwit = self.host(greeting_delay="500ms", trusted_proxies=["127.0.0.0/8"])
        self.godwit.config["listeners"][0]["proxy_protocol"] = True
        self.godwit.start()
        with self.proxied() as client:
            client.send(b"EHLO spammer.example\r\n")
            client.expect("554 5.5.1")
            client.expect_close()
        with self.proxied() as client:
            client.expect("220")
            client.quit()
        # Known by now: its mail does not wait.
        with self.proxied() as client:
            client.send(b"EHLO known.example\r\n")
            client.expect("220")
            client.expect("250")


if __name__ == "__main__":
    main()
