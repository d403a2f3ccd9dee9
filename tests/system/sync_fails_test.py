#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A sync that fails: what the spool could not store is not acknowledged, and the daemon ends for a restart; a mailbox that cannot store
waits; and history that cannot be stored costs no mail."""

import errno
import re

from support.faults import Faults
from support.message import large_body, message
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import main
from support.senders import Senders

MARK = re.compile(rb"Subject: (load-\d+-\d+)\r?\n")
SENDERS = 8


def compose(sender, mark):
    return SENDER, [TO], message(mark, body=large_body(300_000 if sender.count % 20 == 7 else 2000))


class SyncFails(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.godwit = self.host()
        self.faults = Faults(self, self.godwit)

    def stored(self):
        """How often each mark is in the mailbox."""
        marks = [MARK.search(stored.raw).group(1).decode() for stored in self.godwit.mailbox(TO).messages()]
        return {mark: marks.count(mark) for mark in marks}

    def fail_under_load(self, call, where):
        """Such calls fail until the daemon ends; then the disk is well, and it is started again."""
        self.godwit.start()
        senders = Senders(self, self.godwit.address, SENDERS, compose, seed=1, pause=0.01)
        senders.start().wait_for_more(50)
        self.faults.fail(call, errno.EIO, where=where)
        self.assertEqual(self.godwit.process.wait(40), 1)
        self.faults.mend(call)
        for sender in senders.all:
            sender.stop_event.set()
        for sender in senders.all:
            sender.join(30)
            # Those who waited were told to come later, not that it was their fault.
            self.assertTrue(all("451 4.3.0" in error or "421 4.3.2" in error for error in sender.wrong), sender.wrong)
        failed = self.godwit.events("spool_failed")
        self.assertIn("Input/output error", failed[0]["error"])
        self.godwit.control_socket.unlink(missing_ok=True)
        self.godwit.start()
        self.godwit.wait_empty_queue()
        acknowledged, stored = senders.acknowledged(), self.stored()
        print(f"{len(acknowledged)} acknowledged, {sum(1 for mark in acknowledged if mark not in stored)} lost, "
              f"{sum(count - 1 for count in stored.values())} arrived twice")
        self.assertEqual([mark for mark in acknowledged if mark not in stored], [])
        self.assert_still_works()

    def test_of_a_segment(self):
        self.fail_under_load("sync_file", "/spool/journal/")

    def test_of_the_folder_of_segments(self):
        self.godwit.config["spool"]["segment_size"] = "1MiB"
        self.fail_under_load("sync_directory", "/spool/journal")

    def test_of_a_large_body(self):
        self.fail_under_load("sync_file", "/spool/large/")

    def test_of_the_folder_of_large_bodies(self):
        self.fail_under_load("sync_directory", "/spool/large")

    def test_of_a_mailbox_defers_and_leaves_no_copy(self):
        self.godwit.start()
        self.faults.fail("sync_file", errno.EIO, times=2, where="/vmail/")
        identity, content = self.send()
        deferred = self.godwit.wait_event("deferred", id=identity)
        self.assertIn("Input/output error", deferred["reply"])
        self.godwit.wait_event("delivered", id=identity)
        self.assertEqual([stored.content for stored in self.godwit.mailbox(TO).messages()], [content])
        self.assertEqual(len(self.godwit.events("deferred", id=identity)), 2)
        self.assert_still_works()

    def test_of_the_history_costs_events_only(self):
        self.godwit.start()
        self.godwit.status()  # it has read and written what it needs to start
        for call in ("write", "sync_file", "sync_directory"):
            self.faults.fail(call, errno.EIO, where="/state/")
        contents = [self.send(content=message(str(number)))[1] for number in range(20)]
        self.assertCountEqual([stored.content for stored in self.godwit.mailbox(TO).wait(20)], contents)
        self.assertIn("Input/output error", self.godwit.wait_event("history_not_written")["reason"])
        self.assertRegex(self.godwit.metrics(), r"godwit_history_lost_total [1-9]")
        self.assertTrue(self.godwit.status()["healthy"])


if __name__ == "__main__":
    main()
