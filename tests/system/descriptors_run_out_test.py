#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No descriptor is left, or no memory for another connection: who is there goes on, who comes waits, and nothing that was acknowledged
is lost."""

import errno
import itertools
import os
import resource
import socket
import time
import unittest

from support.dialogue import Dialogue
from support.faults import Faults
from support.message import dot_stuffed, large_body, message
from support.peer import ScriptedPeer
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import MX_PORT, SANITIZER, main


@unittest.skipIf("undefined" in SANITIZER, "it looks at objects through a pipe, for which there is no descriptor")
class DescriptorsRunOut(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.peer = ScriptedPeer(self, 2, "mx.far.example")
        self.godwit = self.host(spool={"segment_size": "1MiB"},
                                routes=[{"domains": ["far.example"], "next_hop": f"[{self.peer.address}]:{MX_PORT}"}])
        self.faults = Faults(self, self.godwit)
        self.godwit.start()
        self.godwit.status()  # it has all that it opens once

    def leave(self, more):
        """So many descriptors, beside those that it has."""
        process = self.godwit.process.pid
        taken = {int(name) for name in os.listdir(f"/proc/{process}/fd")}
        free = (number for number in itertools.count() if number not in taken)
        hard = resource.prlimit(process, resource.RLIMIT_NOFILE)[1]
        resource.prlimit(process, resource.RLIMIT_NOFILE, (next(itertools.islice(free, more, None)), hard))

    def knock(self):
        """A client that waits to be taken."""
        client = socket.create_connection((self.godwit.address, MX_PORT), 20)
        self.addCleanup(client.close)
        return client

    def use_up(self):
        """None is left; clients who wait to be taken, also with what it gives back now."""
        self.leave(0)
        waiting = [self.knock() for _ in range(20)]
        self.wait_until(self.failures, "the shortage is in the log")
        return waiting

    def greeted(self, client):
        client.settimeout(20)
        return client.recv(3) == b"220"

    def failures(self):
        return self.godwit.events("accept_failed")

    def assert_arrive(self, locals_, remotes):
        stored = self.godwit.mailbox(TO).wait(len(locals_))
        self.assertCountEqual([one.content for one in stored], locals_)
        sent = [transaction.content for transaction in self.peer.wait(len(remotes))]
        for content in remotes:
            self.assertEqual(sum(one.endswith(content) for one in sent), 1)

    def assert_survives_a_shortage(self, content):
        """What needs a descriptor waits ten seconds for one; then the message is refused, and the spool goes on."""
        kept = [message(str(number), body=large_body(255_000)) for number in range(3)]  # a fourth needs another segment
        for one in kept:
            self.send(content=one)
        self.godwit.wait_empty_queue()
        client = self.connect()
        client.envelope(SENDER, TO)
        client.say("DATA", "354")
        self.use_up()
        client.send(dot_stuffed(content))
        reply = client.expect("452 4.3.1|250")  # somebody may give one back just then
        print(reply)
        kept += [content] if reply.startswith("250") else []
        self.leave(100)
        kept.append(message("taken", body=large_body(600_000)))
        self.wait_until(lambda: self.offer(kept[-1]).startswith("250"), "mail is taken again")
        self.assert_arrive(kept, [])
        self.assertEqual(self.godwit.events("spool_failed"), [])
        self.assertTrue(self.godwit.status()["healthy"])

    def test_a_segment_needs_a_descriptor(self):
        self.assert_survives_a_shortage(message("small enough for a segment", body=large_body(255_000)))

    def test_a_large_body_needs_a_descriptor(self):
        self.assert_survives_a_shortage(message("a file of its own", body=large_body(600_000)))

    def test_who_is_there_goes_on_and_who_comes_waits(self):
        self.assert_still_works()  # there is a segment
        self.godwit.wait_empty_queue()
        client = self.connect()
        client.say("EHLO client.example", "250")
        waiting = self.use_up()
        self.assertIn("Too many open files", self.failures()[0]["reason"])
        locals_, remotes = [self.godwit.mailbox(TO).messages()[0].content], []
        for number in range(5):
            for to, all_ in ((TO, locals_), ("user@far.example", remotes)):
                all_.append(message(f"{to} {number}"))
                client.submit(SENDER, to, all_[-1], hello=None)
        # A mailbox needs a descriptor for its file, and a peer one for its connection.
        self.assertTrue(self.godwit.alive())
        client.say("NOOP", "250")
        self.leave(1000)
        self.assertTrue(all(self.greeted(one) for one in waiting))
        self.assert_arrive(locals_, remotes)
        self.godwit.wait_empty_queue()
        self.assert_still_works()

    def test_a_large_body_waits_for_a_descriptor(self):
        client = self.connect()
        client.envelope(SENDER, TO)
        self.leave(0)
        content = message("large", body=large_body(600_000))
        client.say("DATA", "354")
        client.send(dot_stuffed(content))
        self.leave(100)
        client.expect("250")
        self.assert_arrive([content], [])

    def test_the_log_is_not_flooded(self):
        self.leave(0)
        began = time.monotonic()
        waiting = [self.knock() for _ in range(20)]
        self.wait_until(lambda: len(self.failures()) >= 3, "it tries again")
        took = time.monotonic() - began
        reactors = self.godwit.config["threads"]
        self.assertLessEqual(len(self.failures()), reactors * (took / 0.1 + 1), "every tenth of a second at most")
        self.leave(100)
        self.assertTrue(all(self.greeted(one) for one in waiting))

    def test_no_memory_for_a_connection(self):
        times = 6
        self.faults.fail("accept", errno.ENOMEM, times=times)
        waiting = [self.knock() for _ in range(8)]
        self.assertTrue(all(self.greeted(one) for one in waiting))
        self.assertEqual(self.faults.hits("accept"), times)
        said = self.failures()
        self.assertEqual(len(said), times)
        self.assertIn("Cannot allocate memory", said[0]["reason"])
        for client in waiting:
            client.close()
        with Dialogue(self.godwit.address) as client:
            client.submit(SENDER, TO, message("after"))
        self.assert_still_works()


if __name__ == "__main__":
    main()
