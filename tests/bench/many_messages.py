#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole daemon with a million waiting messages: its memory, its restart, and what mass operations do to those who send mail.

    tests/bench/many_messages.py [MESSAGES]        default 1000000; takes about 6 GB of disk and ten minutes

The messages wait for a next hop that is down.  Meanwhile one sender hands over message after message for a mailbox
(discarded), and the time from the final dot to the 250 is what counts.
"""

import json
import pathlib
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from support.dialogue import Dialogue  # noqa: E402
from support.godwit import Godwit  # noqa: E402
from support.message import dot_stuffed, message  # noqa: E402
from support.programs import smtp_source  # noqa: E402
from support.scenario import BIN, MX_PORT, Scenario, wait_until  # noqa: E402

SIZE = 4096
QUIET_SECONDS = 15
NEWS = "news@abc.example"


class Letters(threading.Thread):
    """Hands over letters one after the other until it is stopped; the seconds that each took."""

    def __init__(self, address):
        super().__init__()
        self.client, self.seconds, self.ended = Dialogue(address), [], threading.Event()

    def run(self):
        content = dot_stuffed(message(body="x" * 76 + "\r\n"))
        self.client.say("EHLO letters.example", "250")
        while not self.ended.is_set():
            self.client.send(b"MAIL FROM:<letters@abc.example>\r\nRCPT TO:<a@drop.example>\r\nDATA\r\n")
            for expected in ("250", "250", "354"):
                self.client.expect(expected)
            began = time.monotonic()
            self.client.send(content)
            self.client.expect("250")
            self.seconds.append(time.monotonic() - began)

    def stop(self):
        self.ended.set()
        self.join()
        self.client.close()
        return sorted(self.seconds)


def tell(what, seconds, took):
    at = lambda part: seconds[min(len(seconds) - 1, int(len(seconds) * part))] * 1000  # noqa: E731
    print(f"{what:34} {took:8.2f} s   {len(seconds):6} letters   p50 {at(0.5):7.2f} ms   p99 {at(0.99):7.2f} ms", flush=True)


class ManyMessages(Scenario):
    count = 1_000_000

    def measured(self, what, work):
        letters = Letters(self.godwit.address)
        letters.start()
        began = time.monotonic()
        try:
            result = work()
            took = time.monotonic() - began
        finally:
            seconds = letters.stop()
        tell(what, seconds, took)
        return result

    def memory(self):
        with open(f"/proc/{self.godwit.process.pid}/status") as status:
            fields = dict(line.split(":", 1) for line in status)
        return int(fields["VmRSS"].split()[0]) * 1024

    def waiting(self):
        queue = self.godwit.status()["queue"]
        return sum(queue[state] for state in ("waiting", "due", "active", "held"))

    def fill(self):
        began = time.monotonic()
        for sender, part in ((NEWS, self.count // 2), ("other@abc.example", self.count - self.count // 2)):
            smtp_source(self, self.godwit.address, "-s", "20", "-d", "-m", part, "-l", SIZE, "-f", sender, "-t", "a@busy.example",
                        timeout=3600)
        took = time.monotonic() - began
        print(f"{'accepted':34} {took:8.2f} s   {self.count / took:8.0f} messages/s", flush=True)

    def queue(self, *words, times=1):
        def run():
            for _ in range(times):
                done = subprocess.run([BIN / "godwitctl", "--socket", self.godwit.control_socket, "--json", "queue", *words],
                                      stdout=subprocess.PIPE, check=True)
            return json.loads(done.stdout)

        return self.measured("queue " + " ".join(words), run)

    def test_many_messages(self):
        self.godwit = Godwit(self, hostname="mail.xyz.example", address=self.net.host(1),
                             routes=[{"domains": ["*"], "next_hop": f"[{self.net.host(9)}]:{MX_PORT}"}],
                             delivery={"retry": {"first": "4h", "max": "4h"}}, spool={"segment_size": "64MiB"},
                             log={"level": "warn", "format": "text"})
        for domain in ("drop.example", "abc.example"):  # the letters; reports to the senders of the others
            self.godwit.config["domains"][domain] = {"deliver": "discard:", "recipients": "any"}
        self.godwit.start()
        empty = self.memory()
        self.fill()
        print(f"{'memory a message, as accepted':34} {(self.memory() - empty) / self.count:8.0f} bytes", flush=True)
        self.godwit.stop(timeout=120)
        began = time.monotonic()
        self.godwit.start()
        wait_until(lambda: self.waiting() >= self.count, "all are queued", timeout=120)
        print(f"{'restart until all are queued':34} {time.monotonic() - began:8.2f} s", flush=True)
        print(f"{'memory a message, after it':34} {(self.memory() - empty) / self.count:8.0f} bytes", flush=True)
        self.measured("nothing beside it", lambda: time.sleep(QUIET_SECONDS))
        half = self.count // 2
        self.assertEqual(len(self.queue("list", "--sender", NEWS, "--limit", "1000", times=8)["messages"]), min(1000, half))
        self.assertEqual(self.queue("list", "--sender", "nobody@abc.example", times=8)["messages"], [])
        self.assertEqual(self.queue("hold", "--sender", NEWS)["count"], half)
        self.measured("nothing beside it", lambda: time.sleep(QUIET_SECONDS))
        self.assertEqual(self.queue("release", "--state", "held")["count"], half)
        self.queue("retry", "--destination", "busy.example")
        self.assertEqual(self.queue("delete", "--sender", NEWS)["count"], half)
        self.assertEqual(self.queue("bounce", "--sender", "other@*", "--recipient", "nobody@busy.example")["count"], 0)
        self.assertEqual(self.queue("bounce", "--sender", "other@*", "--limit", str(self.count // 10))["count"], self.count // 10)
        self.measured("nothing beside it", lambda: time.sleep(QUIET_SECONDS))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        ManyMessages.count = int(sys.argv.pop())
    unittest.main()
