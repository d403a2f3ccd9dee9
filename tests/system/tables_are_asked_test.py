#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Aliases, domains and recipients in tables of SQLite, PostgreSQL and LDAP, all of them real."""

import sqlite3

from support.account_servers import Postgresql, Slapd
from support.certificate import Certificate
from support.peer import ScriptedPeer
from support.scenario import main
from support.table_host import TableHost

SCHEMA = """
CREATE TABLE aliases (address text, target text);
CREATE TABLE domains (name text);
CREATE TABLE people (name text, domain text);
INSERT INTO aliases VALUES ('team@xyz.example', 'somchai@xyz.example,malee@xyz.example'), ('@old.example', '@xyz.example');
INSERT INTO aliases VALUES ('all@xyz.example', 'team@xyz.example'), ('all@xyz.example', 'ann@hosted.example');
INSERT INTO domains VALUES ('hosted.example');
INSERT INTO people VALUES ('ann', 'hosted.example');
"""


class SqlTables(TableHost):
    """What both have to show; self.execute(sql) and self.source are the database's."""

    def start_with_tables(self, **changes):
        maildir = f"maildir:{self.folder}/godwit/vmail/{{domain}}/{{local}}"
        queries = {"aliases": "SELECT target FROM aliases WHERE address = {key}",
                   "hosted": "SELECT 1 FROM domains WHERE name = {key}",
                   "people": "SELECT NULL FROM people WHERE name = {local} AND domain = {domain}", **changes}
        self.start(trusted_networks=[],
                   tables={name: {**self.source, "query": query} for name, query in queries.items()},
                   aliases=["table:aliases", {"own@xyz.example": "malee@xyz.example"}],
                   domains={"xyz.example": ["somchai", "malee"], "old.example": []})
        self.godwit.config["domains"]["table:hosted"] = {"deliver": maildir, "recipients": "table:people"}
        self.godwit.write_config()
        self.godwit.control("reload")

    def show(self):
        for statement in SCHEMA.strip().splitlines():
            self.execute(statement)
        self.start_with_tables()
        self.assert_reaches("all@xyz.example", "somchai@xyz.example", "malee@xyz.example", "ann@hosted.example")
        self.assert_reaches("Malee+x@old.example", "malee@xyz.example")
        self.assert_reaches("own@xyz.example", "malee@xyz.example")
        self.assert_exists("ann+x@hosted.example")
        self.assert_unknown("bob@hosted.example", "nobody@xyz.example")
        self.assertEqual(self.rcpt("x@elsewhere.example")[:9], "554 5.7.1")
        for name in ("x' OR '1'='1", "x'; DROP TABLE people; --", "{domain}"):
            self.assert_unknown(f'"{name}"@xyz.example')
        self.execute("INSERT INTO people VALUES ('bob', 'hosted.example')")
        self.execute("INSERT INTO domains VALUES ('more.example')")
        self.assert_exists_again("bob@hosted.example")
        self.wait_until(lambda: self.rcpt("x@more.example").startswith("550 5.1.1"), "a domain is added while it runs")


