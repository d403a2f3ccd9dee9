#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Addresses and fields of what users send are changed by rule, in the envelope and the header, before it is signed."""

import base64
import sqlite3

from support.certificate import Certificate
from support.dialogue import Dialogue, queued_id
from support.godwit import Godwit
from support.hook import Hook
from support.message import message
from support.peer import ScriptedPeer
from support.scenario import MX_PORT, SUBMISSION_PORT, Scenario, main

ALICE, BOB = "alice@int.example.com", "bob@example.com"
CONTENT = (f"From: \"alice@int.example.com\" (me) <{ALICE}>\r\n"
           "To: Carol <carol@pc7.example.com>,\r\n\t<partner@old.example>\r\n"
           f"Cc: {BOB}\r\nUser-Agent: My Mailer 1.0\r\nX-Secret: plan\r\n folded\r\n"
           "Date: Mon, 02 Nov 2026 08:00:00 +0000\r\nMessage-ID: <1@int.example.com>\r\n"
           "Subject: from alice@int.example.com\r\n\r\nalice@int.example.com\r\n").encode()
REWRITTEN = (CONTENT.replace(f"<{ALICE}>".encode(), b"<alice.smith@example.com>")
             .replace(b"carol@pc7.example.com", b"carol@example.com").replace(b"partner@old.example", b"partner@new.example")
             .replace(b"User-Agent: My Mailer 1.0\r\nX-Secret: plan\r\n folded\r\n", b"X-Secret: removed\r\n")
             .replace(b"com\r\n\r\nalice", b"com\r\nX-Origin: example.com\r\n\r\nalice"))
RULES = [{"field": "user-agent"}, {"field": "X-Secret", "action": "replace", "value": "removed", "matching": "plan*"},
         {"field": "X-Origin", "action": "add", "value": "example.com", "mail": ["submitted", "trusted"]}]


