# SPDX-License-Identifier: Apache-2.0
"""Clients that shall notice nothing of a restart: one that cannot connect, or is dropped before a greeting or without a 421, says what
happened to it."""

import collections
import itertools

from .dialogue import Closed, Dialogue
from .message import message
from .scenario import MX_PORT
from .senders import Sender, Senders


class Guest(Sender):
    """Every other one comes anew for each message; the rest stay as long as they may."""

    port = MX_PORT
    may_be_dropped = False  # in a session, as by a crash

    def run(self):
        self.turned_away = 0  # with a 421
        while not self.stop_event.is_set():
            try:
                client = self.enter()
            except OSError as error:
                self.wrong.append(f"no connection: {error}")
                self.stop_event.wait(0.05)
                continue
            with client:
                self.visit(client)

    def enter(self):
        return Dialogue(self.address, self.port, greeting=None, timeout=30)

    def visit(self, client):
        try:
            greeting = client.reply()
        except (OSError, Closed) as error:
            self.wrong.append(f"no greeting: {error!r}")
            return
        try:
            if self.bids_farewell(greeting):
                return
            while not self.stop_event.is_set():
                self.one(client)
                self.stop_event.wait(self.random.uniform(0, self.pause))
                if self.number % 2:
                    client.say("QUIT")
                    return
        except AssertionError as error:
            if "got '421" not in str(error):
                self.wrong.append(str(error))
            self.turned_away += 1
        except (OSError, Closed) as error:
            self.hear_why(client, error)

    def hear_why(self, client, error):
        """The 421 may have come while we were speaking."""
        try:
            farewell = client.reply()
        except (OSError, Closed):
            farewell = ""
        if not self.bids_farewell(farewell) and not self.may_be_dropped:
            self.wrong.append(f"dropped: {error!r} {farewell!r}")

    def bids_farewell(self, reply):
        leaving = reply.startswith("421 ")
        self.turned_away += leaving
        return leaving


class Guests(Senders):
    """So many of them, at work from the beginning.  The subjects of their mail are theirs alone."""

    _visits = itertools.count(1)

    def __init__(self, case, address, recipient, *, count=8, guest=Guest, pause=0.0):
        visit = next(self._visits)

        def compose(_, mark):
            return "guest@abc.example", recipient, message(self.subject(mark))

        self.subject = lambda mark: f"visit-{visit}-{mark}"
        super().__init__(case, address, count, compose, seed=visit, pause=pause, sender=guest)
        self.start()

    def leave(self, delivered):
        """They stop, and all that was acknowledged to them comes into delivered(), subjects of mail; those that came twice."""
        self.stop()
        sent = {self.subject(mark) for mark in self.acknowledged()}
        self.case.wait_until(lambda: sent <= set(delivered()), "all that was acknowledged is delivered", 60)
        return [subject for subject, times in collections.Counter(delivered()).items() if subject in sent and times > 1]
