#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Accounts behind a real saslauthd, as for PAM."""

import os
import unittest

from support.account_servers import Saslauthd
from support.scenario import main
from support.submitting_host import SubmittingHost


@unittest.skipUnless(os.getuid() == 0, "a mount namespace of its own needs root")
class SaslauthdKeepsAccounts(SubmittingHost):
    def serve(self, saslauthd, **options):
        self.saslauthd = saslauthd.start()
        self.start({"type": "saslauthd", "path": str(self.saslauthd.socket), **options})

    def test_users_of_sasldb_log_in(self):
        self.serve(Saslauthd(self).with_sasldb({"alice": "correct horse"}))
        self.assert_logs_in("alice@example.com", "correct horse")
        self.assert_logs_in("alice", "correct horse")
        self.assert_rejected("alice@example.com", "wrong")
        self.assert_rejected("nobody@example.com", "correct horse")
        self.assert_rejected("alice@elsewhere.example", "correct horse")
        self.assert_rejected("alice@example.com", "x" * 1000)
        self.assertNotIn("SCRAM", self.offer)

    def test_users_of_pam_log_in_without_their_domain(self):
        self.serve(Saslauthd(self).with_pam("mailing", "alice", "secret"), domain="example.com", service="mailing")
        self.assert_logs_in("alice@example.com", "secret")
        self.assert_may_send_as("alice@example.com", "secret", "alice@example.com")
        self.assert_rejected("alice@example.com", "wrong")
        self.assert_rejected("alice@elsewhere.example", "secret")
        self.assert_rejected("bob@example.com", "secret")

    def test_a_dead_saslauthd_is_no_wrong_password(self):
        self.serve(Saslauthd(self).with_sasldb({"alice": "correct horse"}))
        self.saslauthd.stop()
        self.assert_unavailable("alice@example.com", "correct horse")
        self.assertIn("accounts[0]: saslauthd: ", self.check().stderr)
        self.saslauthd.start()
        self.assert_logs_in_again("alice@example.com", "correct horse")


if __name__ == "__main__":
    main()
