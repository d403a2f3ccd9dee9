# SPDX-License-Identifier: Apache-2.0
"""A policy server in Postfix's words that answers as scripted: any action, hangs, crashes, garbage."""

import socket

from .scripted_listener import CLOSE, HANG, ScriptedListener


class ScriptedPolicyServer(ScriptedListener):
    """Listens on `host`:`port`, or at a Unix socket.  `script`: protocol_state → action, bytes to send as they are, CLOSE or HANG;
    a list gives them one after the other; without one it is "DUNNO".  `requests` are dictionaries; `connections` is a number."""

    def __init__(self, case, name="scripted", *, host=50, port=20910, path=None, script=None, reads=True):
        self.name, self.script, self.requests = name, dict(script or {}), []
        if path:
            self.address = f"unix:{path}"
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(path))
        else:
            self.address = f"inet:{case.net.host(host)}:{port}"
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((case.net.host(host), port))
        listener.listen(64)
        super().__init__(case, listener, reads)

    def config(self, **changes):
        return {"name": self.name, "address": self.address, **changes}

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
