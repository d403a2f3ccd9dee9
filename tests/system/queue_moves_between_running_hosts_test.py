#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""godwitctl spool import into a daemon that runs: a part of one host's queue goes out from another, and neither is stopped."""

import json
import socket

from support.godwit import Godwit
from support.message import large_body, message
from support.scenario import main
from support.sending_host import SendingHost

TO, OTHER, LATE = "user@xyz.example", "user@other.example", "user@late.example"


class QueueMovesBetweenRunningHosts(SendingHost):
    def setUp(self):
        super().setUp()
        self.peer = self.mx("xyz.example", 10, "mx.xyz.example", 2, up=False)
        self.other = self.mx("other.example", 10, "mx.other.example", 3)
        self.late = self.mx("late.example", 10, "mx.late.example", 5, up=False)
        self.start(delivery={"retry": {"first": "1h", "max": "1h"}})
        self.export = self.folder / "export"

    def target(self, **config):
        return Godwit(self, "target", hostname="mail2.abc.example", address=self.net.host(4), dns=self.dns,
                      domains={"abc.example": ["mod"]}, **config).start()

    def exported(self, count, size=2000):
        """So many messages to TO, held at the first host and exported; their bodies by id, as they are stored."""
        for number in range(count):
            self.send(TO, message(f"exported {number}", body=large_body(size)))
        self.take_out()
        return self.bodies()

    def take_out(self):
        """Moves what waits for xyz.example from the first host's queue into the folder."""
        self.godwit.control("queue", "hold", "--destination", "xyz.example")
        self.wait_until(lambda: self.godwit.status()["queue"]["active"] == 0, "nothing is in delivery")
        self.godwit.control("spool", "export", "--destination", "xyz.example", "--to", self.export, "--directory",
                            self.godwit.spool)
        self.godwit.control("queue", "delete", *self.waiting())

    def bodies(self):
        return {path.stem: path.read_bytes() for path in self.export.glob("*.eml")}

    def waiting(self):
        return sorted(path.stem for path in self.export.glob("*.envelope"))

    def bring(self, target, **options):
        return target.control("spool", "import", self.export, **options)

    def test_a_selection_goes_out_from_the_other_host(self):
        sent = []
        for number in range(24):
            sent.append(message(f"move {number}", body=large_body(700_000 if number % 8 == 0 else 3000)))
            self.send([TO, OTHER] if number % 3 == 0 else [TO, LATE] if number % 3 == 1 else TO, sent[-1])
        self.other.wait(8)
        self.wait_until(lambda: len(self.godwit.events("delivered", to=f"<{OTHER}>")) == 8, "their outcome is known")
        self.take_out()
        bodies = self.bodies()
        self.assertEqual(len(bodies), 24)
        self.godwit.wait_empty_queue()

        target = self.target()
        self.assertIn("24 messages", self.bring(target).stdout)
        self.assertEqual(self.waiting(), [])
        self.assertEqual({entry["state"] for entry in target.control_json("queue", "list")["messages"]}, {"held"})
        self.assertEqual(self.peer.transactions, [])
        self.peer.up()
        self.late.up()
        target.control("queue", "release", "--all")
        target.wait_empty_queue()
        self.assertEqual(sorted(transaction.content for transaction in self.peer.transactions), sorted(bodies.values()))
        self.assertEqual({tuple(transaction.recipients) for transaction in self.peer.transactions}, {(TO,)})
        self.assertEqual(len(self.other.transactions), 8, "a recipient that had its copy got another")
        self.assertEqual(len(self.late.transactions), 8)
        for content in sent:
            self.assertEqual(sum(transaction.content.endswith(content) for transaction in self.peer.transactions), 1)

    def test_an_import_repeated_makes_no_second_copy(self):
        self.exported(5)
        target = self.target()
        first = json.loads(target.control("--json", "spool", "import", self.export).stdout)
        self.assertEqual(len(first["imported"]), 5)
        for path in self.export.glob("*.imported"):
            path.rename(path.with_suffix(".envelope"))  # as if no answer had come
        second = json.loads(target.control("--json", "spool", "import", self.export).stdout)
        self.assertEqual(second, first)
        self.assertEqual(target.queued(), 5)
        self.assertEqual(self.waiting(), [])

    def test_the_answer_names_both_messages(self):
        ((identity, body),) = self.exported(1).items()
        envelope = (self.export / f"{identity}.envelope").read_bytes()
        target = self.target()
        first, again = (target.order(f"/v1/queue/import?envelope={len(envelope)}", envelope + body) for _ in range(2))
        ((id, held),) = [(entry["id"], entry["state"]) for entry in target.control_json("queue", "list")["messages"]]
        self.assertEqual(first, {"id": id, "from": identity, "again": False})
        self.assertEqual(again, {**first, "again": True})
        self.assertEqual(held, "held")

    def test_broken_files_are_named_and_lose_nothing(self):
        bodies = self.exported(6, size=400_000)
        flipped, cut, longer, misnamed, sound, gone = sorted(bodies)
        envelope = (self.export / f"{misnamed}.envelope").read_bytes()
        (self.export / f"{flipped}.eml").write_bytes(bodies[flipped].replace(b"Subject: e", b"Subject: E"))
        (self.export / f"{cut}.eml").write_bytes(bodies[cut][:-1])
        (self.export / f"{longer}.eml").write_bytes(bodies[longer] + b"more\r\n")
        (self.export / f"{misnamed}.envelope").write_bytes(envelope.replace(b"Body-Size", b"Body-size"))
        (self.export / f"{gone}.eml").unlink()
        target = self.target()
        done = self.bring(target, check=False)
        self.assertEqual(done.returncode, 1)
        for identity, words in ((flipped, "checksum"), (cut, "size"), (longer, "size"), (misnamed, "checksum"), (gone, "No such")):
            (line,) = [line for line in done.stderr.splitlines() if line.startswith(f"godwitctl: {identity}: ")]
            self.assertIn(words, line)
        self.assertIn("1 messages", done.stdout)
        self.assertEqual(self.waiting(), sorted(set(bodies) - {sound}))
        self.assertEqual(target.queued(), 1)

        for identity, body in bodies.items():
            (self.export / f"{identity}.eml").write_bytes(body)
        (self.export / f"{misnamed}.envelope").write_bytes(envelope)
        self.assertIn("5 messages", self.bring(target).stdout)
        self.assertEqual(target.queued(), 6)
        self.wait_until(lambda: len(list((target.spool / "large").iterdir())) == 6, "nothing is left of what was refused")

    def test_what_breaks_off_leaves_nothing(self):
        ((identity, body),) = self.exported(1, size=900_000).items()
        envelope = (self.export / f"{identity}.envelope").read_bytes()
        target = self.target()
        head = (f"POST /v1/queue/import?envelope={len(envelope)} HTTP/1.1\r\n"
                f"Content-Length: {len(envelope) + len(body)}\r\n\r\n").encode()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(target.control_socket))
            client.sendall(head + envelope + body[:500_000])
            self.wait_until(lambda: list((target.spool / "large").iterdir()), "the message is on its way to the disk")
        self.wait_until(lambda: not list((target.spool / "large").iterdir()), "nothing is left of it")
        self.assertEqual(target.queued(), 0)
        self.assertIn("1 messages", self.bring(target).stdout)
        self.assertEqual(target.queued(), 1)

    def test_the_daemons_limits_hold(self):
        self.exported(1, size=17 << 20)  # above it by more than our own mail may be
        small = self.target(limits={"message_size": "100KiB"})
        done = self.bring(small, check=False)
        self.assertEqual((done.returncode, done.stderr.count("larger than limits.message_size")), (1, 1), done.stderr)
        self.assertEqual(len(self.waiting()), 1)

    def test_a_full_disk_ends_the_import(self):
        self.exported(3)
        full = self.target(spool={"min_free": "16TiB"})
        done = self.bring(full, check=False)
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)
        self.assertEqual(len(self.waiting()), 3)

    def test_without_a_daemon_nothing_is_taken(self):
        self.exported(2)
        target = self.target()
        target.stop()
        done = self.bring(target, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("control.sock", done.stderr)
        self.assertEqual(len(self.waiting()), 2)


if __name__ == "__main__":
    main()
