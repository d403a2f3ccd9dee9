#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""STARTTLS is used where offered; where its handshake fails the same host gets the mail in clear, unless TLS is required."""

from support.certificate import Certificate
from support.scenario import main
from support.sending_host import SendingHost

TO = "user@tls.example"


class OpportunisticTls(SendingHost):
    def offer(self, **options):
        self.peer = self.mx("tls.example", 10, "mx.tls.example", 2, certificate=Certificate(self, "mx.tls.example"), **options)
        self.second = self.mx("tls.example", 20, "mx2.tls.example", 3)

    def test_it_is_used_even_when_the_certificate_is_self_signed(self):
        self.offer()
        self.start()
        identity, content = self.send(TO)
        self.assertTrue(self.assert_arrived(self.peer, content).tls)
        self.assertTrue(str(self.godwit.wait_event("delivered", id=identity)["tls"]).startswith("TLSv1"))

    def test_a_failed_handshake_falls_back_to_clear_on_the_same_host(self):
        self.offer(handshake=False)
        self.start()
        _, content = self.send(TO)
        self.assertFalse(self.assert_arrived(self.peer, content).tls)
        self.assertEqual(self.peer.connections, 2)
        self.assertEqual(self.second.connections, 0)

    def test_a_refused_starttls_falls_back_to_clear(self):
        self.offer(script={"STARTTLS": "454 4.7.0 TLS not available"})
        self.start()
        _, content = self.send(TO)
        self.assertFalse(self.assert_arrived(self.peer, content).tls)

    def test_required_tls_never_falls_back(self):
        self.offer(handshake=False)
        self.start(delivery={"tls": "require"})
        identity, _ = self.send(TO)
        self.godwit.wait_event("deferred", id=identity)
        self.assertEqual(self.peer.transactions + self.second.transactions, [])
        self.assertFalse(any(line.startswith("MAIL") for line in self.peer.commands + self.second.commands))


if __name__ == "__main__":
    main()
