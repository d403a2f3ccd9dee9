# SPDX-License-Identifier: Apache-2.0
"""Plays conversations with one server and notes what it answers, by codes alone: `250 2.1.0`, `closed`."""

import itertools
import re
import socket
import ssl

from support.dialogue import Closed, Dialogue
from support.scenario import MX_PORT, SUBMISSION_PORT

from .conversation import TO_THE_END

CLOSED = "closed"
MOST_REPLIES = 1000


class AnyBytes(Dialogue):
    encoding = "latin-1"  # Postfix repeats what it was sent


class Player:
    """`context` trusts the server's certificate."""

    def __init__(self, address, source, trusted_source, context):
        self.address, self.sources, self.context = address, {False: source, True: trusted_source}, context

    def play(self, conversation):
        """One outcome for each step, up to the one at which the server closed."""
        port = SUBMISSION_PORT if conversation.submission else MX_PORT
        outcomes = []
        with AnyBytes(self.address, port, source=self.sources[conversation.trusted], greeting=None, timeout=30) as client:
            if not conversation.early:
                client.expect("220")
            for step in conversation.steps:
                outcomes.append(self._perform(client, step, conversation))
                if outcomes[-1].endswith(CLOSED):
                    break
        return outcomes

    def _perform(self, client, step, conversation):
        replies = []
        try:
            while len(replies) < step.times and replies[-1:] != [CLOSED]:
                send(client, step)
                replies += read(client, step)
        except TimeoutError:
            raise AssertionError(f"{self.address}: {conversation.name}: {step.label}: no reply, or no end of the connection") from None
        if step.keywords and replies:
            return keywords(replies[0])
        if conversation.early and replies[0].startswith("220"):
            del replies[0]  # Postfix greets or not, by what it happens to see first
        outcome = shortened([codes(reply) for reply in replies])
        if step.must and not outcome.startswith(step.must):
            raise AssertionError(f"{self.address}: {conversation.name}: {step.label}: {replies}")
        if step.tls and outcome.startswith("220"):
            outcome += ", " + self._handshake(client)
        return outcome

    def _handshake(self, client):
        try:
            client.socket = self.context.wrap_socket(client.socket, server_hostname=self.address)
        except (ssl.SSLError, ConnectionError):
            return "no TLS, " + CLOSED
        return "TLS"


def send(client, step):
    try:
        client.send(step.data)
        if step.half_close:
            client.socket.shutdown(socket.SHUT_WR)
    except ConnectionError:
        pass  # it closed in the middle; what it said before can still be read


def read(client, step):
    """The replies that the step asks for; less, and CLOSED, where the server closes."""
    wanted = MOST_REPLIES if step.replies is TO_THE_END else step.replies
    try:
        for _ in range(wanted):
            yield client.reply()
    except (Closed, ConnectionError):
        yield CLOSED


def codes(reply):
    """The reply code and, where there is one, the enhanced code of the last line."""
    return re.match(r"\d{3}(?=[ -])( \d\.\d+\.\d+(?= ))?|" + CLOSED, reply.splitlines()[-1])[0]


def keywords(reply):
    """What EHLO offers, without the values."""
    first, *others = reply.splitlines()
    words = [line[4:].replace(" ", "=") if line[4:8] == "AUTH" else line[4:].split()[0] for line in others]
    return " ".join([first[:3], *sorted(words)])


def shortened(outcomes):
    groups = [(outcome, len(list(group))) for outcome, group in itertools.groupby(outcomes)]
    return ", ".join(outcome if count == 1 else f"{count} × {outcome}" for outcome, count in groups)
