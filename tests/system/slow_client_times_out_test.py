#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A client that says nothing, or one byte at a time, ties up nobody else and not for long."""

import socket
import threading

from support.certificate import Certificate
from support.dialogue import Closed
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import SUBMISSIONS_PORT, main


class SlowClientTimesOut(ReceivingHost):
    def test_silence_ends_with_421(self):
        self.start(limits={"command_timeout": "1s"})
        client = self.connect()
        client.expect("421 4.4.2")
        client.expect_close()
        client = self.connect()
        client.say("EHLO client.example", "250")
        client.expect("421 4.4.2")
        client.expect_close()

    def test_silence_in_data_ends_and_nothing_is_kept(self):
        self.start(limits={"data_timeout": "1s"})
        client = self.connect()
        client.envelope(SENDER, TO)
        client.say("DATA", "354")
        client.send(b"Subject: half\r\n\r\nhalf a li")
        client.expect("421 4.4.2")
        client.expect_close()
        self.assertEqual(self.godwit.queued(), 0)
        self.assert_still_works()

    def test_a_handshake_that_does_not_end_is_given_up(self):
        certificate = Certificate(self, "mail.xyz.example")
        godwit = self.host(certificate=certificate, limits={"command_timeout": "2s"})
        godwit.config["listeners"].append({"address": f"{godwit.address}:{SUBMISSIONS_PORT}", "service": "submission", "tls": "implicit"})
        self.godwit = godwit.start()
        behind_starttls = self.connect()
        behind_starttls.say("STARTTLS", "220")
        implicit = socket.create_connection((godwit.address, SUBMISSIONS_PORT), 20)
        self.addCleanup(implicit.close)
        for client in behind_starttls.socket, implicit:
            client.settimeout(0.2)

            def trickle():
                try:
                    client.sendall(b"\x16" if not sent else b"\x03")
                    sent.append(1)
                    return client.recv(1) == b""
                except TimeoutError:
                    return False
                except ConnectionError:
                    return True

            sent = []
            self.wait_until(trickle, "the connection ends", 20)
        self.wait_until(lambda: len(godwit.events("tls_failed")) == 2, "both are in the log")
        self.assert_still_works()

    def test_one_byte_at_a_time_is_understood_and_holds_up_nobody(self):
        self.start(threads=1)
        slow = self.connect()
        wait = threading.Event().wait
        for byte in b"EHLO slow.example\r\n":
            slow.send(bytes([byte]))
            wait(0.05)
            if byte in b"L.":
                self.assert_still_works()
        slow.expect("250")

    def test_a_message_that_trickles_in_ends_though_no_single_wait_is_long(self):
        self.start(limits={"data_timeout": "3s", "min_data_rate": 1000})
        client = self.connect()
        client.envelope(SENDER, TO)
        client.say("DATA", "354")
        client.send(b"Subject: slow\r\n\r\n")
        client.socket.settimeout(0.2)
        told = []

        def trickle():
            try:
                client.send(b"x")
                told.append(client.expect("421 4.4.2"))
            except TimeoutError:
                return False
            except (Closed, ConnectionError):
                return True
            return True

        self.wait_until(trickle, "the message is given up", 20)
        self.assertTrue(told, "the client was told why")
        self.assertEqual(self.godwit.queued(), 0)
        self.assert_still_works()

    def test_a_line_that_trickles_in_does_not_last_for_ever(self):
        self.start(limits={"command_timeout": "2s"})
        client = self.connect()
        client.socket.settimeout(0.2)
        seen = []

        def trickle():
            try:
                client.send(b"x")
                seen.append(client.expect("421|500"))
            except TimeoutError:
                return False
            except (Closed, ConnectionError):
                return True
            return True

        self.wait_until(trickle, "the connection ends", 30)
        self.assertTrue(not seen or seen[0].startswith("421 4.4.2"), seen)


if __name__ == "__main__":
    main()
