# SPDX-License-Identifier: Apache-2.0
"""A host whose users submit mail that it signs, and who verifies it with Debian's dkimpy."""

import base64
import json
import os
import subprocess

from .certificate import Certificate
from .dialogue import Dialogue
from .godwit import Godwit
from .scenario import SUBMISSION_PORT, Scenario

ALICE, BOB = "alice@example.com", "bob@example.com"
CONTENT = (f"From: Alice <{ALICE}>\r\nTo: {BOB}\r\nSubject: Hello\r\nDate: Mon, 02 Nov 2026 08:00:00 +0000\r\n"
           "Message-ID: <1@abc.example>\r\n\r\nHello  Bob,\r\n\r\n.. dots\r\n\r\n\r\n").encode()

# Debian's dkimpy: python3-dkim belongs to Debian's own Python.  Says of each signature whether it is good.
VERIFY = """
import json, sys, dkim
records = json.loads(sys.argv[1])
find = lambda name, timeout=5: records.get(name.decode() if isinstance(name, bytes) else name, "").encode() or None
message = dkim.DKIM(sys.stdin.buffer.read(), minkey=1024)
count = sum(1 for name, _ in message.headers if name.lower() == b"dkim-signature")


def verify(index):
    try:
        return message.verify(index, find)
    except dkim.ValidationError:  # of a body that was changed
        return False


print([verify(index) for index in range(count)])
"""


class SigningHost(Scenario):
    def setUp(self):
        super().setUp()
        host = self.net.host(1)
        self.certificate = Certificate(self, "mail.example.com", host)
        self.godwit = Godwit(self, hostname="mail.example.com", address=host, domains={"example.com": "accounts"},
                             certificate=self.certificate, origin="example.com")
        self.godwit.with_submission().add_account(ALICE, "secret").add_account(BOB, "another")

    def generate(self, domain, selector, *options):
        path = self.folder / f"{domain}.{selector}.pem"
        made = self.godwit.control("dkim", "generate", domain, selector, "--file", path, *options).stdout
        self.assertIn(f"{selector}._domainkey.{domain}. IN TXT", made)
        self.assertEqual(os.stat(path).st_mode & 0o007, 0)
        return {"domain": domain, "selector": selector, "private_key": str(path)}

    def start(self, *keys):
        self.godwit.config["dkim"] = {"keys": list(keys)}
        self.godwit.start()

    def submit(self, content=CONTENT, sender=ALICE, to=BOB):
        with Dialogue(self.godwit.address, SUBMISSION_PORT) as client:
            self.log_in(client)
            client.submit(sender, to, content)

    def log_in(self, client):
        client.say("EHLO client.abc.example", "250")
        client.starttls(self.certificate.client_context(), "mail.example.com")
        client.say("EHLO client.abc.example", "250")
        client.say("AUTH PLAIN " + base64.b64encode(f"\0{ALICE}\0secret".encode()).decode(), "235")

    def send(self, content=CONTENT, sender=ALICE):
        mailbox = self.godwit.mailbox(BOB)
        before = {one.path for one in mailbox.messages()}
        self.submit(content, sender)
        (stored,) = [one for one in mailbox.wait(len(before) + 1) if one.path not in before]
        return stored.raw

    def records(self):
        shown = json.loads(self.godwit.control("--json", "dkim", "record", "--config", self.godwit.config_file).stdout)
        return {entry["name"] + ".": entry["record"] for entry in shown}

    def verified(self, message):
        checked = subprocess.run(["/usr/bin/python3", "-c", VERIFY, json.dumps(self.records())], input=message,
                                 check=True, capture_output=True, text=False)
        return json.loads(checked.stdout.decode().lower())
