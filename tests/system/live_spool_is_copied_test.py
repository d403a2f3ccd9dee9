#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A file-level copy of a live spool, made as docs/operations.md says: a daemon started on it has every message acknowledged before."""

import pathlib
import re
import shutil
import threading
import time

from support.dialogue import Dialogue
from support.godwit import Godwit
from support.message import large_body, message
from support.scenario import main
from support.sending_host import SENDER, SendingHost

TO = "user@xyz.example"
MARK = re.compile(rb"^Subject: (copied-\d+)\r$", re.M)
OPERATIONS = pathlib.Path(__file__).parents[2] / "docs" / "operations.md"


def recipe():
    """The commands of the documentation, but for the check, which is run apart."""
    text = OPERATIONS.read_text()
    lines = re.search(r"\n((?: {6}.*\n)+)", text[text.index("A copy of the files of a live spool"):]).group(1)
    return "\n".join(line for line in lines.splitlines() if "spool check" not in line)


class LiveSpoolIsCopied(SendingHost):
    def load(self, stop):
        number = 0
        with Dialogue(self.godwit.address) as client:
            while not stop.is_set():
                number += 1
                mark = f"copied-{number}"
                size = 300_000 if number % 15 == 0 else 4000
                # Half of them are delivered at once: done records, and segments that go.
                client.submit(SENDER, TO if number % 2 else "other@gone.example", message(mark, body=large_body(size)))
                if number % 2:
                    self.acknowledged.append(mark)

    def test_nothing_acknowledged_before_is_missing(self):
        self.acknowledged = []
        peer = self.mx("xyz.example", 10, "mx.xyz.example", 2, up=False)
        self.mx("gone.example", 10, "mx.gone.example", 3)
        self.start(spool={"segment_size": "1MiB"})
        stop = threading.Event()
        sender = threading.Thread(target=self.load, args=(stop,))
        sender.start()
        copy = self.folder / "copy" / "spool"
        try:
            self.wait_until(lambda: len(self.acknowledged) > 200, "a load", 60)
            before = list(self.acknowledged)
            script = recipe().replace("/var/spool/godwit", str(self.godwit.spool))
            self.run_program("bash", "-c", script, env={"PATH": "/usr/bin:/bin", "COPY": str(copy)}, timeout=60)
        finally:
            time.sleep(0.1)
            stop.set()
            sender.join(30)
        self.assertGreater(len(self.acknowledged), len(before), "there was no load while it was copied")
        self.assertEqual(self.godwit.stop(), 0)

        restored = Godwit(self, "restored", hostname="mail.abc.example", address=self.net.host(1), dns=self.dns,
                          domains={"abc.example": ["mod"]})
        shutil.move(copy, restored.spool)
        peer.up()
        restored.start()
        restored.wait_empty_queue(60)
        arrived = {MARK.search(transaction.content).group(1).decode() for transaction in peer.transactions}
        self.assertEqual([mark for mark in before if mark not in arrived], [])


if __name__ == "__main__":
    main()
