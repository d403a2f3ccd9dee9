#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`recipients: accounts` asks every store that can tell: tables, a directory, Dovecot's userdb, all of them real servers."""

import os
import sqlite3
import unittest

from support.account_servers import Dovecot, Postgresql, Slapd
from support.certificate import Certificate
from support.scenario import main
from support.table_host import TableHost

ALICE, BOB, NOBODY = "alice@example.com", "bob@example.com", "nobody@example.com"


class AccountsReceive(TableHost):
    def start(self, *stores, **config):
        return super().start(domains={"example.com": "accounts"}, accounts=list(stores), **config)

    def try_outage(self, server):
        """What is kept counts for a moment; then mail waits, and flows again by itself."""
        server.stop()
        self.assert_deferred(ALICE, NOBODY)
        self.assertTrue(self.godwit.events("lookup_failed"))
        self.assertIn("accounts[", self.check().stderr)
        server.start()
        self.assert_exists_again(ALICE)
        self.assert_unknown(NOBODY)

    def test_postgresql(self):
        server = Postgresql(self).start()
        server.sql("CREATE TABLE users (name text primary key, password text)")
        server.sql("INSERT INTO users VALUES ('alice@example.com', NULL), ('bob@example.com', 'x')")
        self.start({"type": "postgresql", "connection": server.connection,
                    "query": "SELECT password FROM users WHERE name = $1"})
        self.assert_exists(ALICE, "Alice+lists@example.com", BOB)
        self.assert_unknown(NOBODY, '"x\' or 1=1"@example.com')
        self.assert_reaches(BOB, BOB)
        server.sql("INSERT INTO users VALUES ('carol@example.com', NULL)")
        self.assert_exists_again("carol@example.com")
        self.try_outage(server)

    def test_sqlite_and_a_file_before_it(self):
        database = self.folder / "users.sqlite"
        with sqlite3.connect(database) as connection:
            connection.execute("CREATE TABLE users (name text primary key, password text)")
            connection.execute("INSERT INTO users VALUES ('bob@example.com', NULL)")
        connection.close()
        accounts = self.folder / "accounts.yaml"
        accounts.write_text("alice@example.com: {}\n")
        self.start(str(accounts), {"type": "sqlite", "path": str(database), "query": "SELECT password FROM users WHERE name = :user"})
        self.assert_exists(ALICE, BOB)
        self.assert_unknown(NOBODY)
        away = database.rename(self.folder / "away")
        self.assert_exists(ALICE)  # the file decides about its own
        self.assert_deferred(NOBODY)
        away.rename(database)
        self.wait_until(lambda: self.rcpt(NOBODY).startswith("550"), "the table is asked again")

    def test_ldap(self):
        address = self.net.host(9)
        slapd = Slapd(self, 9, Certificate(self, "ldap.example.com", address), {"alice": "x", "bob": "y"}).start()
        password = self.folder / "reader.pass"
        password.write_text(Slapd.READER_PASSWORD + "\n")
        self.start({"type": "ldap", "url": f"ldaps://{address}:20636", "base": "dc=example,dc=com", "filter": "(mail={user})",
                    "bind_dn": Slapd.READER, "bind_password_file": str(password), "ca_file": str(slapd.certificate.certificate)})
        self.assert_exists(ALICE, BOB, "bob+x@example.com")
        self.assert_unknown(NOBODY, "*@example.com", "al*@example.com", '"*)(mail=alice"@example.com')
        self.try_outage(slapd)

    @unittest.skipUnless(os.getuid() == 0, "Dovecot gives its processes users of their own")
    def test_dovecot_s_userdb(self):
        dovecot = Dovecot(self, {ALICE: "x", BOB: "y"}).start()
        self.start({"type": "dovecot", "path": str(dovecot.socket), "userdb": str(dovecot.userdb)})
        self.assert_exists(ALICE, "ALICE+x@example.com", BOB)
        self.assert_unknown(NOBODY)
        self.try_outage(dovecot)

    def test_who_cannot_tell_says_so(self):
        accounts = self.folder / "accounts.yaml"
        accounts.write_text("alice@example.com: {}\n")
        self.start(str(accounts))
        self.godwit.config["accounts"] = [str(accounts), {"type": "saslauthd", "path": "/nonexistent"}]
        self.assertIn("saslauthd cannot tell which addresses exist", self.check().stderr)
        self.godwit.config["accounts"] = [{"type": "dovecot", "path": "/nonexistent"}]
        done = self.check()
        self.assertEqual(done.returncode, 2)
        self.assertIn("no store can tell which accounts there are", done.stderr)


if __name__ == "__main__":
    main()
