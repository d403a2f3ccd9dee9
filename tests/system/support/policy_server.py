# SPDX-License-Identifier: Apache-2.0
"""A policy server in Postfix's words that answers as scripted: any action, hangs, crashes, garbage."""

import socket
import threading

CLOSE = object()  # the connection is closed instead of an answer
HANG = object()   # never an answer


class ScriptedPolicyServer:
    """Listens on `host`:`port`, or at a Unix socket.  `script`: protocol_state → action, bytes to send as they are, CLOSE or HANG;
    a list gives them one after the other; without one it is "DUNNO".  `requests` are dictionaries; `connections` is a number."""

    def __init__(self, case, name="scripted", *, host=50, port=20910, path=None, script=None, reads=True):
        self.name, self.script, self.reads = name, dict(script or {}), reads
        self.requests, self.sockets, self.connections = [], [], 0
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
        case.addCleanup(self.close)
        threading.Thread(target=self._accept, daemon=True).start()

    def config(self, **changes):
        return {"name": self.name, "address": self.address, **changes}

    def close(self):
        self.hang_up()
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def hang_up(self):
        """On all who are connected."""
        for one in self.sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.sockets.clear()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.sockets.append(client)
            if self.reads:
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        attributes = {}
        try:
            for line in client.makefile("r", encoding="utf-8", errors="replace", newline="\n"):
                if line != "\n":
                    name, _, value = line.rstrip("\n").partition("=")
                    attributes[name] = value
                    continue
                self.requests.append(attributes)
                if not self._answer(client, attributes["protocol_state"]):
                    break
                attributes = {}
        except (OSError, ValueError):
            pass
        client.close()

    def _answer(self, client, state):
        answer = self.script.get(state, "DUNNO")
        if isinstance(answer, list):
            answer = answer.pop(0) if answer else "DUNNO"
        if answer is CLOSE:
            return False
        if isinstance(answer, bytes):
            client.sendall(answer)
        elif answer is not HANG:
            client.sendall(f"action={answer}\n\n".encode())
        return True
