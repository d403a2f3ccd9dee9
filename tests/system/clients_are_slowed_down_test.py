#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rates by client network, and errors that are waited for.  The clients are named by PROXY headers."""

import time

from support.certificate import Certificate
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import SUBMISSIONS_PORT, main


class ClientsAreSlowedDown(ReceivingHost):
    def start_behind_proxy(self, **config):
        self.godwit = self.host(trusted_proxies=["127.0.0.0/8"], **config)
        self.godwit.config["listeners"][0]["proxy_protocol"] = True
        self.godwit.start()

    def client(self, address="192.0.2.7", greeting="220"):
        client = self.connect(greeting=None)
        client.send(self.proxy_header(address))
        client.expect(greeting)
        return client

    @staticmethod
    def proxy_header(address):
        family, ours = ("TCP6", "2001:db8::1") if ":" in address else ("TCP4", "192.0.2.1")
        return f"PROXY {family} {address} {ours} 40000 25\r\n".encode()

    def test_connections_of_one_address(self):
        self.start_behind_proxy(limits={"connection_rate": "3/1h"})
        for _ in range(3):
            self.client().quit()
        self.client(greeting="421 4.7.0 Too many connections").expect_close()
        self.client("192.0.2.8").quit()

    def test_a_network_of_ipv6_is_one_client(self):
        self.start_behind_proxy(limits={"connections_per_client": 2, "connection_rate": "4/1h"})
        held = [self.client(f"2001:db8:0:7::{number}") for number in (1, 2)]
        self.client("2001:db8:0:7:ffff::3", greeting="421 4.7.0").expect_close()
        self.client("2001:db8:0:8::1").quit()
        for client in held:
            client.quit()
        self.wait_until(lambda: self.godwit.status()["connections"]["in"] == 0, "they are gone")
        self.client("2001:db8:0:7::4").quit()
        self.client("2001:db8:0:7::5", greeting="421 4.7.0 Too many connections").expect_close()
        self.client("2001:db8:0:8::2").quit()

    def test_messages_and_recipients_of_one_address(self):
        self.start_behind_proxy(limits={"message_rate": "2/1h", "recipient_rate": "3/1h"})
        client = self.client()
        client.say("EHLO client.abc.example", "250")
        client.say(f"MAIL FROM:<{SENDER}>", "250")
        for pattern in "250", "250", "250", "450 4.7.1 Too many recipients":
            client.say(f"RCPT TO:<{TO}>", pattern)
        client.say("RSET", "250")
        client.say(f"MAIL FROM:<{SENDER}>", "250")
        client.say("RSET", "250")
        client.say(f"MAIL FROM:<{SENDER}>", "450 4.7.1 Too many messages")
        with self.client("192.0.2.8") as other:
            other.envelope(SENDER, TO)

    def test_who_guesses_at_recipients_is_cut_off(self):
        self.start_behind_proxy(limits={"refused_recipients": 3, "errors": 1000})
        client = self.client()
        client.say("EHLO client.abc.example", "250")
        client.envelope(SENDER, TO)
        client.say("RCPT TO:<nobody@xyz.example>", "550")
        client.say("RCPT TO:<any@elsewhere.example>", "554 5.7.1")
        client.say("RCPT TO:<none@xyz.example>", "421 4.7.0 Too many recipients")
        client.expect_close()

    def test_errors_are_waited_for(self):
        self.start_behind_proxy(limits={"error_delay": "300ms"})
        client = self.client()
        began = time.monotonic()
        for _ in range(4):
            client.say("WHAT", "500")
        client.say("NOOP", "250")
        self.assertGreaterEqual(time.monotonic() - began, 0.6)

    def test_few_are_made_to_wait(self):
        self.start_behind_proxy(limits={"error_delay": "30s", "connections": 20}, threads=1)
        waiting = [self.client(f"192.0.2.{number}") for number in range(2)]  # a tenth of the connections
        for client in waiting:
            for _ in range(3):
                client.say("WHAT", "500")
            client.send(b"NOOP\r\n")
        began = time.monotonic()
        other = self.client("192.0.2.9")
        for _ in range(4):
            other.say("WHAT", "500")
        other.say("NOOP", "250")
        self.assertLess(time.monotonic() - began, 20, "there was no room left to wait in")
        for client in waiting:
            client.socket.settimeout(0.5)
            self.assertRaises(TimeoutError, client.reply)

    def test_handshakes_of_one_address(self):
        certificate = Certificate(self, "mail.xyz.example")
        self.start_behind_proxy(limits={"handshake_rate": "2/1h"}, certificate=certificate)
        for _ in range(2):
            with self.client() as client:
                client.starttls(certificate.client_context(), "mail.xyz.example")
                client.say("EHLO client.abc.example", "250")
        with self.client() as client:
            client.say("EHLO client.abc.example", "250")
            client.say("STARTTLS", "421 4.7.0 Too many handshakes")
            client.expect_close()
        with self.client("192.0.2.8") as other:
            other.starttls(certificate.client_context(), "mail.xyz.example")
            other.say("EHLO client.abc.example", "250")

    def test_handshakes_before_the_greeting(self):
        certificate = Certificate(self, "mail.xyz.example")
        self.godwit = self.host(trusted_proxies=["127.0.0.0/8"], certificate=certificate, limits={"handshake_rate": "2/1h"})
        self.godwit.config["listeners"].append({"address": f"{self.godwit.address}:{SUBMISSIONS_PORT}", "service": "submission",
                                                "tls": "implicit", "proxy_protocol": True})
        self.godwit.start()

        def greeted(address):
            client = self.connect(port=SUBMISSIONS_PORT, greeting=None)
            client.send(self.proxy_header(address))
            try:
                client.socket = certificate.client_context().wrap_socket(client.socket, server_hostname="mail.xyz.example")
            except OSError:
                return False
            client.expect("220")
            return True

        self.assertEqual([greeted(address) for address in ["192.0.2.7"] * 3 + ["192.0.2.8"]], [True, True, False, True])
        self.godwit.wait_event("tls_failed", client="192.0.2.7", reason="too many handshakes in a short time")

    def test_commands_are_read_no_faster_than_allowed(self):
        self.start_behind_proxy(limits={"command_rate": "20/2s"})
        client = self.client()
        began = time.monotonic()
        for _ in range(30):
            client.say("NOOP", "250")
        self.assertGreaterEqual(time.monotonic() - began, 0.9)


if __name__ == "__main__":
    main()
