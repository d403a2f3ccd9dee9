#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Messages are found in the history by sender, recipient, Message-ID, destination, outcome and time, also when they are gone."""

from support.message import message
from support.scenario import main, wait_until
from support.sending_host import SENDER, SendingHost


class MessagesAreFound(SendingHost):
    def found(self, *words):
        return [match["id"] for match in self.godwit.control_json("history", "search", *words)["messages"]]

    def wait_indexed(self):
        def is_indexed():
            history = self.godwit.status()["history"]
            return history["index_bytes"] > 0 and history["not_indexed"] == 0

        wait_until(is_indexed, "all is indexed")

    def test_search(self):
        peer = self.mx("far.example", 10, "mx.far.example", 2, script={"RCPT:bad@far.example": "550 5.1.1 nobody"})
        self.start(aliases={"team@abc.example": ["mod@abc.example", "ann@far.example"]})
        content = b"Message-ID: <the.one@abc.example>\r\n" + message(sender=SENDER)
        one, _ = self.send("ann@far.example", content)
        peer.wait(1)
        bounced, _ = self.send("bad@far.example")
        self.godwit.wait_event("bounced", id=bounced)
        team, _ = self.send("team@abc.example", sender="boss@abc.example")
        peer.wait(2)
        self.godwit.wait_empty_queue()
        # A crash may cost the history its last moment; an orderly stop costs nothing.
        self.assertEqual(self.godwit.stop(), 0)
        self.godwit.start()
        self.assertEqual(self.found("--message-id", "the.one@abc.example"), [one])
        self.assertEqual(self.found("--sender", SENDER), [bounced, one])
        self.assertEqual(self.found("--sender", "@abc.example", "--recipient", "ann@far.example"), [team, one])
        self.assertEqual(self.found("--recipient", "team@abc.example"), [team], "as it was asked for")
        self.assertEqual(self.found("--outcome", "bounced"), [bounced])
        self.assertEqual(self.found("--destination", "far.example", "--outcome", "delivered"), [team, one])
        self.assertEqual(self.found("--sender", "boss@*", "--limit", "1"), [team])
        self.assertEqual(self.found("--sender", "boss@*", "--until", "1h"), [])
        self.assertEqual(self.found("--sender", "boss@*", "--since", "1h"), [team])
        self.assertIn("No such message", self.godwit.control("history", "search", "--sender", "nobody@*").stdout)
        self.assertIn(one, self.godwit.control("history", "search", "--sender", SENDER).stdout)
        self.assertEqual(self.godwit.control("history", "search", "--since", "once", check=False).returncode, 2)

    def test_index_may_be_lost_at_any_time(self):
        peer = self.mx("far.example", 10, "mx.far.example", 2)
        self.start(history={"subjects": True})
        index = self.godwit.folder / "state" / "history.sqlite"
        subject = "=?utf-8?q?Gr=C3=BC=C3=9Fe?= from =?iso-8859-1?q?K=F6ln?="
        one, _ = self.send("ann@far.example", b"Message-ID: <one@abc.example>\r\n" + message(sender=SENDER, subject=subject))
        peer.wait(1)
        self.godwit.wait_empty_queue()
        other, _ = self.send("bob@far.example", message(sender=SENDER, subject="other"))
        peer.wait(2)
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.events("accepted", id=one)[0]["subject"], "Grüße from Köln")
        self.assertEqual(self.godwit.stop(), 0)
        damages = [lambda: None, lambda: index.write_bytes(b"no index " * 1000), index.unlink, lambda: index.write_bytes(index.read_bytes()[:5000])]
        for number, damage in enumerate(damages):
            damage()
            self.godwit.start()
            if number:
                wait_until(lambda: len(self.godwit.events("history_index_rebuilt")) == number, "it is made anew")
            self.wait_indexed()
            self.assertEqual(self.found("--subject", "grüße*köln"), [one])
            self.assertEqual(self.found("--message-id", "one@*", "--outcome", "delivered"), [one])
            self.assertEqual(self.found("--recipient", "bob@*"), [other])
            self.assertEqual(self.found("--sender", "@abc.example"), [other, one])
            self.send("ann@far.example", sender="boss@other.example")  # mail goes on
            peer.wait(3 + number)
            self.godwit.wait_empty_queue()
            self.assertEqual(self.godwit.stop(), 0)
        self.assertEqual(self.godwit.events("history_index_not_written"), [])

    def test_crash_leaves_it_where_it_was(self):
        peer = self.mx("far.example", 10, "mx.far.example", 2)
        self.start()
        one, _ = self.send("ann@far.example")
        peer.wait(1)
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.stop(), 0)
        self.godwit.start()
        for _ in range(3):
            self.wait_indexed()
            self.assertEqual(self.found("--recipient", "ann@far.example"), [one])
            self.godwit.restart()
        self.assertEqual(self.godwit.events("history_index_rebuilt"), [])


if __name__ == "__main__":
    main()
