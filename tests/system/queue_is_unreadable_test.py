#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The disk opens at the start but does not give the queue: the daemon says so and exits, rather than taking mail that lies there."""

import os
import pathlib

from support.message import large_body, message
from support.scenario import main
from support.sending_host import SendingHost

TO = "user@xyz.example"
SHIM = pathlib.Path(os.environ.get("GODWIT_SHIMS", "")) / "libfailing_disk.so"


class QueueIsUnreadable(SendingHost):
    def test_the_start_fails_and_nothing_is_lost(self):
        self.assertTrue(SHIM.exists(), f"no {SHIM}: ctest sets GODWIT_SHIMS")
        peer = self.mx("xyz.example", 10, "mx.xyz.example", 2, up=False)
        godwit = self.start(spool={"segment_size": "1MiB", "inline_limit": "256KiB"})
        sent = [self.send(TO, message(body=large_body(150_000)))[1] for _ in range(12)]  # more than a segment
        godwit.kill()
        process = godwit.spawn(["env", f"LD_PRELOAD={SHIM}", "GODWIT_READS_FAIL=1"])
        self.assertEqual(process.wait(40), 1, godwit.errors())
        said = godwit.events("queue_unreadable")
        self.assertTrue(said and "the queue cannot be read" in said[0]["reason"], godwit.events())
        self.assertIn("Input/output error", said[0]["reason"])
        # The disk is well again.
        godwit.control_socket.unlink(missing_ok=True)
        peer.up()
        godwit.start()
        received = [transaction.content for transaction in peer.wait(len(sent), 40)]
        for content in sent:
            self.assertTrue(any(one.endswith(content) for one in received))


if __name__ == "__main__":
    main()
