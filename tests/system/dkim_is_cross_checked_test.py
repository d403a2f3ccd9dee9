#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""DKIM both ways with Rspamd and OpenDKIM: what they sign passes here, and what is signed here passes there.  (dkimpy: see
senders_are_verified_test.py and mail_is_signed_test.py.)"""

import base64
import email
import json
import os
import re
import socket
import struct
import subprocess
import urllib.request

from support.certificate import Certificate
from support.dialogue import Dialogue
from support.dns import Dns
from support.godwit import Godwit
from support.programs import rspamd
from support.scenario import DNS_PORT, SUBMISSION_PORT, Scenario, kill_after, listening, main, wait_until

ALICE, BOB = "alice@example.com", "bob@example.com"
CONTENT = (f"From: Alice <{ALICE}>\r\nTo: {BOB}\r\nSubject: Hello\r\nDate: Mon, 02 Nov 2026 08:00:00 +0000\r\n"
           "Message-ID: <1@abc.example>\r\nX-Folded: a\r\n\tb\r\n\r\nHello  Bob,\r\n\r\n.. dots \t\r\n\r\n\r\n").encode()
RSPAMD_PORT, OPENDKIM_PORT = 20333, 20334


class MilterClient:
    """As much of a mail server's side of the milter protocol as makes a filter sign; the fields that it inserts or adds."""

    def __init__(self, address, port):
        self.socket = socket.create_connection((address, port), timeout=20)
        self.exchange("O", struct.pack(">III", 6, 0x1FF, 0))

    def send(self, command, data=b""):
        self.socket.sendall(struct.pack(">I", len(data) + 1) + command.encode() + data)

    def read(self):
        def exactly(count):
            data = b""
            while len(data) < count:
                piece = self.socket.recv(count - len(data))
                assert piece, "the milter hung up"
                data += piece
            return data

        data = exactly(struct.unpack(">I", exactly(4))[0])
        return chr(data[0]), data[1:]

    def exchange(self, command, data=b""):
        self.send(command, data)
        return self.read()

    def inserted(self, message):
        self.send("D", b"Cj\0mail.example.com\0")
        self.exchange("C", b"localhost\0004\0\0" + b"127.0.0.1\0")
        self.exchange("H", b"localhost\0")
        self.send("D", b"Mi\0one\0")
        self.exchange("M", f"<{ALICE}>\0".encode())
        self.exchange("R", f"<{BOB}>\0".encode())
        head, body = message.split(b"\r\n\r\n", 1)
        for name, value in re.findall(rb"(?m)^([^:\s]+): ?((?:.*)(?:\r\n[ \t].*)*)", head.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")):
            self.exchange("L", name + b"\0" + value.rstrip(b"\r").replace(b"\r\n", b"\n") + b"\0")
        self.exchange("N")
        self.exchange("B", body)
        self.send("E")
        fields = b""
        while True:
            command, data = self.read()
            if command in "hi":
                name, value = data[4 if command == "i" else 0:].split(b"\0")[:2]
                fields += name + b": " + value.replace(b"\n", b"\r\n") + b"\r\n"
            if command in "acrt":
                return fields


class DkimIsCrossChecked(Scenario):
    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)
        host = self.net.host(1)
        self.certificate = Certificate(self, "mail.example.com", host)
        self.dns = Dns(self)
        self.godwit = Godwit(self, hostname="mail.example.com", address=host, domains={"example.com": "accounts"}, dns=self.dns,
                             certificate=self.certificate, origin="example.com", trusted_networks=["192.0.2.0/24"])
        self.godwit.with_submission().add_account(ALICE, "secret").add_account(BOB, "another")
        self.keys = [self.key("rsa1"), self.key("ed1", "--type", "ed25519")]
        for name, record in self.records().items():
            self.dns.txt(name, record)
        self.dns.start()
        self.godwit.start()

    def key(self, selector, *options):
        path = self.folder / f"{selector}.pem"
        self.godwit.control("dkim", "generate", "example.com", selector, "--file", path, *options)
        self.godwit.config.setdefault("dkim", {"keys": []})["keys"].append(
            {"domain": "example.com", "selector": selector, "private_key": str(path)})
        self.godwit.write_config()
        return path

    def records(self):
        shown = json.loads(self.godwit.control("--json", "dkim", "record", "--config", self.godwit.config_file).stdout)
        return {entry["name"]: entry["record"] for entry in shown}

    def rspamd(self):
        address, local = self.net.host(40), self.folder / "rspamd"
        local.mkdir()
        (self.folder / "suffixes").write_text("com\nexample\n")
        (self.folder / "rspamd.conf").write_text(f"""
options {{ url_tld = "{self.folder}/suffixes"; pidfile = "{local}/pid"; filters = "dkim"; local_addrs = ["192.0.2.0/24"];
  dns {{ nameserver = ["{self.dns.address}:{DNS_PORT}"]; timeout = 1s; retransmits = 2; }}
  tempdir = "{local}"; control_socket = "{local}/control.sock mode=0600"; }}
logging {{ type = "console"; level = "info"; }}
actions {{ reject = 15; add_header = 6; greylist = null; }}
worker "normal" {{ bind_socket = "{address}:{RSPAMD_PORT}"; count = 1; }}
modules {{ path = "/usr/share/rspamd/plugins/dkim_signing.lua"; }}
dkim {{ }}
dkim_signing {{ sign_authenticated = true; use_domain = "header"; allow_username_mismatch = true; use_esld = false; check_pubkey = false;
  domain {{ example.com {{ path = "{self.keys[0]}"; selector = "rsa1"; }} }} }}
""")
        rspamd(self, self.folder / "rspamd.conf", address, RSPAMD_PORT)
        self.rspamd_url = f"http://{address}:{RSPAMD_PORT}/checkv2"

    def ask_rspamd(self, message, **headers):
        request = urllib.request.Request(self.rspamd_url, message, {"IP": "198.51.100.1", "From": ALICE, **headers})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def symbols_of(self, message):
        """Once it could look the keys up: in its first moments it asks no DNS server."""
        def symbols():
            found = self.ask_rspamd(message)["symbols"]
            return None if "R_DKIM_TEMPFAIL" in found else found

        return wait_until(symbols, "Rspamd looks keys up", timeout=90)

    def opendkim(self):
        address = self.net.host(41)
        config = self.folder / "opendkim.conf"
        config.write_text(f"Domain example.com\nSelector rsa1\nKeyFile {self.keys[0]}\nSocket inet:{OPENDKIM_PORT}@{address}\nMode s\n"
                          "Canonicalization relaxed/simple\nOversignHeaders From\nRequireSafeKeys no\nBackground no\n"
                          "UserID root\nInternalHosts 127.0.0.1\nSyslog no\n")
        kill_after(self, subprocess.Popen(["/usr/sbin/opendkim", "-f", "-x", config], stdin=subprocess.DEVNULL), "opendkim")
        wait_until(lambda: listening(address, OPENDKIM_PORT), "opendkim listens")
        client = MilterClient(address, OPENDKIM_PORT)
        self.addCleanup(client.socket.close)
        return client

    def stored(self, deliver):
        mailbox = self.godwit.mailbox(BOB)
        before = {one.path for one in mailbox.messages()}
        deliver()
        (stored,) = [one for one in mailbox.wait(len(before) + 1) if one.path not in before]
        return stored.raw if b"\r\n" in stored.raw else stored.raw.replace(b"\n", b"\r\n")

    def results(self, message):
        """What Godwit says of it when a stranger sends it."""
        def deliver():
            with Dialogue(self.godwit.address, source=self.net.host(2)) as client:
                client.submit("stranger@else.example", BOB, message, hello="EHLO client.abc.example")

        return " ".join(email.message_from_bytes(self.stored(deliver))["Authentication-Results"].split())

    def signed_here(self):
        def deliver():
            with Dialogue(self.godwit.address, SUBMISSION_PORT) as client:
                client.say("EHLO client.abc.example", "250")
                client.starttls(self.certificate.client_context(), "mail.example.com")
                client.say("EHLO client.abc.example", "250")
                client.say("AUTH PLAIN " + base64.b64encode(f"\0{ALICE}\0secret".encode()).decode(), "235")
                client.submit(ALICE, BOB, CONTENT)

        stored = self.stored(deliver)
        return stored[stored.index(b"DKIM-Signature:"):]

    def test_rspamd_both_ways(self):
        self.rspamd()
        ours = self.signed_here()
        self.assertEqual(ours.count(b"DKIM-Signature:"), 2)
        symbols = self.symbols_of(ours)
        self.assertEqual(sorted(symbols["R_DKIM_ALLOW"]["options"]), ["example.com:s=ed1", "example.com:s=rsa1"])
        self.assertIn("R_DKIM_REJECT", self.symbols_of(ours.replace(b"Hello  Bob", b"Hello  Rob")))
        signature = self.ask_rspamd(CONTENT, User=ALICE)["dkim-signature"]
        theirs = f"DKIM-Signature: {signature}\r\n".encode() + CONTENT
        self.assertIn("dkim=pass header.d=example.com", self.results(theirs))
        self.assertIn("dkim=fail", self.results(theirs.replace(b"Hello  Bob", b"Hello  Rob")))
        self.assertIn("dkim=fail", self.results(theirs.replace(b"Subject: Hello", b"Subject: Bye")))

    def test_opendkim_signs(self):
        fields = self.opendkim().inserted(CONTENT)
        self.assertIn(b"DKIM-Signature:", fields)
        theirs = fields[fields.index(b"DKIM-Signature:"):] + CONTENT
        self.assertIn("dkim=pass header.d=example.com", self.results(theirs))
        self.assertIn("dkim=fail", self.results(theirs.replace(b"Hello  Bob", b"Hello  Rob")))


if __name__ == "__main__":
    main()
