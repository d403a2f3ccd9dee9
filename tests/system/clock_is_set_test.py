#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The clock is set, by a day or by years, forwards and back, while mail waits or the daemon is down: mail waits as long as it would
have, nothing expires for that, nobody is told that mail is late, and no id comes twice."""

import collections
import itertools
import time

from support.faults import Faults
from support.message import message
from support.scenario import main
from support.sending_host import SENDER, SendingHost

HOUR = 3600
DAY, YEAR = 24 * HOUR, 365 * 24 * HOUR


class ClockIsSet(SendingHost):
    def setUp(self):
        super().setUp()
        self.ids = []

    def start(self, **config):
        self.dns.start()
        config.setdefault("delivery", {"retry": {"first": "1s", "factor": 1, "max": "1s", "expire": "5d", "bounce_expire": "1d", "warn": "4h"}})
        self.godwit = self.daemon(**config)
        self.faults = Faults(self, self.godwit)
        self.godwit.start()

    def busy_peer(self, **options):
        """A host that takes nothing for now."""
        options.setdefault("script", {"RCPT": "450 4.2.0 later"})
        self.peer = self.mx("xyz.example", 10, "mx.xyz.example", 2, **options)

    def send_one(self):
        return self.send_to("user")

    def send_to(self, local):
        identity, content = self.send(f"{local}@xyz.example", message(f"number {len(self.ids)}"))
        self.ids.append(identity)
        return identity, content

    def attempts(self):
        """How often each was tried in vain."""
        return collections.Counter(entry["id"] for entry in self.godwit.events("deferred"))

    def wait_attempts(self, waiting, more):
        """Until each was tried so much more often."""
        before = self.attempts()
        self.wait_until(lambda: (now := self.attempts()) and all(now[identity] >= before[identity] + more for identity, _ in waiting),
                        "all are tried again")

    def assert_goes_on(self, jumps):
        """After each jump what waits is tried after its time, neither at once and again and again nor after days."""
        waiting = [self.send_one()]
        self.godwit.wait_event("deferred", id=waiting[0][0])
        for number, offset in enumerate(jumps, 1):
            self.faults.set_clock(offset)
            self.wait_until(lambda: len(self.godwit.events("clock_jumped")) == number, "the jump is noticed")
            tried, began = self.attempts(), time.monotonic()
            waiting.append(self.send_one())
            self.wait_attempts(waiting, 2)
            now, took = self.attempts(), time.monotonic() - began
            for identity, before in tried.items():
                self.assertLessEqual(now[identity] - before, took / 0.9 + 1, "every second, less a tenth")
        self.assertEqual(self.godwit.events("expired") + self.godwit.events("bounced"), [])
        self.assertEqual(self.godwit.mailbox(SENDER).count(), 0, "somebody was told that mail is late")
        return waiting

    def assert_arrive(self, waiting):
        self.peer.script.clear()
        if not self.peer.listener:
            self.peer.up()
        self.godwit.wait_empty_queue(30)
        for identity, content in waiting:
            self.assertEqual(sum(one.content.endswith(content) for one in self.peer.transactions), 1, identity)
        self.assertEqual(len(set(self.ids)), len(self.ids))
        self.assertEqual(self.ids, sorted(self.ids))
        self.assertEqual(self.godwit.mailbox(SENDER).count(), 0)

    def test_forwards_and_back_while_mail_waits(self):
        self.busy_peer()
        self.start()
        waiting = self.assert_goes_on([DAY, 0])
        self.assertEqual([entry["jump"] for entry in self.godwit.events("clock_jumped")], ["1d", "-1d"])
        self.assert_arrive(waiting)

    def test_back_and_forwards_while_mail_waits(self):
        self.busy_peer()
        self.start()
        self.assert_arrive(self.assert_goes_on([-DAY, 0]))

    def test_by_years_while_the_host_is_down(self):
        self.busy_peer(up=False)
        self.start()
        self.assert_arrive(self.assert_goes_on([10 * YEAR, -10 * YEAR]))

    def test_back_while_the_daemon_is_down(self):
        self.busy_peer()
        self.start()
        waiting = [self.send_one() for _ in range(3)]
        self.godwit.wait_event("deferred", id=waiting[-1][0])
        self.godwit.stop()
        self.godwit.control_socket.unlink(missing_ok=True)
        self.faults.set_clock(-10 * YEAR)
        self.godwit.start()
        self.wait_attempts(waiting, 1)
        waiting.append(self.send_one())
        self.assert_arrive(waiting)

    def test_a_clock_that_is_wrong_at_the_start(self):
        """As of a machine without a battery, until it hears of the time."""
        self.busy_peer()
        self.start()
        waiting = [self.send_one()]
        self.godwit.wait_event("deferred", id=waiting[0][0])
        self.godwit.kill()
        self.faults.set_clock(-20 * YEAR)
        self.godwit.start()
        waiting.append(self.send_one())
        self.godwit.wait_event("deferred", id=waiting[-1][0])
        self.faults.set_clock(0)
        self.godwit.wait_event("clock_jumped")
        self.wait_attempts(waiting, 1)
        self.assertEqual(self.godwit.events("expired") + self.godwit.events("bounced"), [])
        self.assert_arrive(waiting)

    def test_forwards_for_good_and_a_restart_before_older_mail_is_gone(self):
        """The jump is not written down: older mail is too old then, is tried once more, and is returned if that fails."""
        self.busy_peer()
        self.start()
        waiting = [self.send_to(recipient) for recipient in ("taken", "refused")]
        self.godwit.wait_event("deferred", id=waiting[-1][0])
        self.faults.set_clock(10 * DAY)
        self.godwit.wait_event("clock_jumped")
        self.wait_attempts(waiting, 2)
        (taken, content), (refused, _) = waiting
        young, _ = self.send_to("refused")
        self.godwit.wait_event("deferred", id=young)
        self.assertEqual(self.godwit.events("expired"), [], "it was not started again yet")
        self.godwit.kill()
        tried = len(self.godwit.events("attempt", id=refused))
        self.peer.script.clear()
        self.peer.script["RCPT:refused@xyz.example"] = itertools.repeat("450 4.2.0 later")
        self.godwit.start()
        self.godwit.wait_event("expired", id=refused)
        self.assertEqual(len(self.godwit.events("attempt", id=refused)), tried + 1)
        (report,) = self.godwit.mailbox(SENDER).wait(1)
        self.assertIn(b"refused@xyz.example", report.raw)
        self.godwit.wait_event("delivered", id=taken)
        self.assertTrue(self.peer.wait(1)[0].content.endswith(content))
        self.wait_attempts([(young, None)], 2)
        self.assertEqual([entry["id"] for entry in self.godwit.events("expired")], [refused])

    def test_what_has_had_its_time_expires_all_the_same(self):
        self.busy_peer()
        self.start(delivery={"retry": {"first": "1s", "factor": 1, "max": "1s", "expire": "6s", "warn": "0s"}})
        identity, _ = self.send_one()
        self.godwit.wait_event("deferred", id=identity)
        began = time.monotonic()
        self.faults.set_clock(-DAY)
        self.godwit.wait_event("expired", id=identity)
        self.assertLess(time.monotonic() - began, 15)
        self.godwit.mailbox(SENDER).wait(1)


if __name__ == "__main__":
    main()
