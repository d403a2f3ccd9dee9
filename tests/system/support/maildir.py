# SPDX-License-Identifier: Apache-2.0
"""Reads a Maildir the way an IMAP server does."""

from .scenario import wait_until

# Headers that the way through a host prepends, from the top.
TRACE = {b"return-path", b"delivered-to", b"received", b"x-original-to", b"authentication-results"}


class Delivered:
    """One stored message.  `content` is what was sent, with CRLF line ends; `trace` the headers prepended on the way."""

    def __init__(self, path):
        self.path = path
        self.raw = path.read_bytes()
        wire = self.raw if b"\r\n" in self.raw else self.raw.replace(b"\n", b"\r\n")
        self.trace, self.content = [], wire
        while True:
            name = self.content.split(b":", 1)[0].lower()
            if name not in TRACE:
                break
            end = self.content.find(b"\r\n")
            while self.content[end + 2:end + 3] in (b" ", b"\t"):
                end = self.content.find(b"\r\n", end + 2)
            self.trace.append(self.content[:end].decode("ascii", "replace"))
            self.content = self.content[end + 2:]

    def header(self, name):
        """Values of a trace header, from the top."""
        return [line.split(":", 1)[1].strip() for line in self.trace if line.lower().startswith(name.lower() + ":")]


class Maildir:
    def __init__(self, path):
        self.path = path

    def files(self):
        new = self.path / "new"
        return sorted(path for path in new.iterdir() if path.is_file()) if new.is_dir() else []

    def messages(self):
        return [Delivered(path) for path in self.files()]

    def count(self):
        return len(self.files())

    def wait(self, count=1, timeout=20):
        """The messages, once there are `count` of them."""
        wait_until(lambda: self.count() >= count, f"{count} messages in {self.path.name}", timeout)
        return self.messages()
