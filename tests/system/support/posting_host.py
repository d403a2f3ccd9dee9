# SPDX-License-Identifier: Apache-2.0
"""A host to which programs hand messages over HTTP: mail.example.com, with accounts and tokens."""

import email
import email.policy
import json

from .godwit import ApiConnection, ControlConnection, Godwit
from .scenario import Scenario

HTTP_PORT = 20825
ALICE, BOB, CAROL = "alice@example.com", "bob@example.com", "carol@example.com"
APP, READER, ROBOT, CHIEF = "app-0123456789abcdef", "reader-0123456789abcdef", "robot-0123456789abcdef", "chief-0123456789abcdef"


class Posted:
    """An answer."""

    def __init__(self, answer):
        self.status, self.text = answer.status, answer.read().decode()
        self.retry_after = int(answer.getheader("Retry-After") or 0)
        self.replayed = answer.getheader("Idempotent-Replayed") == "true"
        self.body = json.loads(self.text)

    def __repr__(self):
        return f"{self.status} {self.text}"


class PostingHost(Scenario):
    def setUp(self):
        super().setUp()
        self.godwit = Godwit(self, hostname="mail.example.com", address=self.net.host(1), domains={"example.com": "accounts"},
                             origin="example.com", trusted_networks=[],
                             routes=[{"domains": ["held.example"], "hold": True}])
        for account in (ALICE, BOB, CAROL):
            self.godwit.add_account(account, "secret")
        self.tokens = {APP: {"scopes": "submit", "account": ALICE}, READER: {},
                       ROBOT: {"scopes": ["submit"], "account": "robot", "senders": ["@robots.example", "shop@example.com"]},
                       CHIEF: {"scopes": "admin"}}

    def write_tokens(self):
        for token in self.tokens:
            path = self.folder / token
            path.write_text(token + "\n")
            path.chmod(0o600)
        self.godwit.config["control"].update(
            http=f"{self.net.host(1)}:{HTTP_PORT}",
            tokens=[{"file": str(self.folder / token), **settings} for token, settings in self.tokens.items()])

    def start(self, **config):
        for section, values in config.items():
            self.godwit.config.setdefault(section, {}).update(values)
        self.write_tokens()
        return self.godwit.start()

    def connection(self, token, timeout=60):
        connection = (ApiConnection(self.net.host(1), HTTP_PORT, timeout=timeout) if token
                      else ControlConnection(self.godwit.control_socket))
        self.addCleanup(connection.close)
        return connection

    def post(self, body, query="", token=APP, type="application/json", key=None, **headers):
        """Hands in a map as JSON, or bytes; without a token over the Unix socket."""
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        headers = {"Content-Type": type, **({"Authorization": f"Bearer {token}"} if token else {}),
                   **({"Idempotency-Key": key} if key else {}), **headers}
        connection = self.connection(token)
        connection.request("POST", "/v1/messages" + query, body=body, headers=headers)
        return Posted(connection.getresponse())

    def post_raw(self, content, query="", **options):
        return self.post(content, query, type="message/rfc822", **options)

    def assert_taken(self, posted):
        self.assertEqual(posted.status, 202, posted)
        self.assertEqual({recipient["status"] for recipient in posted.body["recipients"]}, {"accepted"}, posted)
        self.godwit.wait_event("accepted", id=posted.body["id"])
        return posted.body["id"]

    def stored(self, address, count=1):
        """What a mail reader makes of the last message."""
        return email.message_from_bytes(self.godwit.mailbox(address).wait(count)[-1].raw, policy=email.policy.default)


def letter(**more):
    return {"from": ALICE, "to": BOB, "subject": "Hello", "text": "Hi\n", **more}
