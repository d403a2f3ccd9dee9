#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A 4xx keeps the message, and the next attempt delivers it."""

from support.scenario import main
from support.sending_host import SENDER, SendingHost

TO = "user@busy.example"


class TemporaryFailureIsRetried(SendingHost):
    def test_4xx_then_delivered(self):
        peer = self.mx("busy.example", 10, "mx.busy.example", 2, script={"RCPT": ["450 4.2.1 try later", "250 2.1.5 Ok"]})
        self.start()
        identity, content = self.send(TO)
        deferred = self.godwit.wait_event("deferred", id=identity)
        self.assertEqual((str(deferred["code"]), deferred["enhanced"], deferred["stage"]), ("450", "4.2.1", "rcpt"))
        self.assert_arrived(peer, content)
        self.godwit.wait_empty_queue()
        self.assertEqual(len(self.godwit.events("delivered", id=identity)), 1)
        self.assertEqual(self.godwit.mailbox(SENDER).count(), 0)

    def test_only_the_deferred_recipient_is_tried_again(self):
        peer = self.mx("busy.example", 10, "mx.busy.example", 2,
                       script={f"RCPT:{TO}": ["450 4.2.1 try later", "250 2.1.5 Ok"]})
        self.start()
        self.send([TO, "second@busy.example"])
        first, second = peer.wait(2)
        self.assertEqual(first.recipients, ["second@busy.example"])
        self.assertEqual(second.recipients, [TO])

    def test_a_host_that_is_down_is_tried_again(self):
        peer = self.mx("busy.example", 10, "mx.busy.example", 2, up=False)
        self.start()
        identity, content = self.send(TO)
        self.godwit.wait_event("deferred", id=identity)
        peer.up()
        self.assert_arrived(peer, content)

    def test_a_waiting_message_survives_a_kill(self):
        peer = self.mx("busy.example", 10, "mx.busy.example", 2, up=False)
        self.start()
        identity, content = self.send(TO)
        self.godwit.wait_event("deferred", id=identity)
        self.godwit.kill()
        peer.up()
        self.godwit.start()
        self.assert_arrived(peer, content)


if __name__ == "__main__":
    main()
