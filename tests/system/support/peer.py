# SPDX-License-Identifier: Apache-2.0
"""A remote SMTP server that answers as scripted: any reply at any stage, drops, stalls, a firewall's masks."""

import itertools
import re
import socket
import threading

from .scenario import MX_PORT, wait_until

DROP = object()   # close the connection instead of replying
STALL = object()  # never reply


class Transaction:
    """What one message arrived with."""

    def __init__(self, hello, tls):
        self.hello, self.tls = hello, tls
        self.sender, self.recipients, self.content = None, [], b""
        self.mail_line = ""
        self.answered = False  # the final reply was sent


class ScriptedPeer:
    """Listens on `host`:MX_PORT and takes mail as any server does, but for what `script` says.

    Script keys are stages: banner, EHLO, HELO, STARTTLS, handshake (bytes in its place), "EHLO under TLS", AUTH, MAIL, RCPT, DATA,
    body (in its middle), dot, QUIT, and LHLO of a store (`lmtp`); "RCPT:user@domain" for one recipient.  A value is a reply
    line, DROP, STALL, or a list of such, one for each time (the last one stays).  `capabilities` are EHLO lines, and
    `under_tls` those that come with TLS.  `handshake` False answers STARTTLS with 220 and then with bytes that are no TLS.
    """

    family = socket.AF_INET

    def __init__(self, case, host, name=None, *, script=None, capabilities=("PIPELINING", "8BITMIME", "SIZE 100000000"),
                 certificate=None, handshake=True, port=MX_PORT, up=True, under_tls=(), lmtp=False):
        self.address = case.net.host(host) if isinstance(host, int) else host
        self.name = name or f"host-{self.address}"
        self.port, self.handshake, self.under_tls, self.lmtp = port, handshake, under_tls, lmtp
        self.script = {stage: itertools.chain(value, itertools.repeat(value[-1])) if isinstance(value, list)
                       else itertools.repeat(value) for stage, value in (script or {}).items()}
        self.capabilities = list(capabilities) + (["STARTTLS"] if certificate else [])
        self.context = certificate.server_context() if certificate else None
        self.lock = threading.Lock()
        self.transactions = []   # accepted messages
        self.commands = []       # every command line, of all connections
        self.connections = 0
        self.clients = []        # the address of each connection
        self.connected = []      # one word list per connection: its commands
        self.open_sockets = set()
        self.listener = None
        self.closing = threading.Event()
        case.addCleanup(self.down)
        if up:
            self.up()

    def up(self):
        self.closing.clear()
        self.listener = socket.socket(self.family)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((self.address, self.port))
        self.listener.listen(100)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()
        return self

    def down(self):
        self.closing.set()
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        with self.lock:
            for peer in self.open_sockets:
                try:
                    peer.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def wait(self, count=1, timeout=20):
        """The accepted messages, once there are `count`."""
        wait_until(lambda: len(self.transactions) >= count, f"{count} messages at {self.name}", timeout)
        return self.transactions

    # ---- one connection -------------------------------------------------------------------------------------------

    def _accept(self, listener):
        while True:
            try:
                peer, client = listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.clients.append(client[0])
                self.connected.append([])
                commands = self.connected[-1]
                self.open_sockets.add(peer)
            threading.Thread(target=self._serve, args=(peer, commands), daemon=True).start()

    def _serve(self, peer, commands):
        connection = Connection(self, peer, commands)
        try:
            connection.run()
        except (OSError, EOFError):
            pass
        finally:
            with self.lock:
                self.open_sockets.discard(peer)
            connection.socket.close()
            peer.close()

    def scripted(self, stage, usual):
        with self.lock:
            replies = self.script.get(stage)
            return next(replies) if replies else usual


