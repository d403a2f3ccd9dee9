#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""godwitctl spool export and import: a message read out, and a queue moved into another spool."""

import json
import os
import shutil
import unittest

from support.godwit import Godwit
from support.message import large_body, message
from support.scenario import main
from support.sending_host import SENDER, SendingHost

TO, OTHER = "user@xyz.example", "user@other.example"


class QueueMoves(SendingHost):
    def setUp(self):
        super().setUp()
        self.peer = self.mx("xyz.example", 10, "mx.xyz.example", 2, up=False)
        self.other = self.mx("other.example", 10, "mx.other.example", 3, up=False)
        self.start(delivery={"retry": {"first": "1h", "max": "1h"}})

    def spool(self, *words, spool=None, **options):
        return self.godwit.control("spool", *words, "--directory", spool or self.godwit.spool, **options)

    def attempted(self, identity, **fields):
        """Waits for the message's first attempt; behind a host that is known to be down it has none unless asked for."""
        if not self.godwit.events("deferred", id=identity, **fields):
            self.godwit.control("queue", "retry", identity)
            self.godwit.wait_event("deferred", id=identity, **fields)

    def test_a_message_is_read_out_beside_the_daemon(self):
        for body in (b"Hello\r\n", large_body(600_000)):
            identity, content = self.send(TO, message("exported", body=body))
            file = self.folder / f"{identity}.eml"
            self.spool("export", identity, "--output", file)
            self.assertTrue(file.read_bytes().endswith(content))
            raw = self.spool("export", identity, text=False).stdout
            self.assertEqual(raw, file.read_bytes())
            again = self.spool("export", identity, "--output", file, check=False)
            self.assertEqual(again.returncode, 1, "an existing file was written over")
        self.attempted(identity)
        shown = self.spool("export", identity, "--envelope").stdout
        for word in (identity, SENDER, TO, "efused"):
            self.assertIn(word, shown)
        self.assertEqual(self.spool("export", "0000000000000", check=False).returncode, 1)
        self.assertEqual(self.spool("export", "nonsense", check=False).returncode, 2)
        self.assertEqual(self.spool("export", "--to", self.folder / "x", check=False).returncode, 2)
        self.assertEqual(self.spool("export", check=False).returncode, 2)

    def test_a_queue_moves(self):
        sent = {}
        for number in range(40):
            content = message(f"move {number}", body=large_body(400_000 if number % 20 == 0 else 2000))
            identity, _ = self.send([TO, OTHER] if number % 4 == 0 else TO, content)
            sent[identity] = content
        held = min(sent)
        for identity in sent:
            self.attempted(identity, to=f"<{TO}>")
        self.godwit.control("queue", "hold", held)
        self.other.up()
        self.godwit.control("queue", "retry", "--all")
        self.other.wait(9)  # all but the held one
        self.wait_until(lambda: len(self.godwit.events("delivered")) == 9, "their outcome is known")
        self.assertEqual(self.godwit.stop(), 0)

        folder = self.folder / "export"
        self.assertIn("40 messages", self.spool("export", "--all", "--to", folder).stdout)
        self.assertEqual(len(list(folder.glob("*.envelope"))), 40)
        twice = json.loads(self.godwit.control("--json", "spool", "export", "--destination", "other.example", "--to",
                                               self.folder / "some", "--directory", self.godwit.spool).stdout)
        self.assertEqual(twice["exported"], 1, "the others of other.example have their copy")

        target = Godwit(self, "target", hostname="mail.abc.example", address=self.net.host(4), dns=self.dns,
                        domains={"abc.example": ["mod"]})
        target.spool.mkdir()
        damaged = sorted(folder.glob("*.eml"))[5]
        whole = damaged.read_bytes()
        damaged.write_bytes(whole.replace(b"Subject: move", b"Subject: MOVE"))
        first = self.spool("import", folder, spool=target.spool, check=False)
        self.assertEqual(first.returncode, 1)
        self.assertIn(f"{damaged.name} does not match its checksum", first.stderr)
        self.assertIn("39 messages", first.stdout)
        damaged.write_bytes(whole)
        second = self.spool("import", folder, spool=target.spool)
        self.assertIn("1 messages", second.stdout)  # what was taken is not taken again
        self.assertEqual(len(list(folder.glob("*.imported"))), 40)

        self.peer.up()
        target.start()
        self.assertEqual(target.queued(), 40)

        def all_listed():
            listed = target.control_json("queue", "list")["messages"]
            return listed if len(listed) == 40 else None

        queue = self.wait_until(all_listed, "the queue has been read")
        (still_held,) = [entry for entry in queue if entry["state"] == "held"]
        self.assertEqual(still_held["attempts"], 1)
        target.control("queue", "retry", "--all")
        target.control("queue", "release", still_held["id"])
        target.wait_empty_queue()
        for content in sent.values():
            self.assertEqual(sum(transaction.content.endswith(content) for transaction in self.peer.transactions), 1)
        self.assertEqual(len(self.other.transactions), 10, "a recipient that had its copy got another")

    def test_what_is_removed_is_in_the_export_and_nowhere_else(self):
        kept, _ = self.send(OTHER)
        moved = [self.send(TO, message(f"moved {number}", body=large_body(400_000)))[0] for number in range(3)]
        for identity in (kept, *moved):
            self.attempted(identity)
        folder = self.folder / "export"
        words = ("export", "--destination", "xyz.example", "--to", folder, "--remove")
        refused = self.spool(*words, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("not removed: another daemon", refused.stderr)
        self.assertEqual(self.godwit.stop(), 0)
        self.assertIn("3 are removed", self.spool(*words).stdout)
        self.assertEqual(sorted(path.stem for path in folder.glob("*.envelope")), sorted(moved))
        self.godwit.start()
        self.assertEqual(self.godwit.queued(), 1)
        listed = self.wait_until(lambda: self.godwit.control_json("queue", "list")["messages"], "the queue has been read")
        self.assertEqual([entry["id"] for entry in listed], [kept])
        self.assertEqual(list((self.godwit.spool / "large").iterdir()), [])

    def test_a_spool_in_use_takes_no_import(self):
        self.send(TO)
        folder = self.folder / "export"
        self.spool("export", "--all", "--to", folder)
        done = self.spool("import", folder, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("another daemon", done.stderr)
        self.assertEqual(len(list(folder.glob("*.envelope"))), 1)

    @unittest.skipUnless(os.getuid() == 0, "only root can act as somebody else")
    def test_root_leaves_files_of_the_spools_owner(self):
        self.send(TO)
        folder, spool = self.folder / "export", self.folder / "owned"
        self.spool("export", "--all", "--to", folder)
        spool.mkdir()
        self.folder.chmod(0o755)
        for path in (spool, folder, *folder.iterdir()):
            shutil.chown(path, "daemon", "daemon")
        self.spool("import", folder, spool=spool)
        owners = {path.owner() for path in spool.rglob("*")}
        self.assertEqual(owners, {"daemon"})


if __name__ == "__main__":
    main()
