#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Somebody removes or moves the spool under the running daemon: nothing is acknowledged into the void, it says so and exits for a
restart."""

import shutil

from support.dialogue import Closed
from support.message import message
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import main


class SpoolIsRemoved(ReceivingHost):
    def offer(self):
        """The reply to one more message."""
        client = self.connect()
        client.envelope(SENDER, TO)
        return client.data(message(), "")

    def assert_noticed(self, what):
        reply = self.offer()
        self.assertTrue(reply.startswith("451 4.3.0"), reply)
        try:
            self.assertFalse(self.offer().startswith("250"))
        except (Closed, OSError, AssertionError):
            pass  # it is stopping already
        self.assertEqual(self.godwit.process.wait(40), 1)
        failed = self.godwit.events("spool_failed")
        self.assertTrue(any(what in entry.get("reason", "") and "was removed" in entry["reason"] for entry in failed), failed)
        self.godwit.control_socket.unlink(missing_ok=True)
        self.godwit.start()
        self.assert_still_works()

    def start_quietly(self):
        """Nothing is left to write, which would be noticed before a message is offered."""
        self.start()
        self.assert_still_works()
        self.godwit.wait_empty_queue()

    def test_the_whole_folder(self):
        self.start_quietly()
        shutil.rmtree(self.godwit.spool)
        self.assert_noticed("spool/")

    def test_the_folder_is_moved_away(self):
        self.start_quietly()
        self.godwit.spool.rename(self.folder / "elsewhere")
        self.assert_noticed("spool/")

    def test_one_segment(self):
        self.start_quietly()
        sorted((self.godwit.spool / "journal").glob("*.seg"))[-1].unlink()
        self.assert_noticed(".seg")


if __name__ == "__main__":
    main()
