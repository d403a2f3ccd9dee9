#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients show certificates on the submission ports: their accounts are known by them, with AUTH EXTERNAL or without AUTH."""

import ssl

from support.certificate import Authority, Certificate
from support.dialogue import Dialogue
from support.godwit import Godwit
from support.message import message
from support.programs import msmtp, swaks
from support.scenario import SUBMISSION_PORT, SUBMISSIONS_PORT, Scenario, main

ALICE, BOB = "alice@example.com", "bob@example.com"
EXTERNAL = r"(?s).*AUTH [A-Z0-9 -]*EXTERNAL"


class CertificatesLogIn(Scenario):
    def start(self, **client_certificates):
        host = self.net.host(1)
        self.server = Certificate(self, "mail.example.com", host)
        self.authority = Authority(self, "Example CA")
        self.alice = self.authority.issue_to_client("alice", email=ALICE)
        self.godwit = Godwit(self, hostname="mail.example.com", address=host, domains={"example.com": "accounts"},
                             certificate=self.server, trusted_networks=[])
        self.godwit.with_submission()
        asked = {"ca_file": str(self.authority.certificate), **client_certificates}
        for listener in self.godwit.config["listeners"][1:]:
            listener["client_certificates"] = asked
        self.godwit.add_account(ALICE, "secret").add_account(BOB, "secret").start()

    def context(self, shown=None, newest=ssl.TLSVersion.MAXIMUM_SUPPORTED):
        context = self.server.client_context()
        context.maximum_version = newest
        if shown:
            context.load_cert_chain(shown.certificate, shown.private_key)
        return context

    def implicit(self, shown=None, greeting="220", **tls):
        client = Dialogue(self.godwit.address, SUBMISSIONS_PORT, context=self.context(shown, **tls), server_hostname="mail.example.com",
                          greeting=greeting)
        self.addCleanup(client.close)
        return client

    def starttls(self, shown=None, **tls):
        client = Dialogue(self.godwit.address, SUBMISSION_PORT)
        self.addCleanup(client.close)
        client.say("EHLO client.abc.example", "250")
        client.starttls(self.context(shown, **tls), "mail.example.com")
        return client

    def assert_refused(self, why):
        self.godwit.wait_event("client_certificate_refused", reason=why)

    # ---- good ones ------------------------------------------------------------------------------------------------

    def test_without_auth(self):
        self.start()
        for client in self.implicit(self.alice), self.starttls(self.alice):
            client.submit(ALICE, BOB, message(sender=ALICE))
            client.say(f"MAIL FROM:<{BOB}>", "553 5.7.1")  # and nobody else
        stored, _ = self.godwit.mailbox(BOB).wait(2)
        self.assertIn("with ESMTPSA", " ".join(stored.header("Received")[0].split()))
        login = self.godwit.wait_event("login", mechanism="certificate")
        self.assertEqual((login["user"], login["subject"]), (ALICE, "CN=alice"))
        self.assertEqual(self.godwit.events("accepted")[0]["account"], ALICE)

    def test_over_tls_1_2(self):
        """There the certificate comes within the handshake, in the clear."""
        self.start()
        for client in (self.implicit(self.alice, newest=ssl.TLSVersion.TLSv1_2), self.starttls(self.alice, newest=ssl.TLSVersion.TLSv1_2)):
            self.assertEqual(client.socket.version(), "TLSv1.2")
            self.assertRegex(client.say("EHLO client.abc.example", "250"), EXTERNAL)
            client.submit(ALICE, BOB, message(sender=ALICE), hello=None)
        stranger, why = self.bad()[0]
        self.implicit(stranger, newest=ssl.TLSVersion.TLSv1_2).say("EHLO client.abc.example", "250")
        self.assert_refused(why)

    def test_each_listener_has_its_own_authority(self):
        self.start()
        other = Authority(self, "Other CA")
        others_alice = other.issue_to_client("alice", email=ALICE)
        implicit = next(each for each in self.godwit.config["listeners"] if each.get("tls") == "implicit")
        implicit["client_certificates"] = {"ca_file": str(other.certificate)}
        self.godwit.stop()
        self.godwit.start()
        for connect, good, bad in ((self.starttls, self.alice, others_alice), (self.implicit, others_alice, self.alice)):
            self.assertNotRegex(connect(bad).say("EHLO client.abc.example", "250"), EXTERNAL)
            client = connect(good)
            self.assertRegex(client.say("EHLO client.abc.example", "250"), EXTERNAL)
            client.submit(ALICE, BOB, message(sender=ALICE), hello=None)
        self.assertEqual(len(self.godwit.events("client_certificate_refused", reason="unable to verify the first certificate")), 2)

    def test_with_auth_external(self):
        self.start()
        client = self.implicit(self.alice)
        self.assertRegex(client.say("EHLO client.abc.example", "250"), EXTERNAL)
        client.say("AUTH EXTERNAL Ym9iQGV4YW1wbGUuY29t", "535 5.7.8")  # as bob
        client.say("AUTH EXTERNAL =", "235")
        client.submit(ALICE, BOB, message(sender=ALICE), hello=None)

    def test_real_programs(self):
        self.start()
        swaks(self, "--server", self.godwit.address, "--port", SUBMISSION_PORT, "--tls", "--tls-cert", self.alice.certificate,
              "--tls-key", self.alice.private_key, "--from", ALICE, "--to", BOB, "--body", "from swaks")
        msmtp(self, self.godwit.address, SUBMISSION_PORT, self.server.certificate, "external", ALICE, None, [BOB],
              message(sender=ALICE, to=BOB), shown=self.alice)
        self.godwit.mailbox(BOB).wait(2)

    def test_the_common_name_may_name_the_account(self):
        self.start(name="common_name")
        self.implicit(self.authority.issue_to_client(ALICE, email="x@elsewhere.example")).submit(ALICE, BOB, message(sender=ALICE))
        self.implicit(self.authority.issue_to_client("carol", email=ALICE)).say("EHLO c", "250")
        self.assert_refused("it names no account")

    def test_behind_another_server_name_too(self):
        """The name that the client asks for chooses another TLS context, which must ask as well."""
        self.start()
        other = Certificate(self, "smtp.example.com", self.godwit.address)
        self.godwit.config["tls"]["certificates"].append(other.as_config())
        self.godwit.write_config()
        self.godwit.control("reload")
        context = other.client_context()
        context.load_cert_chain(self.alice.certificate, self.alice.private_key)
        with Dialogue(self.godwit.address, SUBMISSIONS_PORT, context=context, server_hostname="smtp.example.com") as client:
            client.submit(ALICE, BOB, message(sender=ALICE))

    # ---- bad ones -------------------------------------------------------------------------------------------------

    def test_who_shows_none_logs_in_with_a_password(self):
        self.start()
        client = self.implicit()
        self.assertNotRegex(client.say("EHLO client.abc.example", "250"), EXTERNAL)
        client.say("AUTH EXTERNAL =", "504")
        client.say(f"MAIL FROM:<{ALICE}>", "530")
        client.say("AUTH PLAIN AGFsaWNlQGV4YW1wbGUuY29tAHNlY3JldA==", "235")
        client.submit(ALICE, BOB, message(sender=ALICE), hello=None)
        self.assertEqual(self.godwit.events("client_certificate_refused"), [])

    def bad(self):
        """Certificates that name nobody, and why."""
        stranger = Authority(self, "Other CA").issue_to_client("alice", email=ALICE)
        return ((stranger, "unable to verify the first certificate"),
                (self.authority.issue_to_client("old", email=ALICE, days=-1), "certificate has expired"),
                (self.authority.issue_to_client("www", email=ALICE, usage="serverAuth"), "unsuitable certificate purpose"),
                (self.authority.issue_to_client("carol", email="carol@example.com"), "it names no account"),
                (self.authority.issue_to_client("nobody"), "it names no account"))

    def test_a_bad_one_is_none(self):
        self.start()
        for shown, why in self.bad():
            client = self.implicit(shown)
            self.assertNotRegex(client.say("EHLO client.abc.example", "250"), EXTERNAL)
            client.say(f"MAIL FROM:<{ALICE}>", "530")
            self.assert_refused(why)
            client.say("AUTH PLAIN AGFsaWNlQGV4YW1wbGUuY29tAHNlY3JldA==", "235")

    def test_where_one_is_required_nothing_else_helps(self):
        self.start(required=True)
        self.implicit(self.alice).submit(ALICE, BOB, message(sender=ALICE))
        for shown, why in ((None, "no certificate was shown"), *self.bad()):
            refusal = f"554 5.7.0 A certificate that names an account here is required: {why}"
            client = self.starttls(shown)
            client.say("EHLO client.abc.example", refusal)
            client.expect_close()
            self.implicit(shown, greeting=refusal).expect_close()
            self.assert_refused(why)

    def test_a_locked_account_is_kept_out(self):
        self.start()
        accounts = self.godwit.accounts_file
        accounts.write_text(accounts.read_text().replace("$y$", "!$y$"))
        self.godwit.control("reload")
        self.implicit(self.alice).say("EHLO client.abc.example", "250")
        self.assert_refused("it names no account")

    def test_a_session_is_never_resumed(self):
        self.start()
        context = self.context(self.alice)
        first = self.implicit(self.alice)
        first.say("NOOP", "250")
        raw = Dialogue(self.godwit.address, SUBMISSION_PORT)
        raw.say("EHLO client.abc.example", "250")
        raw.say("STARTTLS", "220")
        again = context.wrap_socket(raw.socket, server_hostname="mail.example.com")
        self.assertFalse(again.session_reused)
        self.assertFalse(first.socket.session is not None and first.socket.session.has_ticket)
        again.close()

    # ---- the authority --------------------------------------------------------------------------------------------

    def test_a_new_authority_counts_without_a_reload(self):
        self.start()
        self.godwit.config["tls"]["check_interval"] = "200ms"
        self.godwit.write_config()
        self.godwit.control("reload")
        other = Authority(self, "Next CA")
        self.authority.certificate.write_bytes(other.certificate.read_bytes())
        shown = other.issue_to_client("alice", email=ALICE)

        def known():
            return "EXTERNAL" in self.implicit(shown).say("EHLO client.abc.example", "250")

        self.wait_until(known, "the new authority is believed")
        self.assertNotIn("EXTERNAL", self.implicit(self.alice).say("EHLO client.abc.example", "250"))

    def test_a_wrong_authority_is_named(self):
        self.start()
        self.authority.certificate.write_text("nothing\n")
        done = self.godwit.control("reload", check=False)
        self.assertIn("no PEM certificates in it", done.stderr + done.stdout)
        self.implicit(self.alice).submit(ALICE, BOB, message(sender=ALICE))


if __name__ == "__main__":
    main()
