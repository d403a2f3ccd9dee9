#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Under load one fault after the other strikes, each at a random moment: of disks, memory, descriptors, DNS, the clock, certificates, a
peer's process, and kill -9.  Every acknowledged message is accounted for; those that the test damages on the disk, and no others, are
named by the daemon."""

import collections
import errno
import mmap
import os
import re
import resource
import signal
import threading
import time

from support.certificate import Certificate
from support.dialogue import Closed, Dialogue, send
from support.faults import Faults
from support.message import large_body, message
from support.scenario import main
from support.senders import Sender
from support.turmoil import SinkPeer, Turmoil

DAY = 86400
SPOOL, JOURNAL, MAILBOXES, STATE, LOG = "/spool/", "/spool/journal/", "/vmail/", "/state/", "/godwit.log"
NAME = "mail.abc.example"
NOWHERE = "nowhere.example"  # its host does not answer: mail for it waits
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
        self.certificate = Certificate(self, NAME, self.net.host(1))
        self.trust = self.certificate.client_context()
        self.godwit.config["tls"] = {"certificates": [self.certificate.as_config()]}
        self.godwit.config["listeners"][0]["tls"] = "starttls"
        self.faults = Faults(self, self.godwit)
        self.pause = threading.Event().wait
        self.struck = collections.Counter()
        self.victims = set()  # ids of messages that were damaged

    def add_peers(self):
        super().add_peers()
        self.sink = SinkPeer(self, 20)
        self.peers.append(self.sink)
        self.domains.append("d4.example")
        self.dns.mx("d4.example", 10, "mx.d4.example", self.sink.address)
        self.dns.mx(NOWHERE, 10, f"mx.{NOWHERE}", self.net.host(21))

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

    def peer_stopped(self):
        """In the middle of its transactions."""
        self.stops += 1
        self.sink.process.send_signal(signal.SIGSTOP)
        self.pause(self.random.uniform(1, 4))
        self.sink.process.send_signal(signal.SIGCONT)

    def spool_unreadable(self):
        """What cannot be read waits, until an administrator has it tried again."""
        before = self.faults.hits("read")
        self.faults.fail("read", errno.EIO, 20, SPOOL)
        self.wait_until(lambda: self.faults.hits("read") > before, "something is read", 60)
        self.pause(1)
        self.faults.mend("read")
        self.godwit.control("queue", "retry", "--all")

    def certificate_vanishes(self):
        """Or its key, before a reload: what there was stays in force."""
        self.faults.set_clock(0)  # it is valid now
        path = self.random.choice([self.certificate.certificate, self.certificate.private_key])
        content = path.read_bytes()
        path.unlink()
        refused = self.godwit.control("reload", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn(str(path), refused.stdout + refused.stderr)
        self.say_hello_under_tls()
        path.write_bytes(content)
        self.godwit.control("reload")
        self.say_hello_under_tls()

    def say_hello_under_tls(self):
        with Dialogue(self.godwit.address) as client:
            client.say("EHLO client.abc.example", "250")
            client.starttls(self.trust, NAME)
            client.say("EHLO client.abc.example", "250")

    def damaged_while_down(self):
        identity, mark = self.waiting_message()
        self.kill()
        self.damage(mark)
        self.godwit.start()
        self.wait_until(lambda: self.godwit.events("message_damaged", id=identity), "the damaged message is named", 60)

    def damaged_while_running(self):
        """What was just accepted may stay in memory for as long as it waits; after a start it is read at each attempt, which finds the damage."""
        identity, mark = self.waiting_message()
        self.killed()

        def is_gone():
            self.damage(mark)  # also what compaction wrote meanwhile
            return self.godwit.control("queue", "retry", identity, check=False).returncode == 1

        self.wait_until(is_gone, "the damaged message leaves the queue", 60)
        self.wait_until(lambda: self.godwit.events("message_damaged", id=identity), "it is named", 60)

    def waiting_message(self):
        """Id and mark of one that is in the journal, and not in its last group."""
        mark = f"victim-{len(self.victims)}"
        content = message(mark, body=large_body(self.random.choice([500, 5000, 100_000])))

        def taken():
            try:
                return send(self.godwit.address, "sender0@abc.example", f"{mark}@{NOWHERE}", content)
            except (AssertionError, Closed, OSError):
                return None  # told to come later

        identity = self.wait_until(taken, "it is taken", 60)
        self.victims.add(identity)
        self.wait_until(lambda: self.godwit.control_json("queue", "show", identity)["attempts"] > 0, "it was tried", 60)
        self.senders.wait_for_more(10)
        return identity, mark

    def damage(self, mark):
        """Changes bytes of that message, wherever it lies in the journal."""
        for segment in (self.godwit.spool / "journal").glob("*.seg"):
            try:
                file = open(segment, "r+b")
            except FileNotFoundError:
                continue  # removed meanwhile
            with file, mmap.mmap(file.fileno(), 0) as data:
                while (at := data.find(mark.encode())) >= 0:
                    data[at:at + len(mark)] = mark.upper().encode()

    def clock_set(self):
        self.faults.set_clock(self.random.choice([-30 * DAY, -DAY, 0, DAY, 30 * DAY]))

    def test_everything_is_accounted_for(self):
        kinds = [self.killed, self.killed_and_clock_set, self.sync_error, self.spool_full, self.mailboxes_full, self.mailboxes_broken,
                 self.state_broken, self.log_full, self.no_memory_to_accept, self.disk_stalls, self.no_descriptors, self.dns_silent,
                 self.clock_set, self.peer_stopped, self.spool_unreadable, self.certificate_vanishes, self.damaged_while_down,
                 self.damaged_while_running]
        self.begin(sender=PatientSender).wait_for_more()
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
        self.godwit.control("queue", "retry", "--all")  # what could not be read, or is at a peer that was stopped
        self.account(is_damaged=bool(self.victims))
        self.assertEqual({event["id"] for event in self.godwit.events("message_damaged")}, self.victims)
        self.assertEqual(self.godwit.events("update_damaged") + self.godwit.events("spool_body_missing"), [])
        told_later = sum(sender.refused for sender in self.senders.all)
        print(f"{sum(self.struck.values())} faults in {took:.0f} s, {acknowledged / took:.0f} messages/s acknowledged meanwhile, "
              f"{told_later} told to come later: {dict(sorted(self.struck.items()))}")


if __name__ == "__main__":
    main()
