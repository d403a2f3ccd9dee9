# SPDX-License-Identifier: Apache-2.0
"""A milter that answers as scripted: any answer at any stage, changes at the end, hangs, crashes, garbage."""

import socket
import struct
import threading

STAGES = {"C": "connect", "H": "helo", "M": "mail", "R": "rcpt", "T": "data", "L": "header", "N": "eoh", "B": "body",
          "E": "eom", "U": "unknown"}
NO = {"connect": 0x1, "helo": 0x2, "mail": 0x4, "rcpt": 0x8, "body": 0x10, "header": 0x20, "eoh": 0x40, "unknown": 0x100,
      "data": 0x200}
MUTE = {"header": 0x80, "connect": 0x1000, "helo": 0x2000, "mail": 0x4000, "rcpt": 0x8000, "data": 0x10000, "eoh": 0x40000,
        "body": 0x80000}
SKIP, REJECTED_RCPT, LEADING_SPACE = 0x400, 0x800, 0x100000

CLOSE = object()  # the connection is closed instead of an answer
HANG = object()   # never an answer
GARBAGE = b"HTTP/1.1 400 Bad Request\r\n\r\n"


def packet(code, data=b""):
    return struct.pack(">I", len(data) + 1) + code.encode() + data


def text(*parts):
    return b"".join(part.encode() + b"\0" for part in parts)


def add_header(name, value):
    return packet("h", text(name, value))


def insert_header(index, name, value):
    return packet("i", struct.pack(">I", index) + text(name, value))


def change_header(index, name, value):
    return packet("m", struct.pack(">I", index) + text(name, value))


def change_sender(address, *parameters):
    return packet("e", text(address, *parameters))


def add_recipient(address, parameters=None):
    return packet("2", text(address, parameters)) if parameters else packet("+", text(address))


def delete_recipient(address):
    return packet("-", text(address))


def replace_body(*pieces):
    return b"".join(packet("b", piece) for piece in pieces)


def quarantine(reason):
    return packet("q", text(reason))


def reply(line):
    return packet("y", text(line))


CONTINUE, ACCEPT, REJECT, TEMPFAIL, DISCARD = packet("c"), packet("a"), packet("r"), packet("t"), packet("d")
SKIP_BODY, PROGRESS, SHUTDOWN = packet("s"), packet("p"), packet("4")


class Told:
    """What the milter was told in one connection."""

    def __init__(self):
        self.commands = ""  # codes, in order
        self.macros, self.arguments, self.headers, self.body = {}, {}, [], b""
        self.ended = False


class ScriptedMilter:
    """Listens on `host`:`port`, or at a Unix socket.  `script`: stage → bytes to answer, CLOSE or HANG; else it goes on.

    `steps` and `actions` are what it says in the negotiation; `macros` {stage number: names}; `reads` False: it never reads.
    """

    def __init__(self, case, name="milter", *, host=50, port=20900, path=None, script=None, steps=0, actions=0x1ff, version=6,
                 macros=None, negotiates=True, reads=True):
        self.name, self.script = name, dict(script or {})
        self.options = (version, actions, steps)
        self.macros, self.negotiates, self.reads = macros or {}, negotiates, reads
        self.connections = []
        if path:
            self.address = f"unix:{path}"
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(str(path))
        else:
            self.address = f"inet:{case.net.host(host)}:{port}"
            self.listener = socket.socket()
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.listener.bind((case.net.host(host), port))
        self.listener.listen(64)
        self.sockets = []
        case.addCleanup(self.close)
        threading.Thread(target=self._accept, daemon=True).start()

    def config(self, **changes):
        return {"name": self.name, "address": self.address, **changes}

    def close(self):
        for one in (self.listener, *self.sockets):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    @property
    def last(self):
        return self.connections[-1]

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.sockets.append(client)
            if self.reads:
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        told = Told()
        self.connections.append(told)
        stream = client.makefile("rb")
        try:
            while self._answer(client, told, stream):
                pass
        except (OSError, ValueError):
            pass
        told.ended = True
        client.close()

    def _answer(self, client, told, stream):
        head = stream.read(5)
        if len(head) < 5:
            return False
        length, code = struct.unpack(">Ic", head)
        code, data = code.decode(), stream.read(length - 1)
        told.commands += code
        if code == "O":
            return self._negotiate(client)
        if code == "D":
            parts = data[1:].decode("utf-8", "replace").split("\0")
            told.macros.setdefault(chr(data[0]), {}).update(zip(parts[::2], parts[1::2]))
        if code == "Q":
            return False
        if code in STAGES:
            return self._stage(client, told, code, data)
        return True

    def _negotiate(self, client):
        if not self.negotiates:
            return True
        version, actions, steps = self.options
        lists = b"".join(struct.pack(">I", stage) + text(names) for stage, names in self.macros.items())
        client.sendall(packet("O", struct.pack(">III", version, actions, steps) + lists))
        return True

    def _stage(self, client, told, code, data):
        stage = STAGES[code]
        if code == "M":
            told.headers, told.body = [], b""
        if code == "L":
            name, value = data.split(b"\0")[:2]
            told.headers.append((name.decode(), value.decode("utf-8", "replace")))
        elif code == "B":
            told.body += data
        else:
            told.arguments.setdefault(code, []).append(data)
        if self.options[2] & MUTE.get(stage, 0):
            return True
        answer = self.script.get(stage, CONTINUE)
        if isinstance(answer, list):
            answer = answer.pop(0) if answer else CONTINUE
        if answer is CLOSE:
            return False
        if answer is not HANG:
            client.sendall(answer)
        return True
