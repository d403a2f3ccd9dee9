#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Delivery into Maildirs: trace headers, unique names, and no path that a recipient could choose."""

import stat

from support.message import message
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import main


class MaildirIsFilled(ReceivingHost):
    def test_trace_headers(self):
        self.start()
        identity, content = self.send()
        (stored,) = self.godwit.mailbox(TO).wait()
        self.assertEqual(stored.header("Return-Path"), [f"<{SENDER}>"])
        self.assertEqual(stored.header("Delivered-To"), [TO])
        self.assertIn(identity, stored.header("Received")[0])
        self.assertEqual(stored.content, content)
        self.assertTrue(stored.trace[0].startswith("Return-Path:"), stored.trace)

    def test_names_are_unique_and_tmp_is_empty(self):
        self.start()
        for _ in range(30):
            self.send()
        self.assertEqual(len(self.godwit.mailbox(TO).wait(30)), 30)
        folder = self.godwit.mailbox(TO).path
        self.assertEqual(list((folder / "tmp").iterdir()), [])
        self.assertTrue((folder / "cur").is_dir())
        for file in (folder / "new").iterdir():
            self.assertNotIn(":", file.name)
            self.assertEqual(stat.S_IMODE(file.stat().st_mode) & 0o077, 0)

    def test_recipients_cannot_choose_a_path(self):
        self.start(domains={"xyz.example": "any"})
        hostile = ['"../../escaped"', '".."', '"."', '"a/b"', '"/etc/escaped"', '".hidden"']
        taken = 0
        for local in hostile:
            with self.connect() as client:
                client.say("EHLO client.example", "250")
                client.say("MAIL FROM:<mod@abc.example>", "250")
                if client.say(f"RCPT TO:<{local}@xyz.example>").startswith("250"):
                    client.data(message())
                    taken += 1
        self.godwit.wait_empty_queue()
        self.assertTrue(taken)
        found = [path for path in self.folder.rglob("new/*")]
        self.assertEqual(len(found), taken)
        domain = self.godwit.vmail / "xyz.example"
        for path in found:
            # Exactly vmail/domain/local/new/file: no more and no fewer levels.
            self.assertEqual(path.parents[2], domain, path)

    def test_an_unwritable_mailbox_defers(self):
        godwit = self.host()
        godwit.vmail.mkdir()
        (godwit.vmail / "xyz.example").write_text("a file where a folder should be")
        self.godwit = godwit.start()
        identity, content = self.send()
        godwit.wait_event("deferred", id=identity)
        (godwit.vmail / "xyz.example").unlink()
        (stored,) = godwit.mailbox(TO).wait()
        self.assertEqual(stored.content, content)


    def test_a_first_line_that_begins_with_a_blank_stays_out_of_our_trace(self):
        self.start()
        self.send(content=b" by forged.example with ESMTP id 1; Mon, 02 Nov 2026 08:00:00 +0000\r\n\r\nHello\r\n")
        (stored,) = self.godwit.mailbox(TO).wait()
        self.assertNotIn("forged", " ".join(stored.header("Received")))
        self.assertTrue(stored.content.endswith(b"Hello\r\n"))


if __name__ == "__main__":
    main()
