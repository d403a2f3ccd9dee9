#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A table in a text file: its forms, its changes while the daemon runs, and what is wrong with it."""

from support.scenario import main
from support.table_host import TableHost


class TextTableChanges(TableHost):
    def setUp(self):
        super().setUp()
        self.aliases, self.people, self.members = (self.folder / name for name in ("aliases", "people", "members"))
        self.members.write_text("somchai@xyz.example\n# on leave: malee@xyz.example\n")
        self.aliases.write_text("# the machine's\npostmaster: root\nroot: malee@xyz.example\nteam: :include:%s\n"
                                "sales-*@xyz.example: somchai@xyz.example\ndecode: |/usr/bin/uudecode\n" % self.members)
        self.people.write_text("somchai\nmalee@xyz.example\n")
        self.start(origin="xyz.example", domains={"xyz.example": "table:people"}, aliases=["table:aliases"],
                   tables={"aliases": {"type": "file", "path": str(self.aliases)},
                           "people": {"type": "file", "path": str(self.people)}})

    def test_its_forms(self):
        self.assert_reaches("postmaster", "malee@xyz.example")
        self.assert_reaches("Team+x@xyz.example", "somchai@xyz.example")
        self.assert_reaches("sales-fr@xyz.example", "somchai@xyz.example")
        self.assert_exists("malee@xyz.example")
        self.assert_unknown("decode@xyz.example", "nobody@xyz.example")
        self.assertIn("no program", self.check().stderr)

    def test_changes_while_it_runs(self):
        self.assert_unknown("new@xyz.example")
        self.people.write_text(self.people.read_text() + "new\n")
        self.assert_exists_again("new@xyz.example")
        with open(self.members, "a") as members:
            members.write("malee@xyz.example\n")
        self.godwit.wait_event("table_reloaded", table="aliases")
        self.assert_reaches("team@xyz.example", "somchai@xyz.example", "malee@xyz.example")
        # Replaced in one step, as editors do.
        replacement = self.folder / "replacement"
        replacement.write_text("somchai\n")
        replacement.rename(self.people)
        self.wait_until(lambda: self.rcpt("new@xyz.example").startswith("550"), "what was removed is unknown")

    def test_domains(self):
        domains = self.folder / "domains"
        domains.write_text("hosted.example\n")
        self.people.write_text(self.people.read_text() + "ann@hosted.example\n")
        self.godwit.config["tables"]["domains"] = {"type": "file", "path": str(domains)}
        self.godwit.config["domains"]["table:domains"] = {
            "deliver": f"maildir:{self.folder}/godwit/vmail/{{domain}}/{{local}}", "recipients": "table:people"}
        self.godwit.write_config()
        self.godwit.control("reload")
        self.assert_exists_again("ann@hosted.example")
        self.assert_reaches("ann@hosted.example", "ann@hosted.example")
        self.assert_unknown("bob@hosted.example")

    def test_errors_keep_the_old_content(self):
        self.aliases.write_text(": nobody\n")
        refused = self.godwit.wait_event("table_refused", table="aliases")
        self.assertIn(f"{self.aliases}:1: there is no key", refused["reason"])
        self.assert_exists("team@xyz.example")
        self.aliases.unlink()
        self.wait_until(lambda: len(self.godwit.events("table_refused", table="aliases")) > 1, "it is missed")
        self.assert_exists("team@xyz.example")
        self.assertEqual(self.check().returncode, 2)
        self.aliases.write_text("team: malee@xyz.example\n")
        self.godwit.wait_event("table_reloaded", table="aliases")
        self.assert_reaches("team@xyz.example", "malee@xyz.example")


if __name__ == "__main__":
    main()
