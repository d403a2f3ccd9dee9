#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The disk opens at the start but does not give the queue: the daemon says so and exits, rather than taking mail that lies there."""

from support.faults import Faults
from support.message import large_body, message
from support.scenario import main
from support.sending_host import SendingHost

TO = "user@xyz.example"


class QueueIsUnreadable(SendingHost):
    def test_the_start_fails_and_nothing_is_lost(self):
        peer = self.mx("xyz.example", 10, "mx.xyz.example", 2, up=False)
        godwit = self.start(spool={"segment_size": "1MiB", "inline_limit": "256KiB"})
        sent = [self.send(TO, message(body=large_body(150_000)))[1] for _ in range(12)]  # more than a segment
        godwit.kill()
        faults = Faults(self, godwit)
        faults.fail("read", where="@bodies")  # the pool that lists the queue; what recovers the spool reads well
        process = godwit.spawn()
        self.assertEqual(process.wait(40), 1, godwit.errors())
        said = godwit.events("queue_unreadable")
        self.assertTrue(said and "the queue cannot be read" in said[0]["reason"], godwit.events())
        self.assertIn("Input/output error", said[0]["reason"])
        faults.mend("read")
        godwit.control_socket.unlink(missing_ok=True)
        peer.up()
        godwit.start()
        received = [transaction.content for transaction in peer.wait(len(sent), 40)]
        for content in sent:
            self.assertTrue(any(one.endswith(content) for one in received))


if __name__ == "__main__":
    main()