class Connection:
    def __init__(self, server, peer, commands):
        self.server, self.socket, self.commands = server, peer, commands
        self.input = peer.makefile("rb")
        self.tls = False
        self.current = Transaction(None, False)

    def answer(self, stage, usual):
        """Sends the scripted or usual reply; its first digit."""
        reply = self.server.scripted(stage, usual)
        if reply is DROP:
            raise EOFError
        if reply is STALL:
            self.server.closing.wait()
            raise EOFError
        self.socket.sendall(reply.encode() + b"\r\n")
        return reply[0]

    def run(self):
        if self.answer("banner", f"220 {self.server.name} ESMTP scripted") != "2":
            self.input.readline()
            return
        while True:
            line = self.input.readline()
            if not line:
                return
            line = line.rstrip(b"\r\n").decode("latin-1")
            self.commands.append(line)
            with self.server.lock:
                self.server.commands.append(line)
            if self.command(line.split(" ", 1)[0].upper(), line):
                return

    def command(self, verb, line):
        """True ends the connection."""
        if verb == ("LHLO" if self.server.lmtp else "EHLO"):
            lines = [self.server.name, *self.server.capabilities]
            if self.tls:
                lines = [word for word in lines if word != "STARTTLS"] + list(self.server.under_tls)
            usual = "\r\n".join(f"250{' ' if i == len(lines) - 1 else '-'}{text}" for i, text in enumerate(lines))
            under_tls = self.tls and "EHLO under TLS" in self.server.script
            self.answer("EHLO under TLS" if under_tls else verb, usual)
            self.current = Transaction(verb, self.tls)
        elif verb == "HELO":
            self.answer("HELO", f"250 {self.server.name}")
            self.current = Transaction(verb, self.tls)
        elif verb == "STARTTLS" and self.server.context:
            if self.answer("STARTTLS", "220 2.0.0 go ahead") == "2":
                return self.start_tls()
        elif verb == "AUTH" and self.tls:
            self.answer("AUTH", "235 2.7.0 welcome")
        elif verb == "MAIL":
            self.current = Transaction(self.current.hello, self.tls)
            if self.answer("MAIL", "250 2.1.0 Ok") == "2":
                self.current.sender = re.search(r"<(.*?)>", line).group(1)
                self.current.mail_line = line
        elif verb == "RCPT":
            recipient = re.search(r"<(.*?)>", line).group(1)
            stage = f"RCPT:{recipient}" if f"RCPT:{recipient}" in self.server.script else "RCPT"
            if self.current.sender is None:
                self.socket.sendall(b"503 5.5.1 need MAIL\r\n")
            elif self.answer(stage, "250 2.1.5 Ok") == "2":
                self.current.recipients.append(recipient)
        elif verb == "DATA":
            usual = "354 go ahead" if self.current.recipients else "503 5.5.1 no recipients"
            if self.answer("DATA", usual) == "3":
                self.data()
        elif verb == "BDAT":
            self.chunk(line)
        elif verb == "QUIT":
            self.answer("QUIT", "221 2.0.0 bye")
            return True
        elif verb in ("RSET", "NOOP"):
            if verb == "RSET":
                self.current = Transaction(self.current.hello, self.tls)
            self.answer(verb, "250 2.0.0 Ok")
        else:
            self.answer(verb, "500 5.5.2 command not recognized")
        return False

    def start_tls(self):
        if "handshake" in self.server.script:
            self.answer("handshake", None)
            self.input.readline()
            return True
        if not self.server.handshake:
            self.socket.sendall(b"this is no TLS record\r\n")
            self.input.readline()
            return True
        self.socket = self.server.context.wrap_socket(self.socket, server_side=True)
        self.input = self.socket.makefile("rb")
        self.tls = True
        return False

    def chunk(self, line):
        """One chunk; the last one ends the message."""
        self.current.content += self.input.read(int(line.split()[1]))
        if line.upper().endswith(" LAST"):
            self.taken()
        else:
            self.socket.sendall(b"250 2.0.0 chunk taken\r\n")

    def data(self):
        lines = []
        while True:
            if len(lines) == 100 and "body" in self.server.script:
                self.answer("body", None)
            line = self.input.readline()
            if not line.endswith(b"\n"):
                raise EOFError
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        self.current.content = b"".join(lines)
        self.taken()

    def taken(self):
        done, self.current = self.current, Transaction(self.current.hello, self.tls)
        # Counted before the reply: a peer that accepts and then drops has the message.
        reply = self.server.scripted("dot", "250 2.0.0 Ok: taken")
        replies = len(done.recipients) if self.server.lmtp else 1
        if reply is STALL or reply is DROP or reply[0] == "2":
            with self.server.lock:
                self.server.transactions.append(done)
        if reply is STALL:
            self.server.closing.wait()
        if reply is STALL or reply is DROP:
            raise EOFError
        self.socket.sendall((reply.encode() + b"\r\n") * replies)
        done.answered = True
