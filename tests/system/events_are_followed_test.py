#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""GET /v1/events: the events of messages as they happen, also to who reads slowly."""

import json
import queue
import subprocess
import threading

from support.godwit import ControlConnection
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import BIN, kill_after, main


class EventStream:
    """Server-sent events, read by a thread; next() gives (name, data)."""

    def __init__(self, case, godwit, query=""):
        self.events = queue.Queue()
        self.connection = ControlConnection(godwit.control_socket)
        case.addCleanup(self.connection.close)
        self.connection.request("GET", "/v1/events" + query)
        self.answer = self.connection.getresponse()
        if self.answer.status == 200:
            threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        name = None
        try:
            for line in self.answer:
                word, _, value = line.decode().rstrip("\n").partition(": ")
                if word == "event":
                    name = value
                elif word == "data":
                    self.events.put((name, json.loads(value)))
        except (OSError, ValueError, AttributeError):
            pass
        self.events.put(("end", None))

    def next(self):
        return self.events.get(timeout=20)


class EventsAreFollowed(ReceivingHost):
    def test_a_message_is_followed_from_acceptance_to_delivery(self):
        self.start()
        stream = EventStream(self, self.godwit)
        self.assertEqual(stream.answer.getheader("Content-Type"), "text/event-stream")
        self.send()
        seen = []
        while not seen or seen[-1][0] != "delivered":
            seen.append(stream.next())
        self.assertEqual(seen[0][0], "accepted")
        self.assertEqual(seen[0][1]["from"], f"<{SENDER}>")
        self.assertEqual(seen[-1][1]["to"], f"<{TO}>")
        self.assertEqual(len({data["id"] for _, data in seen}), 1)
        # As the log has it, and its schema.
        logged = self.godwit.wait_event("delivered")
        self.assertEqual({**seen[-1][1], "time": None}, {**logged, "time": None})

    def test_a_name_selects(self):
        self.start()
        stream = EventStream(self, self.godwit, "?outcome=delivered")
        self.send()
        self.assertEqual(stream.next()[0], "delivered")

    def test_too_many_listeners_are_turned_away(self):
        self.start()
        streams = [EventStream(self, self.godwit) for _ in range(16)]
        self.assertEqual({stream.answer.status for stream in streams}, {200})
        self.assertEqual(EventStream(self, self.godwit).answer.status, 503)
        self.assertTrue(self.godwit.status()["healthy"])

    def test_godwitctl_prints_a_line_an_event(self):
        self.start()
        with open(self.folder / "events.txt", "w") as out:
            process = subprocess.Popen([BIN / "godwitctl", "--socket", self.godwit.control_socket, "events"], stdout=out)
        kill_after(self, process, "godwitctl")

        def told():
            # Not before godwitctl listens.
            self.send()
            return "  delivered " in (self.folder / "events.txt").read_text()

        self.wait_until(told, "godwitctl prints a delivery")
        self.assertIn(f"to=<{TO}>", (self.folder / "events.txt").read_text())
        self.assertEqual(self.godwit.stop(), 0)
        self.assertEqual(process.wait(20), 0)

    def test_a_stop_ends_the_stream(self):
        self.start()
        stream = EventStream(self, self.godwit)
        self.assertEqual(self.godwit.stop(), 0)
        self.assertEqual(stream.next()[0], "end")


if __name__ == "__main__":
    main()
