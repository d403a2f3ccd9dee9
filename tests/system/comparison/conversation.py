# SPDX-License-Identifier: Apache-2.0
"""What is said to both servers: conversations, made of steps that are bytes and the replies they should get."""

import dataclasses

TO_THE_END = None  # in place of a number of replies: all of them, until the server closes


@dataclasses.dataclass(frozen=True)
class Step:
    """`label` names it within its conversation.  `must`: what both have to answer, or the conversation would show nothing."""

    label: str
    data: bytes
    replies: int = 1
    times: int = 1          # sent again after each reply
    must: str = ""
    half_close: bool = False  # the client says that it will send no more
    tls: bool = False       # a handshake follows a 220
    keywords: bool = False  # the words of all lines of the reply count


@dataclasses.dataclass(frozen=True)
class Conversation:
    name: str
    steps: tuple
    submission: bool = False  # on the port for submission
    trusted: bool = False     # from an address that may relay
    early: bool = False       # the first step does not wait for the greeting

    def __post_init__(self):
        labels = [step.label for step in self.steps]
        assert len(set(labels)) == len(labels), f"{self.name}: two steps have one label"


@dataclasses.dataclass(frozen=True, eq=False)
class Theme:
    title: str
    conversations: tuple

    def __post_init__(self):
        names = [conversation.name for conversation in self.conversations]
        assert len(set(names)) == len(names), f"{self.title}: two conversations have one name"


# ---- steps -----------------------------------------------------------------------------------------------------------


def printable(data):
    """Bytes as a reader of the document sees them; long runs are shortened."""
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else {10: "\\n", 13: "\\r", 9: "\\t"}.get(byte, f"\\x{byte:02x}") for byte in data)
    return text if len(text) <= 72 else f"{text[:40]}... ({len(data)} octets)"


def line(text, label=None):
    """One line; its CR LF is added, its label is itself."""
    data = text.encode() if isinstance(text, str) else text
    return Step(label or printable(data), data + b"\r\n")


def raw(label, data, replies=1):
    """Bytes as they are, that get so many replies."""
    return Step(label, data, replies)


def again_and_again(label, text, times):
    """A line, sent so often, each time after the reply."""
    return Step(label, text.encode() + b"\r\n", times=times)


def to_the_end(label, data):
    """Bytes as they are, then QUIT; every reply up to the end of the connection."""
    return Step(label, data + b"QUIT\r\n", TO_THE_END)


def the_last(label, data):
    """As to_the_end, of a client that does not say QUIT but closes its sending side."""
    return Step(label, data, TO_THE_END, half_close=True)


def starttls(label="STARTTLS", behind=b""):
    """With bytes behind it in the same packet, that came before the handshake."""
    return Step(label, b"STARTTLS\r\n" + behind, tls=True)


def needed(text, reply="250"):
    step = line(text)
    return dataclasses.replace(step, label=f"({step.label})", must=reply)


HELLO = needed("EHLO client.abc.example")
MAIL = needed("MAIL FROM:<mod@abc.example>")
RCPT = needed("RCPT TO:<somchai@xyz.example>")
DATA = needed("DATA", "354")


# ---- conversations ---------------------------------------------------------------------------------------------------


def _steps(steps):
    return tuple(step if isinstance(step, Step) else line(step) for step in steps)


def fresh(name, *steps, **options):
    """Begins after the greeting.  Strings and bytes are lines."""
    return Conversation(name, _steps(steps), **options)


def greeted(name, *steps, **options):
    return Conversation(name, (HELLO, *_steps(steps)), **options)


def with_sender(name, *steps, **options):
    return Conversation(name, (HELLO, MAIL, *_steps(steps)), **options)


def with_recipient(name, *steps, **options):
    return Conversation(name, (HELLO, MAIL, RCPT, *_steps(steps)), **options)


def in_data(name, *steps, **options):
    return Conversation(name, (HELLO, MAIL, RCPT, DATA, *_steps(steps)), **options)
