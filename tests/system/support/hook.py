# SPDX-License-Identifier: Apache-2.0
"""An HTTP hook that answers as scripted, and holds what it is asked to docs/http-hook.schema.json."""

import json
import pathlib
import socket
import ssl

import jsonschema

from .scripted_listener import CLOSE, HANG, ScriptedListener

SCHEMA = json.loads((pathlib.Path(__file__).parents[3] / "docs" / "http-hook.schema.json").read_text())


def validator(part):
    return jsonschema.Draft202012Validator({"$defs": SCHEMA["$defs"], "$ref": f"#/$defs/{part}"})


def response(body, status="200 OK", more=""):
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


class Hook(ScriptedListener):
    """`script`: stage → an answer (dictionary), bytes to send as they are, CLOSE or HANG; a list gives them one after the other; without one it
    has no opinion.  `requests` are what was asked, `heads` the heads of the requests; `faults` what was not as documented."""

    def __init__(self, case, name="hook", *, host=70, port=20980, script=None, certificate=None, domain=None, reads=True):
        self.name, self.script = name, dict(script or {})
        self.requests, self.heads, self.faults = [], [], []
        self.context = certificate.server_context() if certificate else None
        self.url = f"{'https' if certificate else 'http'}://{domain or case.net.host(host)}:{port}/mail"
        self.asked, self.answers = validator("request"), validator("answer")
        super().__init__(case, socket.create_server((case.net.host(host), port)), reads)

    def config(self, **changes):
        return {"name": self.name, "url": self.url, **changes}

    def _serve(self, client):
        try:
            if self.context:
                client = self.context.wrap_socket(client, server_side=True)
            stream = client.makefile("rb")
            while self._exchange(client, stream):
                pass
        except (OSError, ValueError, ssl.SSLError):
            pass
        client.close()

    def _exchange(self, client, stream):
        head = {"request": stream.readline().decode().strip()}
        for line in iter(lambda: stream.readline().decode().strip(), ""):
            name, _, value = line.partition(":")
            head[name.lower()] = value.strip()
        if not head["request"]:
            return False
        asked = json.loads(stream.read(int(head["content-length"])))
        self.faults += [fault.message for fault in self.asked.iter_errors(asked)]
        self.heads.append(head)
        self.requests.append(asked)
        answer = self.script.get(asked["stage"], {"action": "none"})
        if isinstance(answer, list):
            answer = answer.pop(0) if answer else {"action": "none"}
        if answer is CLOSE:
            return False
        if isinstance(answer, bytes):
            client.sendall(answer)
        elif answer is not HANG:
            self.faults += [fault.message for fault in self.answers.iter_errors(answer)]
            client.sendall(response(json.dumps(answer).encode()))
        return True
