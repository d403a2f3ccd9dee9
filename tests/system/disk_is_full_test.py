#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A full disk is answered with 452 before it is full; what was acknowledged is kept, and mail is taken again when there is room."""

import os
import subprocess
import unittest

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
