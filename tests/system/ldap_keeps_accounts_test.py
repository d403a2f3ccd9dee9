#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Accounts in a real LDAP directory (slapd): search, then bind as what was found."""

from support.account_servers import Slapd
from support.certificate import Certificate
from support.scenario import main
from support.submitting_host import SubmittingHost

ALICE, PASSWORD = "alice@example.com", "correct horse"


class LdapKeepsAccounts(SubmittingHost):
    def setUp(self):
        super().setUp()
        address = self.net.host(9)
        self.slapd = Slapd(self, 9, Certificate(self, "ldap.example.com", address), {"alice": PASSWORD, "bob": "another"}).start()
        password = self.folder / "reader.pass"
        password.write_text(Slapd.READER_PASSWORD + "\n")
        self.store = {"type": "ldap", "url": f"ldaps://{address}:20636", "base": "dc=example,dc=com", "filter": "(mail={user})",
                      "bind_dn": Slapd.READER, "bind_password_file": str(password), "ca_file": str(self.slapd.certificate.certificate)}

    def try_users(self):
        self.assert_logs_in(ALICE, PASSWORD)
        self.assert_logs_in("bob", "another")
        self.assert_rejected(ALICE, "wrong")
        self.assert_rejected("nobody@example.com", PASSWORD)

    def test_users_log_in_over_ldaps(self):
        self.start(self.store)
        self.try_users()
        self.assertNotIn("SCRAM", self.offer)
        self.assertEqual(self.check().stderr.count("accounts"), 0)

    def test_users_log_in_after_starttls(self):
        self.start({**self.store, "url": f"ldap://{self.slapd.address}:20389", "start_tls": True})
        self.try_users()

    def test_nothing_is_injected_by_a_user_name(self):
        self.start({**self.store, "filter": "(uid={local})"})
        self.assert_logs_in(ALICE, PASSWORD)
        for user in ("*", "al*", "alice)(uid=*", "alice\\", "*)(|(uid=alice)"):
            self.assert_rejected(user, PASSWORD)

    def test_the_directory_names_the_account(self):
        self.start({**self.store, "filter": "(|(mail={user})(uid={local}))", "name_attribute": "mail"})
        self.assert_may_send_as("alice@old.example", PASSWORD, ALICE)
        self.assert_may_send_as("alice@old.example", PASSWORD, "alice@old.example", "553")

    def test_a_file_behind_lists_further_senders(self):
        senders = self.folder / "senders.yaml"
        senders.write_text(f"{ALICE}: {{senders: [sales@example.com]}}\n")
        self.start(self.store, str(senders))
        self.assert_may_send_as(ALICE, PASSWORD, "sales@example.com")
        self.assert_may_send_as(ALICE, PASSWORD, ALICE)
        self.assert_may_send_as(ALICE, PASSWORD, "board@example.com", "553 5.7.1")
        self.assert_may_send_as("bob@example.com", "another", "sales@example.com", "553 5.7.1")
        self.assert_rejected(ALICE, "wrong")
        self.assert_rejected(ALICE, "")
        self.assertNotIn("accounts", self.check().stderr)

    def test_a_server_that_is_not_trusted_gets_no_password(self):
        other = Certificate(self, "other.example.com")
        self.start({**self.store, "ca_file": str(other.certificate)})
        self.assert_unavailable(ALICE, PASSWORD)

    def test_a_dead_server_is_no_wrong_password(self):
        self.start(self.store)
        self.slapd.stop()
        self.assert_unavailable(ALICE, PASSWORD)
        self.assertIn("accounts[0]: ldap: ", self.check().stderr)
        self.slapd.start()
        self.assert_logs_in_again(ALICE, PASSWORD)

    def test_a_server_that_hangs_is_no_wrong_password(self):
        self.start({**self.store, "timeout": "300ms"})
        self.slapd.process.send_signal(19)  # SIGSTOP
        self.assert_unavailable(ALICE, PASSWORD)
        self.slapd.process.send_signal(18)
        self.assert_logs_in_again(ALICE, PASSWORD)

    def test_passwords_do_not_cross_the_network_in_the_clear(self):
        self.start(self.store)
        self.godwit.config["accounts"] = [{**self.store, "url": "ldap://ldap.example.com"}]
        done = self.check()
        self.assertEqual(done.returncode, 2)
        self.assertIn("passwords would go to ldap://ldap.example.com in the clear", done.stderr)


if __name__ == "__main__":
    main()
