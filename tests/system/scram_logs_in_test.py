#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SCRAM-SHA-256 and -PLUS: a client made of hashlib, msmtp and gsasl log in; what is bound elsewhere does not."""

import base64
import hashlib
import ssl

from support.certificate import Certificate
from support.dialogue import Dialogue
from support.godwit import Godwit
from support.message import message
from support.programs import gsasl, msmtp
from support.scenario import SUBMISSION_PORT, SUBMISSIONS_PORT, Scenario, main
from support.scram import ScramClient

ALICE, PASSWORD = "alice@example.com", "correct horse bättery"
HASH_ONLY = "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g."


class ScramLogsIn(Scenario):
    def setUp(self):
        super().setUp()
        host = self.net.host(1)
        self.certificate = Certificate(self, "mail.example.com", host)
        self.godwit = Godwit(self, hostname="mail.example.com", address=host, domains={"example.com": "accounts"},
                             certificate=self.certificate, trusted_networks=[])
        self.godwit.with_submission().add_account(ALICE, PASSWORD).add_account("bob@example.com", "another").start()

    def secure(self, context=None):
        client = Dialogue(self.godwit.address, SUBMISSIONS_PORT, context=context or self.certificate.client_context(),
                          server_hostname="mail.example.com")
        self.offer = client.say("EHLO pc.example.com", "250")
        return client

    def end_point(self):
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.certificate.certificate.read_text())).digest()

    def test_scram_sha_256(self):
        with self.secure() as client:
            self.assertIn("AUTH PLAIN LOGIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS", self.offer)
            self.assertEqual(ScramClient(ALICE, PASSWORD).log_in(client), "235 2.7.0 Authentication successful")
            client.submit(ALICE, ["bob@example.com"], message(sender=ALICE, to="bob@example.com"), hello=None)
        (stored,) = self.godwit.mailbox("bob@example.com").wait()
        self.assertIn("with ESMTPSA", " ".join(stored.header("Received")[0].split()))
        self.assertTrue(self.godwit.events("login", user=ALICE, mechanism="SCRAM-SHA-256"))

    def test_bare_user_name_is_completed(self):
        with self.secure() as client:
            self.assertEqual(ScramClient("alice", PASSWORD).log_in(client)[:3], "535", "hostname is the origin")
            self.assertEqual(ScramClient("Alice@EXAMPLE.com", PASSWORD).log_in(client)[:3], "235")

    def test_bound_to_the_certificate(self):
        with self.secure() as client:
            scram = ScramClient(ALICE, PASSWORD, header="p=tls-server-end-point,,", binding=self.end_point())
            self.assertEqual(scram.log_in(client, "SCRAM-SHA-256-PLUS")[:3], "235")

    def test_bound_to_the_certificate_with_tls_1_2(self):
        context = self.certificate.client_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.secure(context) as client:
            scram = ScramClient(ALICE, PASSWORD, header="p=tls-server-end-point,,", binding=self.end_point())
            self.assertEqual(scram.log_in(client, "SCRAM-SHA-256-PLUS")[:3], "235")

    def test_a_login_bound_to_another_certificate_is_refused(self):
        with self.secure() as client:
            scram = ScramClient(ALICE, PASSWORD, header="p=tls-server-end-point,,", binding=b"x" * 32)
            self.assertEqual(scram.log_in(client, "SCRAM-SHA-256-PLUS")[:9], "535 5.7.8")

    def test_a_client_that_was_not_told_of_plus_is_refused(self):
        with self.secure() as client:
            self.assertEqual(ScramClient(ALICE, PASSWORD, header="y,,").log_in(client)[:9], "535 5.7.8")

    def test_without_channel_binding_nobody_is_told_of_it(self):
        self.godwit.config["authentication"]["channel_binding"] = False
        self.godwit.write_config()
        self.godwit.control("reload")
        with self.secure() as client:
            self.assertRegex(self.offer, r"AUTH PLAIN LOGIN SCRAM-SHA-256(\n|$)")
            client.say("AUTH SCRAM-SHA-256-PLUS eA==", "504 5.5.4")
            self.assertEqual(ScramClient(ALICE, PASSWORD, header="y,,").log_in(client)[:3], "235")

    def test_wrong_password_and_unknown_user_look_alike(self):
        shown = {}
        for user in (ALICE, "nobody@example.com"):
            for attempt in range(2):
                with self.secure() as client:
                    scram = ScramClient(user, "wrong")
                    self.assertEqual(scram.log_in(client), "535 5.7.8 Authentication credentials invalid")
                    shown.setdefault(user, []).append((scram.fields["s"], scram.fields["i"]))
        for salts in shown.values():
            self.assertEqual(salts[0], salts[1])
        (salt, iterations), (other_salt, other_iterations) = shown[ALICE][0], shown["nobody@example.com"][0]
        self.assertNotEqual(salt, other_salt)
        self.assertEqual((len(salt), iterations), (len(other_salt), other_iterations))

    def test_the_salt_of_nobody_survives_a_restart(self):
        salts = set()
        for _ in range(2):
            with self.secure() as client:
                scram = ScramClient("nobody@example.com", "wrong")
                scram.log_in(client)
                salts.add(scram.fields["s"])
            self.godwit.restart()
        self.assertEqual(len(salts), 1)

    def test_not_offered_where_one_account_has_no_keys(self):
        with open(self.godwit.accounts_file, "a") as accounts:
            accounts.write(f'old@example.com: {{password: "{HASH_ONLY}"}}\n')
        self.assertIn("old@example.com    set       no", self.godwit.control("account", "list", "--file", self.godwit.accounts_file).stdout)
        self.godwit.control("reload")
        with self.secure() as client:
            self.assertNotIn("SCRAM", self.offer)
            client.say("AUTH SCRAM-SHA-256 biwsbj1hLHI9Yg==", "504 5.5.4")
            client.say("AUTH PLAIN AG9sZEBleGFtcGxlLmNvbQBwYXNzd29yZA==", "235")
        self.godwit.control("account", "passwd", "old@example.com", "--file", self.godwit.accounts_file, "--password-stdin",
                            input="password\n")
        self.godwit.control("reload")
        with self.secure() as client:
            self.assertIn("SCRAM-SHA-256-PLUS", self.offer)
            self.assertEqual(ScramClient("old@example.com", "password").log_in(client)[:3], "235")

    def arrived(self, mechanism):
        self.godwit.mailbox("bob@example.com").wait()
        self.assertTrue(self.godwit.events("login", user=ALICE, mechanism=mechanism))

    def msmtp(self, mechanism, password=PASSWORD, check=True):
        return msmtp(self, self.godwit.address, SUBMISSION_PORT, self.certificate.certificate, mechanism, ALICE, password,
                     ["bob@example.com"], message(sender=ALICE, to="bob@example.com"), check=check)

    def test_msmtp_scram_sha_256(self):
        self.msmtp("scram-sha-256")
        self.arrived("SCRAM-SHA-256")

    def test_msmtp_with_a_wrong_password(self):
        done = self.msmtp("scram-sha-256", password="wrong", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("535 5.7.8", done.stderr)

    def test_gsasl_binds_to_the_exporter(self):
        # By itself: TLS 1.3, and the binding that goes with it.
        done = gsasl(self, self.godwit.address, SUBMISSION_PORT, self.certificate.certificate, "SCRAM-SHA-256-PLUS", ALICE, PASSWORD)
        self.assertIn("235 2.7.0", done.stdout)
        first = base64.b64decode(done.stdout.split("\n334 \n")[1].split("\n")[0])
        self.assertTrue(first.startswith(b"p=tls-exporter,"), first)
        self.assertTrue(self.godwit.events("login", user=ALICE, mechanism="SCRAM-SHA-256-PLUS"))


if __name__ == "__main__":
    main()
