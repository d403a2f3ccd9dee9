#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""As a client of a smart host: SCRAM bound to the channel, SCRAM with Postfix and Dovecot, PLAIN where that is all, and a certificate."""

import unittest

from support.account_servers import Dovecot
from support.certificate import Authority, Certificate
from support.godwit import Godwit
from support.message import message
from support.postfix import Postfix
from support.scenario import BIN, SUBMISSION_PORT, main
from support.sending_host import SendingHost
from support.unpacked import obstacle

USER, PASSWORD = "relay@abc.example", "correct horse bättery"
SENDER = USER  # whom the smart host lets send as nobody else
TO = "user@far.example"


class SmartHostIsLoggedInTo(SendingHost):
    def setUp(self):
        super().setUp()
        self.certificate = Certificate(self, "smart.example", self.net.host(2))
        self.password = self.folder / "relay.pass"
        self.password.write_text(PASSWORD + "\n")

    def start_with(self, address, credentials=None, **tls):
        """`credentials`: {} for none; those of the usual user otherwise, with what is given."""
        usual = {"user": USER, "password_file": str(self.password)}
        route = {"domains": ["*"], "next_hop": f"[{address}]:{SUBMISSION_PORT}",
                 "tls": {"level": "verify", "name": "smart.example", **tls}}
        if credentials != {}:
            route["credentials"] = {key: value for key, value in {**usual, **(credentials or {})}.items() if value}
        return self.start(tls={"ca_file": str(self.certificate.certificate)}, routes=[route])

    def smart_host(self, **config):
        self.smart = Godwit(self, "smart", hostname="smart.example", address=self.net.host(2), certificate=self.certificate,
                            domains={"far.example": ["user"]}, trusted_networks=[], **config)
        return self.smart.with_submission().add_account(USER, PASSWORD)

    def assert_arrives(self):
        identity, content = self.send(TO, message(sender=SENDER), sender=SENDER)
        stored, = self.smart.mailbox(TO).wait()
        self.assertTrue(stored.content.endswith(content.split(b"\r\n\r\n", 1)[1]))
        return identity

    # ---- Godwit ---------------------------------------------------------------------------------------------------

    def test_bound_to_the_channel(self):
        self.smart_host().start()
        self.start_with(self.smart.address)
        self.assert_arrives()
        self.assertTrue(self.smart.events("login", user=USER, mechanism="SCRAM-SHA-256-PLUS"))

    def test_without_binding_where_that_is_wanted(self):
        self.smart_host().start()
        self.start_with(self.smart.address, {"mechanisms": "SCRAM-SHA-256"})
        self.assert_arrives()
        self.assertTrue(self.smart.events("login", user=USER, mechanism="SCRAM-SHA-256"))

    def test_plain_where_the_host_keeps_no_keys(self):
        dovecot = Dovecot(self, {USER: PASSWORD}).start()
        self.smart = Godwit(self, "smart", hostname="smart.example", address=self.net.host(2), certificate=self.certificate,
                            domains={"far.example": ["user"]}, trusted_networks=[],
                            accounts=[{"type": "dovecot", "path": str(dovecot.socket)}])
        self.smart.with_submission().start()
        self.start_with(self.smart.address)
        self.assert_arrives()
        self.assertTrue(self.smart.events("login", user=USER, mechanism="PLAIN"))

    def test_a_wrong_password_delays_the_mail(self):
        self.password.write_text("wrong\n")
        self.smart_host().start()
        self.start_with(self.smart.address, {"mechanisms": ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"]})
        self.send(TO, message(sender=SENDER), sender=SENDER)
        deferred = self.godwit.wait_event("deferred")
        self.assertEqual((deferred["stage"], deferred["code"]), ("auth", 535))

    def test_the_mechanism_that_is_wanted(self):
        self.smart_host().start()
        self.start_with(self.smart.address, {"mechanisms": "LOGIN"})
        self.assert_arrives()
        self.assertTrue(self.smart.events("login", user=USER, mechanism="LOGIN"))

    # ---- a certificate --------------------------------------------------------------------------------------------

    def with_certificates(self):
        authority = Authority(self, "Example CA")
        self.own = authority.issue_to_client("relay", email=USER)
        self.smart_host()
        for listener in self.smart.config["listeners"][1:]:
            listener["client_certificates"] = {"ca_file": str(authority.certificate)}
        self.smart.start()

    def test_a_certificate_is_shown(self):
        self.with_certificates()
        self.start_with(self.smart.address, {}, **self.own.as_config())
        self.assert_arrives()
        login = self.smart.wait_event("login", mechanism="certificate")
        self.assertEqual((login["user"], login["subject"]), (USER, "CN=relay"))

    def test_external_goes_by_the_certificate(self):
        self.with_certificates()
        self.start_with(self.smart.address, {"password_file": None, "mechanisms": "EXTERNAL"}, **self.own.as_config())
        identity = self.assert_arrives()
        said = self.godwit.control("trace", identity).stdout
        self.assertRegex(said, r"> AUTH EXTERNAL")
        self.assertRegex(said, r"< 235")

    def test_a_key_of_another_certificate_is_a_mistake_that_is_told(self):
        self.with_certificates()
        godwit = Godwit(self, "wrong", hostname="mail.abc.example", address=self.net.host(1),
                        routes=[{"next_hop": "[192.0.2.1]", "tls": {
                            "level": "require", "certificate": str(self.own.certificate),
                            "private_key": str(self.certificate.private_key)}}])
        godwit.write_config()
        done = self.run_program(BIN / "godwitd", "--config", godwit.config_file, "--check", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("the private key does not belong to the certificate", done.stdout + done.stderr)

    # ---- Postfix and Dovecot --------------------------------------------------------------------------------------

    @unittest.skipIf(obstacle(), obstacle())
    def test_postfix_with_dovecot(self):
        dovecot = Dovecot(self, {USER: PASSWORD}, mechanisms="scram-sha-256").start()
        Postfix(self, self.net.host(2), {"myhostname": "smart.example", "default_transport": "discard"}, {
            "smtpd_tls_security_level": "may",
            "smtpd_tls_cert_file": self.certificate.certificate, "smtpd_tls_key_file": self.certificate.private_key,
            "smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "dovecot", "smtpd_sasl_path": dovecot.socket,
            "smtpd_relay_restrictions": "permit_sasl_authenticated, reject"}).start()
        self.start_with(self.net.host(2))
        self.send(TO, message(sender=SENDER), sender=SENDER)
        self.godwit.wait_event("delivered")
        self.wait_until(lambda: f"sasl_method=SCRAM-SHA-256, sasl_username={USER}" in (self.folder / "postfix.log").read_text(),
                        "Postfix says how we logged in")


if __name__ == "__main__":
    main()
