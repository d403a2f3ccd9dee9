# SPDX-License-Identifier: Apache-2.0
"""Many who send mail at once to a daemon that is being killed, and remember what they were promised."""

import random
import threading

from .dialogue import Closed, Dialogue


class Sender(threading.Thread):
    """Sends one message after the other until told to stop.  Failures are expected; replies that make no sense are `wrong`.

    compose(self, mark) gives sender, recipients and content of the next message; then it pauses for up to `pause` seconds.
    """

    def __init__(self, address, number, compose, *, seed, pause):
        super().__init__(daemon=True)
        self.address, self.number, self.compose, self.pause = address, number, compose, pause
        self.random = random.Random(f"{seed} {number}")
        self.stop_event = threading.Event()
        self.count = 0
        self.acknowledged = {}   # mark → recipients
        self.unanswered = set()  # marks of messages that no reply came for
        self.wrong = []

    def run(self):
        while not self.stop_event.is_set():
            try:
                with Dialogue(self.address, timeout=10) as client:
                    while not self.stop_event.is_set():
                        self.one(client)
                        self.stop_event.wait(self.random.uniform(0, self.pause))
            except (OSError, Closed):
                self.stop_event.wait(0.05)  # it is being killed
            except AssertionError as error:
                self.wrong.append(str(error))

    def one(self, client):
        self.count += 1
        mark = f"load-{self.number}-{self.count}"
        sender, recipients, content = self.compose(self, mark)
        self.unanswered.add(mark)
        client.submit(sender, recipients, content)
        self.unanswered.discard(mark)
        self.acknowledged[mark] = recipients


class Senders:
    """`count` senders at work, from start() to stop()."""

    def __init__(self, case, address, count, compose, *, seed, pause=0.0, sender=Sender):
        self.case = case
        self.all = [sender(address, number, compose, seed=seed, pause=pause) for number in range(count)]

    def start(self):
        for sender in self.all:
            sender.start()
        return self

    def count(self):
        return sum(len(sender.acknowledged) for sender in self.all)

    def acknowledged(self):
        """Mark → recipients, of all; once they have stopped."""
        return {mark: recipients for sender in self.all for mark, recipients in sender.acknowledged.items()}

    def unanswered(self):
        return set().union(*(sender.unanswered for sender in self.all))

    def wait_for_more(self, count=1):
        """Until so many more messages are acknowledged."""
        enough = self.count() + count
        self.case.wait_until(lambda: self.count() >= enough, f"{count} more messages are acknowledged", 60)

    def stop(self):
        for sender in self.all:
            sender.stop_event.set()
        for sender in self.all:
            sender.join(30)
        self.case.assertEqual([error for sender in self.all for error in sender.wrong], [])
