#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Accounts that a real Dovecot keeps, asked over its auth socket."""

import os
import unittest

from support.account_servers import Dovecot
from support.scenario import main
from support.submitting_host import SubmittingHost

ALICE, PASSWORD = "alice@example.com", "correct horse"


@unittest.skipUnless(os.getuid() == 0, "Dovecot gives its processes users of their own")
class DovecotKeepsAccounts(SubmittingHost):
    def setUp(self):
        super().setUp()
        self.dovecot = Dovecot(self, {ALICE: PASSWORD, "bob@example.com": "another"}).start()
        self.store = {"type": "dovecot", "path": str(self.dovecot.socket)}

    def test_users_log_in(self):
        self.start(self.store)
        self.assert_logs_in(ALICE, PASSWORD)
        self.assert_logs_in("Alice", PASSWORD)
        self.assert_rejected(ALICE, "wrong")
        self.assert_rejected("nobody@example.com", PASSWORD)
        for _ in range(5):
            self.assert_logs_in(ALICE, PASSWORD)
        self.assertNotIn("SCRAM", self.offer, "Dovecot's PLAIN has no keys")
        self.assert_may_send_as(ALICE, PASSWORD, ALICE)
        self.assert_may_send_as(ALICE, PASSWORD, "bob@example.com", "553")

    def test_nothing_is_injected_by_a_user_name(self):
        self.start(self.store)
        self.assert_rejected("x\tresp=AGFsaWNlQGV4YW1wbGUuY29tAGNvcnJlY3QgaG9yc2U=", "wrong")
        self.assert_rejected(f"x\nAUTH\t1\tPLAIN\tservice=smtp", "wrong")
        self.assert_logs_in(ALICE, PASSWORD)

    def test_a_dead_dovecot_is_no_wrong_password(self):
        self.start(self.store)
        self.assert_logs_in(ALICE, PASSWORD)
        self.dovecot.stop()
        self.assert_unavailable(ALICE, PASSWORD)
        self.assertIn("accounts[0]: dovecot: ", self.check().stderr)
        self.dovecot.start()
        self.assert_logs_in_again(ALICE, PASSWORD)
        self.assertEqual(self.check().returncode, 0)
        self.assertNotIn("accounts[0]", self.check().stderr)

    def test_a_file_before_it_decides_about_its_own(self):
        accounts = self.folder / "accounts.yaml"
        accounts.write_text('alice@example.com: {password: "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g."}\n')
        self.start(str(accounts), self.store)
        self.assert_logs_in(ALICE, "password")
        self.assert_rejected(ALICE, PASSWORD)
        self.assert_logs_in("bob@example.com", "another")


if __name__ == "__main__":
    main()
