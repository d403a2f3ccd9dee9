# SPDX-License-Identifier: Apache-2.0
"""A host whose users log in on port 465; their accounts are kept where a scenario says."""

import base64

from .certificate import Certificate
from .dialogue import Dialogue
from .godwit import Godwit
from .scenario import BIN, SUBMISSIONS_PORT, Scenario


class SubmittingHost(Scenario):
    programs = BIN

    def setUp(self):
        super().setUp()
        self.address = self.net.host(1)
        self.certificate = Certificate(self, "mail.example.com", self.address)

    def start(self, *accounts, **config):
        """`accounts`: paths and maps, as in the configuration."""
        self.godwit = Godwit(self, hostname="mail.example.com", address=self.address, domains={"example.com": "any"},
                             certificate=self.certificate, trusted_networks=[], origin="example.com",
                             accounts=list(accounts), **config)
        return self.godwit.with_submission().start()

    def secure(self):
        client = Dialogue(self.address, SUBMISSIONS_PORT, context=self.certificate.client_context(),
                          server_hostname="mail.example.com", timeout=100)
        self.offer = client.say("EHLO pc.example.com", "250")
        return client

    def log_in(self, user, password):
        """The reply."""
        with self.secure() as client:
            return client.say("AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode())

    def assert_logs_in(self, user, password):
        self.assertEqual(self.log_in(user, password), "235 2.7.0 Authentication successful")

    def assert_rejected(self, user, password):
        self.assertEqual(self.log_in(user, password), "535 5.7.8 Authentication credentials invalid")

    def assert_unavailable(self, user, password):
        self.assertEqual(self.log_in(user, password), "454 4.7.0 Temporary authentication failure")

    def assert_logs_in_again(self, user, password):
        """After a failure a store rests for a moment."""
        self.wait_until(lambda: self.log_in(user, password).startswith("235"), "the store is asked again")

    def assert_may_send_as(self, user, password, sender, code="250"):
        with self.secure() as client:
            client.say("AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode(), "235")
            client.say(f"MAIL FROM:<{sender}>", code)

    def check(self):
        """What --check says."""
        self.godwit.write_config()
        return self.run_program(BIN / "godwitd", "--check", "--config", self.godwit.config_file, check=False)