class AddressesAreRewritten(Scenario):
    def setUp(self):
        super().setUp()
        self.peer = ScriptedPeer(self, 2, "mx.new.example")
        self.certificate = Certificate(self, "mail.example.com", self.net.host(1))
        self.database = self.folder / "canonical.sqlite"
        self.execute("CREATE TABLE canonical (old text, new text)")
        self.execute("INSERT INTO canonical VALUES (?, ?)", ALICE, "alice.smith@example.com")

    def execute(self, statement, *values):
        connection = sqlite3.connect(self.database)
        connection.execute(statement, values)
        connection.commit()
        connection.close()

    def start(self, trusted="127.0.0.0/8", mail=("submitted", "trusted"), **config):
        table = {"type": "sqlite", "path": str(self.database), "query": "SELECT new FROM canonical WHERE old = {key}"}
        self.godwit = Godwit(
            self, hostname="mail.example.com", address=self.net.host(1), certificate=self.certificate, origin="example.com",
            domains={"example.com": ["bob", "alice.smith", "carol"], "int.example.com": "accounts"},
            trusted_networks=[trusted], tables={"canonical": table},
            lookups={"cache": {"present": "1s", "absent": "1s"}},
            rewriting={"senders": ["table:canonical"], "recipients": {"@old.example": "@new.example"},
                       "masquerade": "example.com", "mail": list(mail)},
            header_rules=RULES,
            routes=[{"domains": ["new.example", "old.example"], "next_hop": f"[{self.peer.address}]:{self.peer.port}"}],
            **config)
        self.godwit.with_submission().add_account(ALICE, "secret").start()

    def log_in(self):
        client = Dialogue(self.godwit.address, SUBMISSION_PORT)
        self.addCleanup(client.close)
        client.say("EHLO client.abc.example", "250")
        client.starttls(self.certificate.client_context(), "mail.example.com")
        client.say("EHLO client.abc.example", "250")
        client.say("AUTH PLAIN " + base64.b64encode(f"\0{ALICE}\0secret".encode()).decode(), "235")
        return client

    def test_what_users_send_is_rewritten(self):
        self.start()
        client = self.log_in()
        client.say(f"MAIL FROM:<{ALICE}>", "250")
        for recipient in ("carol@pc7.example.com", "partner+x@old.example"):
            client.say(f"RCPT TO:<{recipient}>", "250")
        identity = queued_id(client.data(CONTENT))
        (stored,) = self.godwit.mailbox("carol@example.com").wait()
        self.assertEqual(stored.content, REWRITTEN)
        self.assertEqual(stored.header("Return-Path"), ["<alice.smith@example.com>"])
        (sent,) = self.peer.wait()
        self.assertEqual((sent.sender, sent.recipients), ("alice.smith@example.com", ["partner+x@new.example"]))
        self.assertTrue(sent.content.endswith(REWRITTEN), sent.content)
        accepted = self.godwit.wait_event("accepted", id=identity)
        for words in (f"<{ALICE}>=<alice.smith@example.com>", "<carol@pc7.example.com>=<carol@example.com>", "-user-agent",
                      "=X-Secret", "+X-Origin", "partner@old.example=partner@new.example"):
            self.assertIn(words, accepted["rewritten"])
        self.wait_until(lambda: "partner@new.example" in self.godwit.control("trace", identity).stdout and
                        "rewriting" in self.godwit.control("trace", identity).stdout, "the trace tells it")

    def test_the_signature_is_of_what_was_rewritten(self):
        self.start()
        key = self.folder / "example.com.pem"
        self.godwit.control("dkim", "generate", "example.com", "r1", "--file", key)
        self.godwit.config["dkim"] = {"keys": [{"domain": "example.com", "selector": "r1", "private_key": str(key)}]}
        self.godwit.write_config()
        self.godwit.control("reload")
        client = self.log_in()
        client.submit(ALICE, BOB, CONTENT, hello=None)
        (stored,) = self.godwit.mailbox(BOB).wait()
        self.assertIn(b"d=example.com", stored.raw)
        self.assert_verifies(stored.raw)

    def assert_verifies(self, raw):
        """By Debian's dkimpy."""
        record = self.godwit.control_json("dkim", "record", "--config", self.godwit.config_file)[0]["record"]
        code = ("import sys, dkim; sys.exit(0 if dkim.verify(sys.stdin.buffer.read(), dnsfunc=lambda name, timeout=5: "
                "sys.argv[1].encode(), minkey=1024) else 1)")
        self.run_program("/usr/bin/python3", "-c", code, record, input=raw, text=False)

    def test_only_the_owner_may_send_under_what_is_rewritten(self):
        self.start()
        self.log_in().say("MAIL FROM:<other@int.example.com>", "553 5.7.1")

    def relayed(self):
        """What a message to Bob becomes on its way from another host."""
        with Dialogue(self.godwit.address, MX_PORT) as client:
            client.submit(ALICE, BOB, CONTENT)
        (stored,) = self.godwit.mailbox(BOB).wait()
        return stored

    def test_the_mail_of_strangers_is_theirs(self):
        self.start(trusted="192.0.2.0/24")
        stored = self.relayed()
        self.assertEqual(stored.content, CONTENT)
        self.assertEqual(stored.header("Return-Path"), [f"<{ALICE}>"])

    def test_unless_it_is_wanted(self):
        self.start(trusted="192.0.2.0/24", mail=["others"])
        stored = self.relayed()
        self.assertIn(b"<alice.smith@example.com>\r\n", stored.content)
        self.assertIn(b"User-Agent", stored.content)
        self.assertEqual(stored.header("Return-Path"), ["<alice.smith@example.com>"])

    def test_checks_judge_the_mail_of_strangers_as_it_came(self):
        hook = Hook(self)
        self.start(trusted="192.0.2.0/24", mail=["others"], policy={
            "checks": {"mx": ["http:hook"]}, "http_hooks": [hook.config(stages=["mail", "end"])]})
        stored = self.relayed()
        self.assertEqual(stored.header("Return-Path"), ["<alice.smith@example.com>"])
        self.assertIn(b"<alice.smith@example.com>\r\n", stored.content)
        mail, end = hook.requests
        self.assertEqual((mail["sender"], end["sender"]), (ALICE, ALICE))
        fields = {field["name"]: field["value"].strip() for field in end["message"]["headers"]}
        self.assertEqual(fields["From"], f'"alice@int.example.com" (me) <{ALICE}>')
        self.assertEqual(hook.faults, [])

    def test_copies_know_a_sender_by_both_addresses(self):
        self.start(copies=[{"to": "carol@example.com", "senders": ALICE},
                           {"to": "alice.smith@example.com", "senders": "alice.smith@example.com"}])
        client = self.log_in()
        identity = client.submit(ALICE, BOB, CONTENT, hello=None)
        self.assertEqual(self.godwit.wait_event("accepted", id=identity)["copies"], "carol@example.com,alice.smith@example.com")

    def test_mail_of_trusted_hosts_keeps_its_fields(self):
        self.start()
        with Dialogue(self.godwit.address, MX_PORT) as client:
            client.submit(ALICE, "carol@pc7.example.com", CONTENT)
        (stored,) = self.godwit.mailbox("carol@example.com").wait()
        self.assertIn(b"User-Agent: My Mailer 1.0\r\nX-Secret: plan\r\n folded\r\n", stored.content)
        self.assertIn(b"<alice.smith@example.com>\r\n", stored.content)
        self.assertIn(b"\r\nX-Origin: example.com\r\n\r\n", stored.content)

    def asked_again(self):
        """A connection whose sender was looked up; None: it was not."""
        client = self.log_in()
        if client.say(f"MAIL FROM:<{ALICE}>").startswith("250"):
            return client
        client.close()
        return None

    def test_a_table_that_is_down_makes_mail_wait(self):
        self.start()
        self.execute("ALTER TABLE canonical RENAME TO away")
        client = self.log_in()
        client.say(f"MAIL FROM:<{ALICE}>", "451 4.3.0")
        failed = self.godwit.wait_event("lookup_failed")
        self.assertIn("canonical", failed["reason"])
        client.say("RSET", "250")
        # Of the header alone: the null sender is not looked up.
        client.say("MAIL FROM:<>", "250")
        client.say(f"RCPT TO:<{BOB}>", "250")
        client.data(CONTENT, "451 4.3.0")
        self.execute("ALTER TABLE away RENAME TO canonical")
        client = self.wait_until(self.asked_again, "the table is asked again")
        client.say(f"RCPT TO:<{BOB}>", "250")
        client.data(message(sender=ALICE, to=BOB), "250")


if __name__ == "__main__":
    main()
