# SPDX-License-Identifier: Apache-2.0
"""SCRAM-SHA-256 as a client (RFC 5802, RFC 7677), from hashlib alone."""

import base64
import hashlib
import hmac
import os


def b64(data):
    return base64.b64encode(data).decode()


def hmac_sha256(key, text):
    return hmac.digest(key, text.encode(), "sha256")


class ScramClient:
    """One exchange.  `header` is the gs2-header, `binding` the bytes of the channel it names."""

    def __init__(self, user, password, *, header="n,,", binding=b""):
        self.password, self.header, self.binding = password, header, binding
        self.first_bare = f"n={user.replace('=', '=3D').replace(',', '=2C')},r={b64(os.urandom(18))}"

    def first(self):
        return b64((self.header + self.first_bare).encode())

    def final(self, challenge):
        server_first = base64.b64decode(challenge, validate=True).decode()
        self.fields = dict(field.split("=", 1) for field in server_first.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), base64.b64decode(self.fields["s"]), int(self.fields["i"]))
        client_key = hmac_sha256(salted, "Client Key")
        without_proof = f"c={b64(self.header.encode() + self.binding)},r={self.fields['r']}"
        message = f"{self.first_bare},{server_first},{without_proof}"
        signature = hmac_sha256(hashlib.sha256(client_key).digest(), message)
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        self.expected = "v=" + b64(hmac_sha256(hmac_sha256(salted, "Server Key"), message))
        return b64(f"{without_proof},p={b64(proof)}".encode())

    def verify(self, challenge):
        assert base64.b64decode(challenge).decode() == self.expected, "the server does not know the password"

    def log_in(self, client, mechanism="SCRAM-SHA-256"):
        """Over a Dialogue; the reply that ends it."""
        reply = client.say(f"AUTH {mechanism} {self.first()}")
        if not reply.startswith("334 "):
            return reply
        reply = client.say(self.final(reply[4:]))
        if not reply.startswith("334 "):
            return reply
        self.verify(reply[4:])
        return client.say("")
