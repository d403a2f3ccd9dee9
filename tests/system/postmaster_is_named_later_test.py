#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mail for a postmaster whom nobody has named is held, and reaches him when the configuration does."""

from support.message import large_body, message
from support.peer import ScriptedPeer
from support.receiving_host import ReceivingHost
from support.scenario import main

MALEE, SOMCHAI = "malee@xyz.example", "somchai@xyz.example"


class PostmasterIsNamedLater(ReceivingHost):
    def kept(self, *recipients, content=None):
        """A message that waits for the postmaster; its content."""
        held = self.godwit.status()["queue"]["held"]
        _, content = self.send(list(recipients), content or message(f"to {recipients}"))
        self.wait_until(lambda: self.godwit.status()["queue"]["held"] == held + 1, "it is held")
        return content

    def name(self, postmaster, **config):
        self.godwit.config.update(postmaster=postmaster, **config)
        self.godwit.write_config()
        self.godwit.control("reload")

    def contents(self, address):
        return sorted(stored.content for stored in self.godwit.mailbox(address).messages())

    def test_all_of_it_is_delivered_as_it_was(self):
        self.start()
        sent = [self.kept("Postmaster"), self.kept("postmaster@xyz.example"), self.kept("root@mail.xyz.example"),
                self.kept("Postmaster", content=message("large", body=large_body(700_000)))]
        self.name(MALEE)
        self.godwit.wait_empty_queue()
        self.assertEqual(self.contents(MALEE), sorted(sent))
        self.assertEqual(len(self.godwit.events("forwarded")), 4)

    def test_a_restart_is_as_good(self):
        self.start()
        sent = self.kept("Postmaster")
        self.godwit.config["postmaster"] = MALEE
        self.godwit.restart()
        self.godwit.wait_empty_queue()
        self.assertEqual(self.contents(MALEE), [sent])

    def test_other_recipients_get_no_second_copy(self):
        self.start()
        sent = self.kept(SOMCHAI, "Postmaster", "postmaster@xyz.example")
        self.godwit.mailbox(SOMCHAI).wait()
        self.name(MALEE)
        self.godwit.wait_empty_queue()
        self.assertEqual((self.contents(SOMCHAI), self.contents(MALEE)), ([sent], [sent]))

    def test_he_may_be_several_and_elsewhere(self):
        peer = ScriptedPeer(self, 2, "mx.elsewhere.example")
        self.start(routes=[{"domains": ["elsewhere.example"], "next_hop": f"[{peer.address}]:{peer.port}"}])
        sent = self.kept("Postmaster")
        self.name("chiefs@xyz.example", aliases={"chiefs@xyz.example": [MALEE, "chief@elsewhere.example"]})
        self.godwit.wait_empty_queue()
        self.assertEqual(self.contents(MALEE), [sent])
        (transaction,) = peer.wait()
        self.assertEqual(transaction.recipients, ["chief@elsewhere.example"])
        self.assertTrue(transaction.content.endswith(sent))

    def test_one_who_does_not_exist_changes_nothing(self):
        self.start()
        sent = self.kept("Postmaster")
        (before,) = self.godwit.control_json("queue", "list")["messages"]
        self.name("nobody@xyz.example")
        self.wait_until(lambda: len(self.godwit.events("held")) > 1, "it was looked at again")
        (after,) = self.godwit.control_json("queue", "list")["messages"]
        self.assertEqual((after["id"], after["state"]), (before["id"], "held"))
        self.name(MALEE)
        self.godwit.wait_empty_queue()
        self.assertEqual(self.contents(MALEE), [sent])

    def test_what_the_administrator_holds_stays(self):
        self.start()
        self.kept("Postmaster")
        (entry,) = self.godwit.control_json("queue", "list")["messages"]
        self.godwit.control("queue", "hold", entry["id"])
        self.name(MALEE)
        sent = self.send("Postmaster")[1]
        self.godwit.mailbox(MALEE).wait()
        self.assertEqual(self.contents(MALEE), [sent])
        self.assertEqual(self.godwit.status()["queue"]["held"], 1)
        self.godwit.control("queue", "release", entry["id"])
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.mailbox(MALEE).count(), 2)


if __name__ == "__main__":
    main()
