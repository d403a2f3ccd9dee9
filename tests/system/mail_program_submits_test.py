#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""swaks, smtplib, curl, msmtp and mutt submit on 587 (STARTTLS) and 465 (implicit TLS)."""

import base64
import email
import email.policy
import smtplib

from support.certificate import Certificate
from support.dialogue import Dialogue
from support.godwit import Godwit
from support.message import large_body, message
from support.programs import curl, msmtp, mutt, swaks
from support.scenario import SUBMISSION_PORT, SUBMISSIONS_PORT, Scenario, main

ALICE, PASSWORD = "alice@example.com", "correct horse battery"


class MailProgramSubmits(Scenario):
    def setUp(self):
        super().setUp()
        host = self.net.host(1)
        self.certificate = Certificate(self, "mail.example.com", host)
        self.godwit = Godwit(self, hostname="mail.example.com", address=host, domains={"example.com": "accounts"},
                             certificate=self.certificate, trusted_networks=[])
        self.godwit.with_submission().add_account(ALICE, PASSWORD).add_account("bob@example.com", "another").start()
        self.message = message(sender=ALICE, to="bob@example.com")

    def arrived(self, protocol="ESMTPSA"):
        (stored,) = self.godwit.mailbox("bob@example.com").wait()
        self.assertIn(f"with {protocol}", " ".join(stored.header("Received")[0].split()))
        return stored.content

    def smtplib(self, client):
        with client:
            client.login(ALICE, PASSWORD)
            client.sendmail(ALICE, ["bob@example.com"], self.message)
        self.assertEqual(self.arrived(), self.message)

    def test_smtplib_587(self):
        client = smtplib.SMTP(self.godwit.address, SUBMISSION_PORT, timeout=20)
        client.starttls(context=self.certificate.client_context())
        self.smtplib(client)

    def test_smtplib_465(self):
        self.smtplib(smtplib.SMTP_SSL(self.godwit.address, SUBMISSIONS_PORT, timeout=20,
                                      context=self.certificate.client_context()))

    def curl(self, url, *options):
        file = self.folder / "message"
        file.write_bytes(self.message)
        curl(self, "--url", url, "--cacert", self.certificate.certificate, "--user", f"{ALICE}:{PASSWORD}", "--mail-from", ALICE,
             "--mail-rcpt", "bob@example.com", "--upload-file", file, *options)
        self.assertEqual(self.arrived(), self.message)

    def test_curl_587(self):
        self.curl(f"smtp://{self.godwit.address}:{SUBMISSION_PORT}", "--ssl-reqd")

    def test_curl_587_auth_login(self):
        self.curl(f"smtp://{self.godwit.address}:{SUBMISSION_PORT}", "--ssl-reqd", "--login-options", "AUTH=LOGIN")

    def test_curl_465(self):
        self.curl(f"smtps://{self.godwit.address}:{SUBMISSIONS_PORT}")

    def swaks(self, port, *options, check=True, password=PASSWORD):
        return swaks(self, "--server", self.godwit.address, "--port", port, "--from", ALICE, "--to", "bob@example.com",
                     "--auth-user", ALICE, "--auth-password", password, "--body", "Hello from swaks", *options, check=check)

    def test_swaks_587(self):
        self.swaks(SUBMISSION_PORT, "--tls", "--auth", "PLAIN")
        self.assertIn(b"Hello from swaks", self.arrived())

    def test_swaks_465(self):
        self.swaks(SUBMISSIONS_PORT, "--tls-on-connect", "--auth", "LOGIN")
        self.assertIn(b"Hello from swaks", self.arrived())

    # ---- programs of people ---------------------------------------------------------------------------------------

    def msmtp(self, port, content, password=PASSWORD, trust=None, **options):
        return msmtp(self, self.godwit.address, port, trust or self.certificate.certificate, "plain", ALICE, password, ["bob@example.com"],
                     content.replace(b"\r\n", b"\n"), starttls=port == SUBMISSION_PORT, **options)

    def test_msmtp(self):
        large = message("large", sender=ALICE, to="bob@example.com", body=large_body(6_000_000))
        eight_bit = message("8-bit", sender=ALICE, to="bob@example.com", body="Grüße — ๏̯͡๏\r\n".encode() + b"\xff\xfe in Latin-1: \xe9\r\n")
        expected = []
        for port in SUBMISSION_PORT, SUBMISSIONS_PORT:
            for content in self.message, eight_bit, large:
                self.msmtp(port, content)
                expected.append(content)
        stored = self.godwit.mailbox("bob@example.com").wait(len(expected))
        self.assertEqual(sorted(each.content for each in stored), sorted(expected))

    def test_msmtp_is_told_what_is_wrong(self):
        other = Certificate(self, "other.example.com", self.godwit.address)
        for port in SUBMISSION_PORT, SUBMISSIONS_PORT:
            done = self.msmtp(port, self.message, password="wrong", check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("535 5.7.8", done.stderr)
            done = self.msmtp(port, self.message, trust=other.certificate, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("certificate", done.stderr)
        self.assertEqual((self.godwit.queued(), self.godwit.events("accepted")), (0, []))

    def mutt(self, port, text, *options, password=PASSWORD, trust=None, **more):
        return mutt(self, self.godwit.address, port, trust or self.certificate.certificate, ALICE, password, "bob@example.com", text,
                    "-s", f"from mutt to {port}", *options, starttls=port == SUBMISSION_PORT, **more)

    def test_mutt(self):
        attached = self.folder / "attached.bin"
        attached.write_bytes(bytes(range(256)) * 20_000)
        text = "Grüße\n.\n..\nFrom here on\n"
        # By itself Debian's takes SCRAM-SHA-256-PLUS, and fails: it cannot bind to TLS 1.3.
        for count, port in enumerate((SUBMISSION_PORT, SUBMISSIONS_PORT), 1):
            self.mutt(port, text, "-a", attached, settings="set use_8bitmime=yes smtp_authenticators='scram-sha-256:plain'")
            stored = self.godwit.mailbox("bob@example.com").wait(count)
            (content,) = [each.content for each in stored if f"to {port}".encode() in each.content]
            parsed = email.message_from_bytes(content, policy=email.policy.SMTP)
            written, file = parsed.iter_parts()
            self.assertEqual(written.get_content(), text.replace("\n", "\r\n"))
            self.assertEqual(written["Content-Transfer-Encoding"], "8bit")
            self.assertEqual(file.get_content(), attached.read_bytes())
            self.assertEqual(parsed["From"].addresses[0].addr_spec, ALICE)

    def test_mutt_by_itself_where_channels_are_not_bound_to(self):
        self.godwit.config["authentication"]["channel_binding"] = False
        self.godwit.write_config()
        self.godwit.control("reload")
        self.mutt(SUBMISSION_PORT, "text\n")
        self.assertTrue(self.godwit.wait_event("login", user=ALICE, mechanism="SCRAM-SHA-256"))
        self.arrived()

    def test_mutt_is_told_what_is_wrong(self):
        other = Certificate(self, "other.example.com", self.godwit.address)
        for port in SUBMISSION_PORT, SUBMISSIONS_PORT:
            self.assertNotEqual(self.mutt(port, "text", password="wrong", settings="set smtp_authenticators=plain", check=False).returncode, 0)
            self.assertNotEqual(self.mutt(port, "text", trust=other.certificate, check=False).returncode, 0)
        self.assertEqual((self.godwit.queued(), self.godwit.events("accepted")), (0, []))
        self.wait_until(lambda: len(self.godwit.events("login_failed", user=ALICE)) == 2, "both are in the log")

    def test_a_wrong_password_is_refused(self):
        done = self.swaks(SUBMISSION_PORT, "--tls", "--auth", "PLAIN", check=False, password="wrong")
        self.assertIn("535 5.7.8", done.stdout)
        self.assertEqual(self.godwit.queued(), 0)

    def test_unknown_user_and_wrong_password_answer_alike(self):
        replies = set()
        for user in (ALICE, "nobody@example.com", "alice@elsewhere.example", "alice"):
            with self.secure() as client:
                token = base64.b64encode(f"\0{user}\0wrong".encode()).decode()
                replies.add(client.say(f"AUTH PLAIN {token}"))
        self.assertEqual(len(replies), 1, replies)

    def secure(self):
        client = Dialogue(self.godwit.address, SUBMISSIONS_PORT, context=self.certificate.client_context(),
                          server_hostname="mail.example.com")
        client.say("EHLO pc.example.com", "250")
        return client

    def test_no_mail_without_auth(self):
        with self.secure() as client:
            client.say(f"MAIL FROM:<{ALICE}>", "530 5.7.0")

    def test_auth_is_neither_offered_nor_taken_in_the_clear(self):
        with Dialogue(self.godwit.address, SUBMISSION_PORT) as client:
            self.assertNotIn("AUTH", client.say("EHLO pc.example.com", "250"))
            client.say("AUTH PLAIN AGFsaWNlAHB3", "5")
            client.say(f"MAIL FROM:<{ALICE}>", "530 5.7.0")

    def test_what_came_before_the_handshake_is_forgotten(self):
        with Dialogue(self.godwit.address, SUBMISSION_PORT) as client:
            client.say("EHLO clear.example", "250")
            client.send(b"STARTTLS\r\nEHLO injected.example\r\nNOOP\r\n")
            client.expect("220")
            client.pending = b""
            client.socket = self.certificate.client_context().wrap_socket(client.socket, server_hostname="mail.example.com")
            # State is reset: the hello of before counts for nothing, and no reply to the injected one comes.
            client.say("MAIL FROM:<alice@example.com>", "503 5.5.1|530 5.7.0")
            client.say("NOOP", "250")


if __name__ == "__main__":
    main()