class SqliteTables(SqlTables):
    def setUp(self):
        super().setUp()
        self.database = self.folder / "mail.sqlite"
        self.source = {"type": "sqlite", "path": str(self.database)}

    def execute(self, sql):
        with sqlite3.connect(self.database) as connection:
            connection.execute(sql)
        connection.close()

    def test_sqlite(self):
        self.show()
        away = self.database.rename(self.folder / "away")
        self.assert_deferred("nobody@xyz.example", "x@elsewhere.example")
        away.rename(self.database)
        self.assert_exists_again("team@xyz.example")
        self.assert_unknown("nobody@xyz.example")

    def test_answers_are_kept(self):
        for statement in SCHEMA.strip().splitlines():
            self.execute(statement)
        self.start_with_tables()
        self.godwit.config["lookups"]["cache"] = {"present": "1h", "absent": "1h"}
        self.godwit.write_config()
        self.godwit.control("reload")
        self.assert_exists("ann@hosted.example")
        self.assert_unknown("bob@hosted.example")
        self.execute("DELETE FROM people")
        self.execute("INSERT INTO people VALUES ('bob', 'hosted.example')")
        self.assert_exists("ann@hosted.example")
        self.assert_unknown("bob@hosted.example")

    def forward_to(self, peer, **retry):
        """Mail for away@hosted.example, a domain that a table knows, goes to the peer; gives the message's id."""
        for statement in (*SCHEMA.strip().splitlines(), "INSERT INTO aliases VALUES ('away@hosted.example', 'me@far.example')"):
            self.execute(statement)
        self.start_with_tables()
        self.godwit.config["routes"] = [{"domains": ["far.example"], "next_hop": f"[{peer.address}]:{peer.port}"}]
        self.godwit.config["delivery"]["retry"].update(retry)
        self.godwit.write_config()
        self.godwit.control("reload")
        return self.send("away@hosted.example")[0]

    def test_what_is_forwarded_later_is_rewritten_too(self):
        """The answers of the first attempt are forgotten when the second one comes."""
        peer = ScriptedPeer(self, 9, "mx.far.example", script={"RCPT": ["451 4.3.0 come back later", "250 2.1.5 Ok"]})
        self.forward_to(peer, first="3s", max="3s")
        [transaction] = peer.wait()
        senders = [command for command in peer.commands if command.startswith("MAIL")]
        self.assertEqual(len(senders), 2)
        for command in senders:
            self.assertIn("<SRS0=", command)
        self.assertTrue(transaction.content.startswith(b"Delivered-To: away@hosted.example\r\n"), transaction.content[:100])

    def test_what_is_forwarded_waits_while_its_domain_cannot_be_looked_up(self):
        peer = ScriptedPeer(self, 9, "mx.far.example", up=False)
        identity = self.forward_to(peer)
        self.godwit.wait_event("deferred", id=identity)
        away = self.database.rename(self.folder / "away")

        def waits_for_the_table():
            return sum("A domain cannot be looked up" in event["reply"] for event in self.godwit.events("deferred", id=identity))

        self.wait_until(waits_for_the_table, "it waits for the table")
        peer.up()
        before = waits_for_the_table()
        self.wait_until(lambda: waits_for_the_table() > before, "it goes on waiting")
        self.assertEqual(peer.connections, 0)
        away.rename(self.database)
        self.assertTrue(peer.wait()[0].sender.startswith("SRS0="))


    def test_users_of_a_domain_in_a_table_are_not_suppressed(self):
        """Suppression is for addresses elsewhere, whatever a store of ours says."""
        store = ScriptedPeer(self, 9, lmtp=True, script={"RCPT": "550 5.1.1 no such user"})
        for statement in SCHEMA.strip().splitlines():
            self.execute(statement)
        self.start_with_tables()
        self.godwit.config["domains"]["table:hosted"]["deliver"] = f"lmtp:{store.address}:{store.port}"
        self.godwit.config["suppression"] = {"enabled": True}
        self.godwit.stop()
        self.godwit.start()
        identity, _ = self.send("ann@hosted.example")
        self.assertEqual(self.godwit.wait_event("bounced", id=identity)["class"], "bad_mailbox")
        self.assertEqual(self.godwit.control_json("suppression", "list")["suppressions"], [])
        self.assert_exists("ann@hosted.example")
        way, = self.godwit.control_json("route", "ann@hosted.example")["ways"]
        self.assertEqual(way["rule"], "domains.hosted.example")


class PostgresqlTables(SqlTables):
    def setUp(self):
        super().setUp()
        self.server = Postgresql(self).start()
        self.source = {"type": "postgresql", "connection": self.server.connection, "timeout": "2s"}

    def execute(self, sql):
        self.server.sql(sql)

    def test_postgresql(self):
        self.show()
        self.server.stop()
        self.assert_deferred("team@xyz.example", "x@elsewhere.example")
        self.assertIn("tables.people: ", self.check().stderr)
        self.assertTrue(self.godwit.events("lookup_failed"))
        self.server.start()
        self.assert_exists_again("team@xyz.example", "ann@hosted.example")
        self.assert_unknown("nobody@xyz.example")

    def test_a_wrong_query_defers_and_is_reported(self):
        self.execute("CREATE TABLE domains (name text)")
        self.start_with_tables(aliases="SELECT target FROM nowhere WHERE address = {key}")
        self.assert_deferred("somchai@xyz.example")
        self.assertIn("nowhere", self.godwit.wait_event("lookup_failed")["reason"])
        self.assertIn("tables.aliases: ", self.check().stderr)


class LdapTables(TableHost):
    def test_ldap(self):
        address = self.net.host(9)
        slapd = Slapd(self, 9, Certificate(self, "ldap.example.com", address), {"alice": "x", "bob": "y"}).start()
        password = self.folder / "reader.pass"
        password.write_text(Slapd.READER_PASSWORD + "\n")
        server = {"type": "ldap", "url": f"ldaps://{address}:20636", "base": "dc=example,dc=com", "bind_dn": Slapd.READER,
                  "bind_password_file": str(password), "ca_file": str(slapd.certificate.certificate)}
        self.start(tables={"people": {**server, "filter": "(mail={key})"},
                           "ours": {**server, "filter": "(mail=*@{key})"},
                           "names": {**server, "filter": "(&(sn={local})(sn={local}))", "attributes": "mail"}},
                   aliases=["table:names"], domains={"xyz.example": []})
        self.godwit.config["domains"]["table:ours"] = {
            "deliver": f"maildir:{self.folder}/godwit/vmail/{{domain}}/{{local}}", "recipients": "table:people"}
        self.godwit.write_config()
        self.godwit.control("reload")
        self.assert_exists("alice@example.com")
        self.assert_reaches("bob@xyz.example", "bob@example.com")
        self.assert_unknown("nobody@example.com", "*@example.com", '"*)(sn=alice"@xyz.example')
        slapd.stop()
        self.assert_deferred("alice@example.com", "nobody@xyz.example")
        slapd.start()
        self.assert_exists_again("alice@example.com", "bob@xyz.example")


del SqlTables  # only a base


if __name__ == "__main__":
    main()
