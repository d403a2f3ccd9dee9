#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mail that programs send while the daemon is down waits in the maildrop; what else lies there does no harm."""

import collections
import errno
import os
import pwd
import random
import re
import signal
import stat
import subprocess

from support.faults import Faults
from support.scenario import BIN, kill_after, main
from support.sending_user import EX_CONFIG, EX_NOPERM, EX_TEMPFAIL, SendingUser

SECRET = b"From: x@y.example\r\n\r\nthe secret of another\r\n"
NOBODY = 65534


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class DaemonIsDown(SendingUser):
    def setUp(self):
        super().setUp()
        self.godwit = self.host()
        self.godwit.start()  # makes the maildrop
        self.godwit.stop()

    def left(self):
        return sorted(os.listdir(self.godwit.maildrop))

    def wait_taken(self):
        self.wait_until(lambda: [name for name in self.left() if not name.startswith("rejected.")] == [],
                        "the maildrop was gone through")

    def test_mail_waits_and_is_delivered_at_the_start(self):
        self.assertEqual(mode(self.godwit.maildrop), 0o3733)
        self.sendmail("-i", "alice", content=b"Subject: s\n\n.\nbody f\xc3\xbcnf\n", user="nobody")
        names = self.left()
        self.assertEqual(len(names), 1)
        status = os.stat(self.godwit.maildrop / names[0])
        self.assertEqual((status.st_uid, stat.S_IMODE(status.st_mode)), (NOBODY, 0o640))
        # When it was sent, not when it is taken.
        self.assertIn(b"\nDate: ", (self.godwit.maildrop / names[0]).read_bytes())
        self.godwit.start()
        stored = self.only("alice")
        self.assertEqual(stored.header("Return-Path"), ["<nobody@xyz.example>"])
        self.assertIn("(user nobody) with local id", stored.header("Received")[0])
        self.assertTrue(stored.content.endswith(b"\r\n\r\n.\r\nbody f\xc3\xbcnf\r\n"))
        self.wait_taken()
        self.assertEqual(self.left(), [])

    def test_it_waits_for_a_daemon_that_is_not_root(self):
        godwit = self.godwit = self.host("other")
        godwit.config["user"] = "daemon"
        for folder in (godwit.folder, self.folder):
            folder.chmod(0o777)
        godwit.start()
        godwit.stop()
        status = os.stat(godwit.maildrop)
        self.assertEqual((status.st_uid, mode(godwit.maildrop)), (pwd.getpwnam("daemon").pw_uid, 0o3733))
        self.sendmail("alice", content=b"Subject: of root\n\n")
        self.sendmail("alice", content=b"Subject: of nobody\n\n", user="nobody")
        self.assertEqual([mode(godwit.maildrop / name) for name in self.left()], [0o640, 0o640])
        godwit.start()
        self.mailbox("alice").wait(2)
        self.wait_taken()
        self.assertEqual(self.left(), [])
        # It may itself send as it likes, and its queue is its group's.
        self.sendmail("-f", "x@y.example", "bob", content=b"Subject: own\n\n", user="daemon")
        self.assertEqual(self.only("bob").header("Return-Path"), ["<x@y.example>"])
        self.sendmail("-bp", user="daemon")
        self.sendmail("-bp", user="nobody", status=EX_NOPERM)

    def test_who_speaks_smtp_is_told_in_smtp(self):
        self.assertTrue(self.sendmail("-bs", content=b"QUIT\n", status=EX_TEMPFAIL).stdout.startswith(b"421 4.3.2 "))

    def test_what_cannot_be_synced_is_not_said_to_be_taken(self):
        faults = Faults(self, self.godwit)
        for where in ("/tmp.", self.godwit.maildrop.name + "$"):  # the content, and the name
            faults.fail("sync_directory", errno.EIO, where=where)
            done = self.sendmail("alice", content=b"Subject: s\n\n", environment=self.environment(**faults.environment),
                                 status=EX_TEMPFAIL)
            self.assertIn(b"Input/output error", done.stderr)
            self.assertEqual(self.left(), [], where)
        self.assertEqual(faults.hits("sync_directory"), 2)
        faults.mend_all()
        self.sendmail("alice", content=b"Subject: s\n\n", environment=self.environment(**faults.environment))
        self.assertEqual(len(self.left()), 1)

    def test_mail_is_taken_while_it_runs(self):
        self.godwit.start()
        nowhere = self.environment(GODWIT_SUBMIT_SOCKET="/nowhere/submit.sock")
        for number in range(3):
            self.sendmail("alice", content=b"Subject: s\n\n", environment=nowhere, user="nobody")
            self.mailbox("alice").wait(number + 1)

    def test_a_daemon_that_breaks_off_loses_nothing(self):
        self.godwit.start()
        self.godwit.process.send_signal(signal.SIGSTOP)  # it is there, and answers nothing
        client = self.spawn_sendmail("alice")
        self.wait_until(lambda: self.is_connected(client), "sendmail is connected")
        self.godwit.kill()
        self.assertEqual(client.wait(20), 0)
        self.assertEqual(len(self.left()), 1)
        self.godwit.start()
        self.only("alice")

    def spawn_sendmail(self, *words):
        client = kill_after(self, subprocess.Popen([str(BIN / "sendmail"), *words], env=self.environment(), stdin=subprocess.PIPE,
                                                   stderr=subprocess.DEVNULL), "sendmail")
        client.stdin.write(b"Subject: s\n\nbody\n")
        client.stdin.close()
        return client

    @staticmethod
    def is_connected(client):
        try:
            return any(os.readlink(f"/proc/{client.pid}/fd/{name}").startswith("socket:")
                       for name in os.listdir(f"/proc/{client.pid}/fd"))
        except OSError:
            return False

    def test_kill_9_while_it_takes_them(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}")
        chance = random.Random(seed)
        marks = {f"mark-{number}" for number in range(150)}
        for mark in marks:
            self.sendmail("alice", content=b"Subject: %s\n\n%s\n" % (mark.encode(), b"x" * 1000), user="nobody")
        for _ in range(4):
            before = len(self.left())
            self.godwit.process = self.godwit.spawn()
            target = before - chance.randrange(1, 25)
            self.wait_until(lambda: len(self.left()) <= max(target, 0), "some are taken")
            self.godwit.kill()
        self.godwit.start()
        self.wait_taken()
        self.godwit.wait_empty_queue()
        arrived = collections.Counter(re.search(rb"Subject: (mark-\d+)\r?\n", stored.raw).group(1).decode()
                                      for stored in self.mailbox("alice").messages())
        self.assertEqual(set(arrived), marks)
        self.assertEqual(self.left(), [])
        # At most what was on its way at each kill, and deliveries that were not recorded, came twice.
        self.assertLess(sum(arrived.values()), 2 * len(marks))

    def test_what_is_hostile_is_set_aside(self):
        drop = self.godwit.maildrop
        secret = self.folder / "secret"
        secret.write_bytes(b"godwit-maildrop 1\nfrom <root>\nto <alice>\n\n" + SECRET)
        secret.chmod(0o600)
        (drop / "symlink").symlink_to(secret)
        (drop / "dangling").symlink_to("/nowhere")
        os.link(secret, drop / "hardlink")
        os.mkfifo(drop / "fifo")
        (drop / "folder").mkdir()
        (drop / "folder" / "inside").write_bytes(b"x")
        (drop / "empty").touch()
        (drop / "garbage").write_bytes(os.urandom(100000))
        with open(drop / "huge", "wb") as huge:
            huge.truncate(1 << 40)
        with open(drop / "hugemessage", "wb") as huge:
            huge.write(b"godwit-maildrop 1\nfrom <nobody>\nto <bob>\n\nSubject: huge\r\n\r\n")
            huge.truncate(1 << 40)
        (drop / "nul").write_bytes(b"godwit-maildrop 1\nfrom <nobody>\nto <bob>\n\nSubject: n\r\n\r\na\0b\r\n")
        (drop / "smuggle").write_bytes(b"godwit-maildrop 1\nfrom <nobody>\nto <bob>\n\nSubject: n\r\n\r\n.\r\n"
                                       b"MAIL FROM:<root>\r\nRCPT TO:<alice>\r\nDATA\r\nSubject: smuggled\r\n\r\n.\r\n")
        (drop / ("x" * 250)).write_bytes(b"y")
        for name in ("empty", "garbage", "huge", "hugemessage", "nul", "smuggle"):
            os.chown(drop / name, NOBODY, NOBODY)
        self.sendmail("alice", content=b"Subject: good\n\n", user="nobody")
        self.godwit.start()
        self.wait_taken()
        self.godwit.wait_empty_queue()
        bad = ["symlink", "dangling", "hardlink", "fifo", "folder", "empty", "garbage", "huge", "hugemessage", "nul"]
        kept = self.left()
        for name in bad:
            self.assertTrue(any(re.fullmatch(rf"rejected\.\d+\.\d+\.{name}", other) for other in kept), (name, kept))
            self.assertEqual(len(self.godwit.events("maildrop_rejected", file=name)), 1, name)
        self.assertEqual(len(self.godwit.events("maildrop_rejected")), len(bad) + 1)
        # The one that is good, and the body that only looks like commands.
        subjects = [re.search(rb"Subject: (\w+)", stored.raw).group(1) for stored in self.mailbox("alice").messages()]
        self.assertEqual(subjects, [b"good"])
        delivered = self.mailbox("bob").messages()
        self.assertEqual(len(delivered), 1)
        self.assertTrue(delivered[0].content.endswith(b"DATA\r\nSubject: smuggled\r\n\r\n.\r\n"))
        self.assertNotIn(b"secret of another", b"".join(stored.raw for local in ("alice", "bob", "nobody")
                                                        for stored in self.mailbox(local).messages()))
        # It looks no further at them, and takes what comes.
        self.sendmail("bob", content=b"Subject: after\n\n", user="nobody", environment=self.environment(GODWIT_SUBMIT_SOCKET="/x"))
        self.mailbox("bob").wait(2)
        self.assertEqual(len(self.godwit.events("maildrop_rejected")), len(bad) + 1)

    def test_refused_recipients_are_reported(self):
        self.sendmail("bob", "nosuch", content=b"Subject: half\n\n", user="nobody")
        self.godwit.start()
        self.assertIn(b"Subject: half", self.only("bob").raw)
        report = self.only("nobody")
        self.assertIn(b"Final-Recipient: rfc822; nosuch@xyz.example", report.raw)
        self.assertIn(b"Status: 5.1.1", report.raw)
        self.wait_taken()
        self.assertEqual(self.left(), [])

    def test_a_sender_who_is_another_is_kept_and_his_owner_told(self):
        self.sendmail("-f", "alice@xyz.example", "bob", content=b"Subject: forged\n\n", user="nobody")
        self.godwit.start()
        self.assertIn(b"not an address of user nobody", self.only("nobody").raw)
        self.wait_taken()
        self.assertEqual(len(self.left()), 1)
        self.assertTrue(self.left()[0].startswith("rejected."))
        self.assertEqual(self.mailbox("bob").count(), 0)

    def test_without_a_place_to_wait_the_caller_is_told(self):
        self.sendmail("alice", content=b"x\n", environment=self.environment(GODWIT_MAILDROP="/nowhere/maildrop"),
                      status=EX_CONFIG)
        self.godwit.maildrop.chmod(0o700)
        done = self.sendmail("alice", content=b"x\n", user="nobody", status=EX_TEMPFAIL)
        self.assertIn(b"maildrop", done.stderr)
        self.assertEqual(self.left(), [])


if __name__ == "__main__":
    main()
