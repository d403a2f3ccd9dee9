#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Postfix's smtp-source sends into the daemon, its smtp-sink takes what the daemon relays."""

from support.message import message
from support.programs import SmtpSink, smtp_source
from support.scenario import main
from support.sending_host import SENDER, SendingHost

TO = "user@sink.example"


class PostfixToolsOnEitherSide(SendingHost):
    def start_with_sink(self, *options):
        self.sink = SmtpSink(self, 2, *options)
        self.dns.mx("sink.example", 10, "mx.sink.example", self.sink.address)
        self.start()

    def arrives(self, *options, count=200):
        smtp_source(self, self.godwit.address, "-m", count, "-s", "20", "-l", "4096", "-f", SENDER, "-t", TO, *options)
        self.wait_until(lambda: len(self.sink.messages()) >= count, f"{count} messages in the sink", 60)
        self.godwit.wait_empty_queue()
        self.assertEqual(len(self.sink.messages()), count)

    def test_one_message_a_connection(self):
        self.start_with_sink()
        self.arrives()

    def test_many_messages_a_connection(self):
        self.start_with_sink()
        self.arrives("-d")

    def test_a_sink_without_esmtp(self):
        self.start_with_sink("-e")
        self.arrives(count=20)

    def test_a_sink_without_pipelining(self):
        self.start_with_sink("-p")
        self.arrives(count=20)

    def test_the_content_arrives_unchanged(self):
        self.start_with_sink()
        _, content = self.send(TO, message())
        content = content.replace(b"\r\n", b"\n")
        # The sink makes the file before it writes.
        self.wait_until(lambda: any(content in one.replace(b"\r\n", b"\n") for one in self.sink.messages()), "the message")


if __name__ == "__main__":
    main()
