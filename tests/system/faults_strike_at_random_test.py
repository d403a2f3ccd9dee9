#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Under load one fault after the other strikes, each at a random moment: of disks, memory, descriptors, DNS, the clock, and kill -9.
Every acknowledged message is accounted for."""

import collections
import errno
import os
import re
import resource
import signal
import threading
import time

from support.dialogue import Closed
from support.faults import Faults
from support.scenario import main
from support.senders import Sender
from support.turmoil import Turmoil

DAY = 86400
JOURNAL, MAILBOXES, STATE, LOG = "/spool/journal/", "/vmail/", "/state/", "/godwit.log"
TEMPORARY = re.compile(r"got ['\"]4\d\d ")


class PatientSender(Sender):
    """Comes again with another message when it is told to come later; whether that one was kept after all is open."""

    def one(self, client):
        try:
            super().one(client)
        except AssertionError as error:
            if not TEMPORARY.search(str(error)):
                raise
            self.refused += 1
            raise Closed("told to come later") from error

    refused = 0


class FaultsStrikeAtRandom(Turmoil):
    usual_seconds = 20

    def setUp(self):
        super().setUp()
        self.faults = Faults(self, self.godwit)
        self.pause = threading.Event().wait
        self.struck = collections.Counter()

    # ---- faults: each is over when its method returns -----------------------------------------------------------------

    def killed(self):
        self.kill()
        self.godwit.start()

    def killed_and_clock_set(self):
        self.kill()
        self.clock_set()
        self.godwit.start()

    def sync_error(self):
        """The daemon trusts the disk no more, and is started again."""
        self.faults.fail("sync_file", errno.EIO, where=JOURNAL)
        self.assertEqual(self.godwit.process.wait(30), 1)
        self.faults.mend("sync_file")
        self.assertTrue(self.godwit.events("spool_failed"))
        self.kills += 1  # what was under way is open, as it is after a kill
        self.godwit.control_socket.unlink(missing_ok=True)
        self.godwit.start()

    def some_fail(self, call, code, times, where=""):
        before = self.faults.hits(call)
        self.faults.fail(call, code, times, where)
        self.pause(1)
        self.faults.mend(call)
        return self.faults.hits(call) - before

    def spool_full(self):
        self.some_fail("write", errno.ENOSPC, 3, JOURNAL)

    def mailboxes_full(self):
        self.some_fail("write", errno.ENOSPC, 10, MAILBOXES)

    def mailboxes_broken(self):
        self.some_fail("sync_file", errno.EIO, 10, MAILBOXES)

    def state_broken(self):
        self.some_fail("write", errno.EIO, 10, STATE)

    def log_full(self):
        self.some_fail("write", errno.ENOSPC, 10, LOG)

    def no_memory_to_accept(self):
        self.some_fail("accept", errno.ENOMEM, 20)

    def disk_stalls(self):
        self.some_fail("stall", 0, -1)

    def no_descriptors(self):
        process = self.godwit.process.pid
        usual = resource.prlimit(process, resource.RLIMIT_NOFILE)
        resource.prlimit(process, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{process}/fd")), usual[1]))
        self.pause(1)
        resource.prlimit(process, resource.RLIMIT_NOFILE, usual)

    def dns_silent(self):
        self.dns.process.send_signal(signal.SIGSTOP)
        self.pause(2)
        self.dns.process.send_signal(signal.SIGCONT)

    def clock_set(self):
        self.faults.set_clock(self.random.choice([-30 * DAY, -DAY, 0, DAY, 30 * DAY]))

    def test_everything_is_accounted_for(self):
        kinds = [self.killed, self.killed_and_clock_set, self.sync_error, self.spool_full, self.mailboxes_full, self.mailboxes_broken,
                 self.state_broken, self.log_full, self.no_memory_to_accept, self.disk_stalls, self.no_descriptors, self.dns_silent,
                 self.clock_set]
        self.begin(sender=PatientSender)
        began, to_come = time.monotonic(), []
        while time.monotonic() < began + self.seconds:
            to_come = to_come or self.random.sample(kinds, len(kinds))
            fault = to_come.pop()
            self.struck[fault.__name__] += 1
            fault()
            self.senders.wait_for_more()
            self.pause(self.random.uniform(0, 0.5))
        took = time.monotonic() - began
        self.faults.mend_all()
        acknowledged = self.senders.count()
        self.account()
        told_later = sum(sender.refused for sender in self.senders.all)
        print(f"{sum(self.struck.values())} faults in {took:.0f} s, {acknowledged / took:.0f} messages/s acknowledged meanwhile, "
              f"{told_later} told to come later: {dict(sorted(self.struck.items()))}")


if __name__ == "__main__":
    main()
