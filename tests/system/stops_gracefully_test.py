#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM: no new connections, 421 to idle clients, what is in flight is finished, exit 0."""

import signal

from support.message import message
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import MX_PORT, listening, main, wait_until


class StopsGracefully(ReceivingHost):
    def test_idle_clients_hear_421(self):
        self.start()
        idle, greeted = self.connect(), self.connect()
        greeted.say("EHLO client.example", "250")
        self.godwit.process.send_signal(signal.SIGTERM)
        for client in (idle, greeted):
            client.expect("421 4.3.2")
            client.expect_close()
        self.assertEqual(self.godwit.process.wait(20), 0)

    def test_a_message_in_flight_is_finished(self):
        self.start()
        client = self.connect()
        client.envelope(SENDER, TO)
        client.say("DATA", "354")
        content = message()
        client.send(content[:40])
        self.godwit.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not listening(self.godwit.address, MX_PORT), "it stops listening")
        client.send(content[40:] + b".\r\n")
        client.expect("250 2.0.0")
        self.assertEqual(self.godwit.process.wait(40), 0)
        self.godwit.start()
        (stored,) = self.godwit.mailbox(TO).wait()
        self.assertEqual(stored.content, content)

    def test_godwitctl_stop(self):
        self.start()
        self.godwit.control("stop")
        self.assertEqual(self.godwit.process.wait(20), 0)


if __name__ == "__main__":
    main()
