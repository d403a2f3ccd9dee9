#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A header of a megabyte, a hundred thousand commands in one go: taken as they are, or left, at little cost to the others."""

import socket
import threading

from support.dialogue import Closed
from support.message import large_body, message
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import main

MEBIBYTE = 1 << 20
MESSAGES, RECIPIENTS = 1000, 98  # a hundred commands each: MAIL, RCPT, DATA
HEADERS = {
    "many fields": b"".join(b"X-Field-%06d: %s\r\n" % (number, b"x" * 40) for number in range(MEBIBYTE // 59)),
    "one field, folded": b"X-Folded: x\r\n" + b"".join(b"\t%s\r\n" % (b"y" * 70) for _ in range(MEBIBYTE // 73)),
    "one line": b"X-Long: " + b"z" * MEBIBYTE + b"\r\n",
    "many addresses": b"Cc: " + b",\r\n ".join(b"user%06d@abc.example" % number for number in range(MEBIBYTE // 24)) + b"\r\n",
}


class MuchAtOnceIsBorne(ReceivingHost):
    def warm_up(self):
        """The code itself becomes resident."""
        self.send(content=message("warm up", body=large_body(MEBIBYTE)))
        self.godwit.wait_empty_queue()
        self.godwit.forget_most_memory()
        self.before = self.godwit.most_memory()

    def assert_cost_at_most(self, kib):
        self.assert_memory(self.godwit.most_memory() - self.before, kib)

    def test_a_header_of_a_megabyte(self):
        self.start()
        self.warm_up()
        for name, fields in HEADERS.items():
            with self.subTest(name):
                content = fields + message(name)
                self.send(content=content)
                self.wait_until(lambda: any(stored.content == content for stored in self.godwit.mailbox(TO).messages()), "it arrives")
        self.assert_cost_at_most(16 * 1024)

    def answers(self, client, most):
        """Lines of reply, at most so many, until the end."""
        received = b""
        while received.count(b"\r\n") < most:
            try:
                data = client.socket.recv(1 << 20)
            except ConnectionError:
                break
            if not data:
                break
            received += data
        return received.decode().splitlines()

    def in_one_go(self, client, commands):
        client.socket.settimeout(200)  # it is read as fast as it is answered

        def say():
            try:
                client.send(commands)
            except OSError:
                pass  # it was left

        thread = threading.Thread(target=say)
        thread.start()
        self.addCleanup(thread.join)

    def test_100000_commands(self):
        self.start()
        self.warm_up()
        client = self.connect()
        client.say("EHLO client.abc.example", "250")
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one = (f"MAIL FROM:<{SENDER}>\r\n" + f"RCPT TO:<{TO}>\r\n" * RECIPIENTS + "DATA\r\n").encode() + message() + b".\r\n"
        self.in_one_go(client, one * MESSAGES)
        self.assert_still_works()
        codes = [line[:4] for line in self.answers(client, MESSAGES * (RECIPIENTS + 3))]
        self.assertEqual(codes, (["250 "] * (RECIPIENTS + 1) + ["354 ", "250 "]) * MESSAGES)
        self.wait_until(lambda: self.godwit.mailbox(TO).count() == MESSAGES + 2, "all are delivered", 60)
        self.assert_cost_at_most(16 * 1024)

    def test_100000_commands_that_lead_nowhere(self):
        self.start()
        self.warm_up()
        client = self.connect()
        self.in_one_go(client, b"NOOP\r\n" * 100_000)
        said = self.answers(client, 100_000)
        self.assertLessEqual(len(said), 101)
        self.assertTrue(self.godwit.wait_event("disconnected", reason="too many errors"))
        self.assert_still_works()
        self.assert_cost_at_most(4 * 1024)

    def test_a_line_of_100_megabytes(self):
        self.start()
        self.warm_up()
        client = self.connect()
        try:
            for _ in range(100):
                client.send(b"x" * MEBIBYTE)
            client.say("", "500 5.5.2")
        except (Closed, OSError):
            pass  # hanging up on it is as good
        self.assert_still_works()
        self.assert_cost_at_most(4 * 1024)


if __name__ == "__main__":
    main()
