#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Accounts in a table of PostgreSQL (a real server) and of SQLite: hashes for PLAIN, keys for SCRAM, senders."""

import sqlite3

from support.account_servers import Postgresql
from support.scenario import BIN, main
from support.scram import ScramClient
from support.submitting_host import SubmittingHost

ALICE, PASSWORD = "alice@example.com", "correct horse"
COLUMNS = "name text primary key, password text, scram text, senders text, busy boolean"


class Tables:
    """What both have to show; self.execute(sql) and self.store are the database's."""

    def fill(self, name, password, senders=""):
        """With hash and keys as godwitctl makes them."""
        file = self.folder / "made.yaml"
        self.run_program(BIN / "godwitctl", "account", "add", name, "--file", file, "--password-stdin", input=password + "\n")
        line = next(line for line in file.read_text().splitlines() if line.startswith(name))
        hashed, scram = line.split('"')[1], line.split('"')[3]
        self.execute(f"INSERT INTO users VALUES ('{name}', '{hashed}', '{scram}', '{senders}', false)")

    def test_users_log_in(self):
        self.fill(ALICE, PASSWORD, "sales@example.com, @lists.example.com")
        self.execute("INSERT INTO users VALUES ('locked@example.com', NULL, NULL, NULL, false)")
        self.start(self.store)
        self.assert_logs_in(ALICE, PASSWORD)
        self.assert_logs_in("ALICE", PASSWORD)
        self.assert_rejected(ALICE, "wrong")
        self.assert_rejected("nobody@example.com", PASSWORD)
        self.assert_rejected("locked@example.com", "")
        self.assert_rejected("locked@example.com", "x")
        self.assert_rejected("x' OR '1'='1", PASSWORD)
        self.assertNotIn("SCRAM", self.offer, "nobody said that all have keys")
        for sender, code in ((ALICE, "250"), ("sales@example.com", "250"), ("any@lists.example.com", "250"), ("bob@example.com", "553")):
            self.assert_may_send_as(ALICE, PASSWORD, sender, code)
        self.fill("bob@example.com", "another")
        self.assert_logs_in("bob@example.com", "another")

    def test_scram_by_keys_of_the_table(self):
        self.fill(ALICE, PASSWORD)
        self.start({**self.store, "scram": True})
        with self.secure() as client:
            self.assertIn("SCRAM-SHA-256", self.offer)
            self.assertEqual(ScramClient(ALICE, PASSWORD).log_in(client)[:3], "235")
        for user in (ALICE, "nobody@example.com"):
            with self.secure() as client:
                self.assertEqual(ScramClient(user, "wrong").log_in(client)[:9], "535 5.7.8")

    def test_a_wrong_query_is_reported(self):
        self.start({**self.store, "query": "SELECT password FROM nowhere WHERE name = $1"})
        self.assert_unavailable(ALICE, PASSWORD)
        self.assertIn("nowhere", self.godwit.wait_event("login_unavailable")["reason"])
        self.assertIn("nowhere", self.check().stderr)


class SqliteKeepsAccounts(Tables, SubmittingHost):
    def setUp(self):
        super().setUp()
        self.database = self.folder / "users.sqlite"
        self.store = {"type": "sqlite", "path": str(self.database),
                      "query": "SELECT password, scram, senders FROM users WHERE name = :user"}
        self.execute(f"CREATE TABLE users ({COLUMNS})")

    def execute(self, sql):
        with sqlite3.connect(self.database) as database:
            database.execute(sql)
        database.close()

    def test_a_query_that_never_ends_is_ended(self):
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS password FROM n WHERE $1 <> ''"
        self.start({**self.store, "query": endless, "timeout": "300ms"})
        self.assert_unavailable(ALICE, PASSWORD)


class PostgresqlKeepsAccounts(Tables, SubmittingHost):
    def setUp(self):
        super().setUp()
        self.server = Postgresql(self).start()
        self.store = {"type": "postgresql", "connection": self.server.connection,
                      "query": "SELECT password, scram, senders FROM users WHERE name = $1"}
        self.execute(f"CREATE TABLE users ({COLUMNS})")

    def execute(self, sql):
        self.server.sql(sql)

    def test_a_server_that_was_restarted_is_asked_again(self):
        self.fill(ALICE, PASSWORD)
        self.start(self.store)
        self.assert_logs_in(ALICE, PASSWORD)
        self.server.stop()
        self.server.start()
        self.assert_logs_in(ALICE, PASSWORD)
        self.server.stop()
        self.assert_unavailable(ALICE, PASSWORD)
        self.assertIn("accounts[0]: postgresql: ", self.check().stderr)
        self.server.start()
        self.assert_logs_in_again(ALICE, PASSWORD)

    def test_a_slow_query_holds_nobody_else_up(self):
        accounts = self.folder / "accounts.yaml"
        accounts.write_text('bob@example.com: {password: "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g."}\n')
        self.start(str(accounts), {**self.store, "query": "SELECT password, pg_sleep(60) FROM users WHERE name <> $1", "timeout": "300ms"})
        self.fill(ALICE, PASSWORD)
        self.assert_unavailable("who@example.com", PASSWORD)
        self.assert_logs_in("bob@example.com", "password")


if __name__ == "__main__":
    main()
