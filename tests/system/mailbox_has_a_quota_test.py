#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Maildirs with a quota, folders for address details, and mail that comes round again."""

from support.message import large_body, message
from support.receiving_host import TO, ReceivingHost
from support.scenario import main


class MailboxHasAQuota(ReceivingHost):
    def start(self, **maildir):
        super().start(delivery={"maildir": maildir})
        self.home = self.godwit.mailbox(TO).path

    def assert_delivered(self, recipient=TO, content=None):
        before = len(self.godwit.events("delivered"))
        self.send(recipient, content)
        self.wait_until(lambda: len(self.godwit.events("delivered")) > before, f"{recipient} has it")

    def test_a_full_mailbox_is_tried_again_until_mail_was_deleted(self):
        self.start(quota_messages=2)
        self.assert_delivered()
        self.assert_delivered()
        self.send()
        deferred = self.godwit.wait_event("deferred", to=f"<{TO}>")
        self.assertEqual((deferred["code"], deferred["enhanced"]), (452, "4.2.2"))
        self.assert_delivered("malee@xyz.example")
        one = self.godwit.mailbox(TO).files()[0]
        self.assertIn(f",S={one.stat().st_size}", one.name)
        one.unlink()
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.mailbox(TO).count(), 2)
        lines = (self.home / "maildirsize").read_text().splitlines()
        self.assertEqual(lines[0], "2C")
        self.assertEqual(sum(int(line.split()[1]) for line in lines[1:]), 2)

    def test_or_the_mail_is_returned(self):
        self.start(quota="4KiB", over_quota="bounce")
        self.assert_delivered()
        self.send(TO, message("large", body=large_body(8000)))
        bounced = self.godwit.wait_event("bounced", to=f"<{TO}>")
        self.assertEqual((bounced["code"], bounced["enhanced"]), (552, "5.2.2"))

    def test_what_others_set_for_one_mailbox_counts(self):
        self.start()
        self.assert_delivered()
        (self.home / "maildirsize").write_text("1C\n")
        self.send()
        self.godwit.wait_event("deferred", to=f"<{TO}>")
        self.assert_delivered("malee@xyz.example")

    def folders(self):
        return {folder.name: len(list((folder / "new").iterdir())) for folder in self.home.glob(".*")}

    def test_details_go_to_folders_that_exist(self):
        self.start(detail_folders="existing")
        self.assert_delivered()
        for name in ("tmp", "new", "cur"):
            (self.home / ".lists" / name).mkdir(parents=True)
        self.assert_delivered("somchai+Lists@xyz.example")
        self.assert_delivered("somchai+other@xyz.example")
        self.assertEqual(self.folders(), {".lists": 1})
        self.assertEqual(self.godwit.mailbox(TO).count(), 2)

    def test_or_to_folders_made_for_them(self):
        self.start(detail_folders="create")
        self.assert_delivered("somchai+a.b@xyz.example")
        self.assertEqual(self.folders(), {".a.b": 1})

    def test_mail_that_was_delivered_here_already_is_in_a_loop(self):
        self.start()
        self.send(TO, b"Delivered-To: somchai@xyz.example\r\n" + message())
        bounced = self.godwit.wait_event("bounced", to=f"<{TO}>")
        self.assertEqual((bounced["code"], bounced["enhanced"]), (554, "5.4.6"))
        self.assert_delivered(TO, b"Delivered-To: malee@xyz.example\r\n" + message())


if __name__ == "__main__":
    main()
