# SPDX-License-Identifier: Apache-2.0
"""An SMTP client that says exactly what it is told to, byte by byte."""

import re
import socket

from .message import dot_stuffed
from .scenario import MX_PORT, PATIENCE


class Closed(Exception):
    """The peer closed or reset the connection where a reply was awaited."""


class Dialogue:
    """One connection.  say() sends a line and returns the reply, as text with lines parted by newlines."""

    encoding = "ascii"  # of replies; others do not pass

    def __init__(self, address, port=MX_PORT, *, source=None, timeout=20, context=None, greeting="220", server_hostname=None):
        self.socket = socket.create_connection((address, port), timeout * PATIENCE, source_address=(source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = b""
        if context:
            self.socket = context.wrap_socket(self.socket, server_hostname=server_hostname or address)
        self.greeting = self.expect(greeting) if greeting else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data)

    def line(self):
        while b"\n" not in self.pending:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                raise Closed(f"closed after {self.pending!r}")
            self.pending += data
        line, self.pending = self.pending.split(b"\n", 1)
        if not line.endswith(b"\r"):
            raise AssertionError(f"reply line without CRLF: {line!r}")
        return line[:-1].decode(self.encoding)

    def reply(self):
        lines = [self.line()]
        while lines[-1][3:4] == "-":
            lines.append(self.line())
        return "\n".join(lines)

    def expect(self, pattern):
        """The next reply; it must match the regular expression from its beginning."""
        reply = self.reply()
        if not re.match(pattern, reply):
            raise AssertionError(f"expected {pattern!r}, got {reply!r}")
        return reply

    def say(self, line, pattern=None):
        """Sends one line (str or bytes, without its CRLF); the reply must match `pattern`."""
        self.send((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return self.expect(pattern) if pattern else self.reply()

    def starttls(self, context, server_hostname):
        self.say("STARTTLS", "220")
        self.socket = context.wrap_socket(self.socket, server_hostname=server_hostname)

    def envelope(self, sender, *recipients, hello="EHLO client.abc.example"):
        if hello:
            self.say(hello, "250")
        self.say(f"MAIL FROM:<{sender}>", "250")
        for recipient in recipients:
            self.say(f"RCPT TO:<{recipient}>", "250")

    def data(self, content, pattern="250"):
        """DATA, the content dot-stuffed, and the reply to the final dot."""
        self.say("DATA", "354")
        self.send(dot_stuffed(content))
        return self.expect(pattern)

    def submit(self, sender, recipients, content, **options):
        """A whole transaction; the id under which the message was queued."""
        self.envelope(sender, *([recipients] if isinstance(recipients, str) else recipients), **options)
        return queued_id(self.data(content))

    def quit(self):
        self.say("QUIT", "221")
        self.expect_close()

    def expect_close(self):
        """The peer says no more and closes."""
        try:
            extra = self.line()
        except (Closed, ConnectionError):
            return
        raise AssertionError(f"expected the connection to close, got {extra!r}")

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


def queued_id(reply):
    """The 13 characters of `250 2.0.0 Ok: queued as 06ZQ3W8K1M4TR`."""
    match = re.fullmatch(r"250 2\.0\.0 Ok: queued as ([0-9A-HJKMNP-TV-Z]{13})", reply)
    if not match:
        raise AssertionError(f"no queue id in {reply!r}")
    return match.group(1)


def send(address, sender, recipients, content, port=MX_PORT, **options):
    """Connects, hands over one message, quits; its queue id."""
    with Dialogue(address, port, **options) as client:
        identity = client.submit(sender, recipients, content)
        client.quit()
        return identity
