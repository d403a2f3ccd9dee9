#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Recipients here are told of mail that a check had held; nobody elsewhere is, and nobody is told too often."""

import email
import email.policy

from support.dialogue import Dialogue, queued_id
from support.godwit import Godwit
from support.judged_host import TO, JudgedHost
from support.peer import ScriptedPeer
from support.scenario import main

AWAY = "away@xyz.example"


class HeldMailIsTold(JudgedHost):
    def begin(self, *, interval="1h", **quarantine):
        self.elsewhere = ScriptedPeer(self, 5, "mx.elsewhere.example")
        self.dns.start()
        self.godwit = Godwit(
            self, hostname="mail.xyz.example", address=self.net.host(1), dns=self.dns, trusted_networks=["192.0.2.0/24"],
            domains={"xyz.example": ["somchai", "malee", "postmaster"]}, aliases={AWAY: ["x@elsewhere.example", TO]},
            routes=[{"domains": ["elsewhere.example"], "next_hop": f"[{self.elsewhere.address}]:{self.elsewhere.port}"}],
            policy={"checks": {"mx": ["header"]}, "header": {"missing_date": "quarantine"}},
            tables={"hosted": {"type": "file", "path": str(self.folder / "hosted")}},
            quarantine={"notify": True, "interval": interval, **quarantine})
        (self.folder / "hosted").write_text("hosted.example\n")
        self.godwit.config["domains"]["table:hosted"] = {"deliver": f"maildir:{self.godwit.vmail}/{{domain}}/{{local}}", "recipients": "any"}
        self.godwit.start()

    def hold(self, subject="Hello", to=TO):
        """A message that is held; its id."""
        content = f"From: Mod <mod@abc.example>\r\nSubject: {subject}\r\n\r\nHello\r\n".encode()
        with Dialogue(self.godwit.address, source=self.client) as client:
            client.envelope("mod@abc.example", to, hello="EHLO mail.abc.example")
            return queued_id(client.data(content))

    def notices(self, count, to=TO, timeout=20):
        stored = self.godwit.mailbox(to).wait(count, timeout)
        self.assertEqual(len(stored), count)
        return [email.message_from_bytes(one.raw, policy=email.policy.default) for one in stored]

    def test_a_recipient_learns_what_is_held_and_whom_to_ask(self):
        self.begin(contact="help@xyz.example")
        identity = self.hold("=?utf-8?q?Gr=C3=BC=C3=9Fe=0D=0A=0D=0A=1B[31m?=")
        (notice,) = self.notices(1)
        self.assertEqual((notice["Return-Path"], notice["Auto-Submitted"]), ("<>", "auto-generated"))
        self.assertEqual([one.addr_spec for one in notice["To"].addresses], [TO])
        text = notice.get_content()
        for words in (identity, "<mod@abc.example>", "Subject:  Grüße?????[31m", "The message has no Date", "help@xyz.example"):
            self.assertIn(words, text)
        told = self.godwit.wait_event("quarantine_told")
        self.assertEqual((told["to"], told["messages"]), (f"<{TO}>", 1))
        self.assertEqual(self.godwit.status()["queue"]["held"], 1)
        self.assertIn("The message has no Date", self.godwit.control("queue", "list", "--state", "held").stdout)
        self.godwit.control("queue", "release", identity)
        self.godwit.mailbox(TO).wait(2)

    def test_a_domain_from_a_table_is_here(self):
        self.begin()
        self.hold(to="ann@hosted.example")
        self.notices(1, "ann@hosted.example")

    def test_nobody_elsewhere_is_told(self):
        self.begin()
        self.hold(to=AWAY)
        (notice,) = self.notices(1)
        self.assertEqual([one.addr_spec for one in notice["To"].addresses], [TO])
        self.wait_until(lambda: self.godwit.queued() == 1, "only the held message is left")
        self.assertEqual(self.elsewhere.transactions, [])
        self.assertEqual(len(self.godwit.events("quarantine_told")), 1)

    def test_many_are_told_together_once_in_a_while(self):
        self.begin(interval="30s")
        self.hold("one")
        self.notices(1)
        more = [self.hold(f"more {number}") for number in range(25)]
        deleted, more = more[0], more[1:]
        self.godwit.control("queue", "delete", deleted)
        _, digest = self.notices(2, timeout=60)
        text = digest.get_content()
        self.assertIn(more[0], text)
        self.assertIn("... and 5 more", text)
        self.assertNotIn(deleted, text)
        self.assertNotIn("Subject:  one", text)

    def test_who_is_to_be_told_survives_a_restart(self):
        self.begin(interval="5s")
        self.hold("one")
        self.notices(1)
        told = self.hold("two")
        self.godwit.stop()
        self.godwit.start()
        self.assertIn(told, self.notices(2)[1].get_content())

    def test_a_crash_forgets_nobody(self):
        self.begin()
        told = self.hold()
        self.godwit.restart()
        stored = self.godwit.mailbox(TO).wait()  # perhaps twice
        self.assertIn(told.encode(), stored[0].raw)

    def test_without_the_setting_nobody_is_told(self):
        self.begin()
        self.godwit.config["quarantine"] = {"notify": False}
        self.godwit.write_config()
        self.godwit.control("reload")
        self.hold()
        self.wait_until(lambda: self.godwit.status()["queue"]["held"] == 1, "it is held")
        self.godwit.config["quarantine"] = {"notify": True, "interval": "1h"}
        self.godwit.write_config()
        self.godwit.control("reload")
        told = self.hold("now it is")
        (notice,) = self.notices(1)
        self.assertIn(told, notice.get_content())


if __name__ == "__main__":
    main()
