# SPDX-License-Identifier: Apache-2.0
"""Messages, as the bytes between DATA and the final dot."""

import itertools

_numbers = itertools.count(1)


def message(subject="Hello", *, sender="mod@abc.example", to="somchai@xyz.example", body="Hello World\r\n", headers=()):
    """A small message with CRLF line ends; every one has a Message-ID of its own."""
    lines = [f"From: <{sender}>", f"To: <{to}>", f"Subject: {subject}", "Date: Mon, 02 Nov 2026 08:00:00 +0000",
             f"Message-ID: <{next(_numbers)}.{abs(hash(subject)):x}@abc.example>", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body if isinstance(body, bytes) else body.encode())


def large_body(size):
    """`size` octets in lines of many lengths, some of them beginning with dots."""
    lines, total, number = [], 0, 0
    while total < size:
        line = b"%s%08d %s\r\n" % (b"." * (number % 4), number, b"0123456789abcdef" * (number % 50))
        lines.append(line[:max(size - total - 2, 0)] + b"\r\n" if total + len(line) > size else line)
        total += len(lines[-1])
        number += 1
    return b"".join(lines)


def dot_stuffed(content):
    """As DATA wants it, with the final dot."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return (b"." + stuffed if stuffed.startswith(b".") else stuffed) + b".\r\n"
