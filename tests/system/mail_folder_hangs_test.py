#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A file system that answers nothing any more (frozen), below one mailbox or of the state: other mail goes on, and so does a stop."""

import os
import subprocess
import unittest

from support.receiving_host import ReceivingHost
from support.scenario import main

HUNG, FINE = "somchai@xyz.example", "malee@xyz.example"
IMAGE_SIZE = 16 << 20


@unittest.skipUnless(os.getuid() == 0, "freezing a file system needs root")
class MailFolderHangs(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.godwit = self.host(stop_grace="1s")

    def mount(self, folder):
        image = self.folder / "image"
        with open(image, "wb") as file:
            file.truncate(IMAGE_SIZE)
        folder.mkdir(parents=True)
        self.run_program("mkfs.ext4", "-q", image)
        mounted = self.run_program("mount", "-o", "loop", image, folder, check=False)
        if mounted.returncode != 0:
            self.skipTest(f"no loop device here: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", str(folder)], check=False)

    def freeze(self, folder):
        self.run_program("fsfreeze", "--freeze", folder)
        self.addCleanup(subprocess.run, ["fsfreeze", "--unfreeze", str(folder)], check=False, stderr=subprocess.DEVNULL)

    def thaw(self, folder):
        self.run_program("fsfreeze", "--unfreeze", folder)

    def test_others_get_their_mail_and_a_stop_ends_and_nothing_is_lost(self):
        folder = self.godwit.mailbox(HUNG).path
        self.mount(folder)
        self.godwit.start()
        self.send(HUNG)
        self.godwit.mailbox(HUNG).wait()
        self.freeze(folder)
        hung = [self.send(HUNG) for _ in range(12)]
        fine = [self.send(FINE)[1] for _ in range(3)]
        self.assertCountEqual([stored.content for stored in self.godwit.mailbox(FINE).wait(3, timeout=30)], fine)
        deferred = self.godwit.wait_event("deferred", to=f"<{HUNG}>")
        self.assertIn("does not answer", deferred["reply"])
        self.godwit.process.terminate()
        self.godwit.wait_event("folder_hangs", timeout=30)
        self.godwit.wait_event("stopped")
        self.thaw(folder)  # what the kernel needs to end the process
        self.assertEqual(self.godwit.process.wait(20), 0)
        self.godwit.control_socket.unlink(missing_ok=True)
        self.godwit.start()
        arrived = [stored.content for stored in self.godwit.mailbox(HUNG).wait(13, timeout=30)]
        for _, content in hung:
            self.assertIn(content, arrived)


    def test_a_stop_does_not_wait_for_the_state_directory(self):
        folder = self.godwit.folder / "state"
        self.mount(folder)
        self.godwit.start()
        self.send(FINE)
        self.godwit.mailbox(FINE).wait()
        self.freeze(folder)
        _, content = self.send(FINE)
        self.assertIn(content, [stored.content for stored in self.godwit.mailbox(FINE).wait(2)])
        self.godwit.process.terminate()
        self.godwit.wait_event("folder_hangs", timeout=40)
        self.godwit.wait_event("stopped")
        self.thaw(folder)
        self.assertEqual(self.godwit.process.wait(20), 0)


if __name__ == "__main__":
    main()
