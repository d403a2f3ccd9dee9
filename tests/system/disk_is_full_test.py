#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A full disk is answered with 452 before it is full; what was acknowledged is kept, and mail is taken again when there is room."""

import errno
import os
import subprocess
import unittest

from support.faults import Faults
from support.message import large_body, message
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import main


class DiskIsFull(ReceivingHost):
    def test_less_than_min_free_refuses_before_the_data(self):
        self.start(spool={"min_free": "16TiB"})
        client = self.connect()
        client.say("EHLO client.example", "250")
        reply = client.say(f"MAIL FROM:<{SENDER}>")
        if reply.startswith("250"):
            client.say(f"RCPT TO:<{TO}>", "250")
            reply = client.say("DATA")
        self.assertTrue(reply.startswith("452 4.3.1"), reply)
        client.say("NOOP", "250")
        self.assertTrue(self.godwit.alive())

    @unittest.skipUnless(os.getuid() == 0, "mounting a small file system needs root")
    def test_a_small_disk_fills_up(self):
        godwit = self.godwit = self.host(spool={"min_free": "4MiB"}, routes=[
            {"domains": ["elsewhere.example"], "next_hop": f"[{self.net.host(9)}]:20025"}])
        godwit.spool.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", str(godwit.spool)], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("mount is not permitted here")
        self.addCleanup(subprocess.run, ["umount", "-l", str(godwit.spool)])
        godwit.start()
        content = message(body=large_body(4_000_000))
        accepted, refusal = 0, None
        client = self.connect()
        client.say("EHLO client.example", "250")
        while not refusal and accepted < 100:
            reply = client.say(f"MAIL FROM:<{SENDER}> SIZE={len(content)}")
            if reply.startswith("250"):
                client.say("RCPT TO:<user@elsewhere.example>", "250")
                reply = client.say("DATA")
            if reply.startswith("354"):
                client.send(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
                reply = client.reply()
            if reply.startswith("250"):
                accepted += 1
            else:
                refusal = reply
        self.assertTrue(refusal and refusal.startswith("452 4.3.1"), refusal)
        self.assertGreater(accepted, 0)
        self.assertTrue(godwit.alive(), godwit.errors())
        self.assertEqual(godwit.queued(), accepted)
        godwit.restart()
        self.assertEqual(godwit.queued(), accepted)
        # Room again.
        godwit.control("queue", "delete", godwit.events("accepted")[0]["id"])
        self.wait_until(lambda: self.takes_mail(), "mail is taken again", 30)

    def with_faults(self):
        self.godwit = self.host()
        self.faults = Faults(self, self.godwit)
        self.godwit.start()
        self.godwit.status()

    def test_a_disk_that_is_full_though_it_seemed_to_have_room(self):
        """As quotas make it: a write fails, and what the system says of free space is no proof."""
        self.with_faults()
        contents = [self.send(content=message(f"before {number}"))[1] for number in range(3)]
        self.godwit.wait_empty_queue()
        for size in (2000, 400_000):
            self.faults.fail("write", errno.ENOSPC, where="/spool/")
            replies = {self.offer(message(f"refused {size}", body=large_body(size)))[:9] for _ in range(3)}
            self.assertEqual(replies, {"452 4.3.1"})
            self.faults.mend("write")
            contents.append(message(f"taken {size}", body=large_body(size)))
            self.wait_until(lambda: self.offer(contents[-1]).startswith("250"), "mail is taken again")
        self.assertIn("No space left", self.godwit.events("spool_full")[0]["error"])
        self.assertTrue(self.godwit.status()["healthy"])
        self.godwit.wait_empty_queue()
        self.godwit.restart()
        self.assertEqual(self.godwit.queued(), 0)
        self.assertCountEqual([stored.content for stored in self.godwit.mailbox(TO).messages()], contents)

    def test_a_mailbox_without_room_waits(self):
        self.with_faults()
        self.faults.fail("write", errno.ENOSPC, where="/vmail/")
        identity, content = self.send()
        deferred = self.godwit.wait_event("deferred", id=identity)
        self.assertEqual(deferred["code"], 452)
        self.assertEqual(self.godwit.mailbox(TO).count(), 0)
        self.faults.mend("write")
        self.assertEqual([stored.content for stored in self.godwit.mailbox(TO).wait(1)], [content])
        self.assert_still_works()

    def test_a_log_without_room_costs_lines_only(self):
        self.with_faults()
        self.faults.fail("write", errno.ENOSPC, where="/godwit.log")
        contents = [self.send(content=message(str(number)))[1] for number in range(5)]
        self.assertCountEqual([stored.content for stored in self.godwit.mailbox(TO).wait(5)], contents)
        self.wait_until(lambda: self.faults.hits("write"), "lines are lost")
        self.faults.mend("write")
        identity, _ = self.send()
        self.godwit.wait_event("delivered", id=identity)
        self.assertGreater(self.godwit.wait_event("log_lost")["count"], 0)

    def takes_mail(self):
        client = self.connect()
        client.say("EHLO client.example", "250")
        reply = client.say(f"MAIL FROM:<{SENDER}>")
        if reply.startswith("250"):
            client.say(f"RCPT TO:<{TO}>", "250")
            reply = client.say("DATA")
        if reply.startswith("354"):
            client.send(message() + b".\r\n")
            reply = client.reply()
        return reply.startswith("250")


if __name__ == "__main__":
    main()
