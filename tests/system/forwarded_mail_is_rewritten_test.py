#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mail that an alias forwards leaves with an SRS address, which leads its bounces back; beside PostSRSd and Mail::SRS."""

import itertools
import re
import socket
import subprocess

from support.message import large_body, message
from support.peer import ScriptedPeer
from support.receiving_host import SENDER, ReceivingHost
from support.scenario import kill_after, main, wait_until

SECRET, OLD_SECRET = "the-secret-of-today", "the-secret-of-yesterday"
ALIAS, TARGET = "away@xyz.example", "me@elsewhere.example"


class ForwardedMailIsRewritten(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.peer = ScriptedPeer(self, 2, "mx.elsewhere.example")
        self.back = ScriptedPeer(self, 3, "mx.abc.example")
        self.secrets = self.folder / "srs.secrets"
        self.secrets.write_text(f"{SECRET}\n{OLD_SECRET}\n")
        self.start(trusted_networks=[], domains={"xyz.example": ["somchai", "malee"]},
                   aliases={ALIAS: [TARGET, "malee@xyz.example"]},
                   srs={"secrets_file": str(self.secrets)},
                   routes=[{"domains": ["elsewhere.example"], "next_hop": f"[{self.peer.address}]:{self.peer.port}"},
                           {"domains": ["abc.example", "third.example"],
                            "next_hop": f"[{self.back.address}]:{self.back.port}"}])

    def forwarded_sender(self, sender=SENDER):
        """The sender with which mail from `sender` to the alias leaves."""
        before = len(self.peer.transactions)
        self.send(ALIAS, sender=sender)
        return self.peer.wait(before + 1)[before].sender

    def perl(self, method, *arguments, secrets=(SECRET,)):
        """What Mail::SRS makes of it."""
        code = f'print Mail::SRS->new(Secret => [{",".join(repr(s) for s in secrets)}])->{method}(@ARGV)'
        return self.run_program("perl", "-MMail::SRS", "-e", code, *arguments).stdout.strip()

    def postsrsd(self):
        """A PostSRSd with the same secret; a function that asks its forward or reverse table."""
        address, ports = self.net.host(4), {"forward": 20101, "reverse": 20102}
        secret = self.folder / "postsrsd.secret"
        secret.write_text(SECRET + "\n")
        process = subprocess.Popen(
            ["/usr/sbin/postsrsd", "-s", str(secret), "-d", "xyz.example", "-l", address,
             "-f", str(ports["forward"]), "-r", str(ports["reverse"])],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        kill_after(self, process, "postsrsd")

        def ask(table, mailbox):
            with socket.create_connection((address, ports[table]), timeout=10) as connection:
                connection.sendall(f"get {mailbox}\n".encode())
                return connection.makefile().readline().strip()

        def is_up():
            try:
                return ask("forward", "a@b.example").startswith("200 ")
            except OSError:
                return False

        wait_until(is_up, "postsrsd answers")
        return ask

    def assert_refused(self, recipient, words):
        with self.connect() as client:
            client.say("EHLO client.example", "250")
            client.say("MAIL FROM:<>", "250")
            reply = client.say(f"RCPT TO:<{recipient}>", "550")
            self.assertIn("5.7.1", str(reply))
            self.assertIn(words, str(reply))

    def test_it_leaves_with_an_address_of_ours_and_its_bounce_reaches_the_sender(self):
        sender = self.forwarded_sender()
        self.assertRegex(sender, r"^SRS0=[^=@]{4}=[A-Z2-7]{2}=abc\.example=mod@xyz\.example$")
        # The copy that stays here keeps its sender.
        stored = self.godwit.mailbox("malee@xyz.example").wait()[0]
        self.assertEqual(stored.header("Return-Path"), [f"<{SENDER}>"])
        # Who may not relay may send it a bounce, also where the case of its letters was lost.
        for address in (sender, sender.lower()):
            before = len(self.back.transactions)
            self.send(address, message("a bounce"), sender="")
            bounce = self.back.wait(before + 1)[before]
            self.assertEqual((bounce.sender, bounce.recipients), ("", [SENDER]))

    def test_a_bounce_of_our_own_reaches_the_sender_too(self):
        self.peer.script["RCPT"] = itertools.repeat("550 5.1.1 no such user")
        self.send(ALIAS)
        bounce = self.back.wait()[0]
        self.assertEqual((bounce.sender, bounce.recipients), ("", [SENDER]))

    def test_a_forged_address_is_refused(self):
        sender = self.forwarded_sender()
        forged = re.sub(r"=mod@", "=somebody@", sender)
        self.assert_refused(forged, "not made here")
        self.assert_refused("SRS0=abcd@xyz.example", "no rewritten sender address")
        old = self.perl("forward", SENDER, "xyz.example", secrets=["no secret of ours"])
        self.assert_refused(old, "not made here")

    def test_what_comes_back_is_not_forwarded_again(self):
        """Its next host forwards it to us: the sender hears of the loop, nobody gets it over and over."""
        for body in (b"short\r\n", large_body(600_000)):
            before = len(self.peer.transactions), len(self.back.transactions)
            self.send(ALIAS, message("round and round", body=body))
            forwarded = self.peer.wait(before[0] + 1)[before[0]]
            self.assertTrue(forwarded.content.startswith(f"Delivered-To: {ALIAS}\r\n".encode()), forwarded.content[:100])
            identity, _ = self.send(ALIAS, forwarded.content, sender=forwarded.sender)
            bounced = self.godwit.wait_event("bounced", id=identity)
            self.assertEqual((bounced["to"], bounced["code"], bounced["enhanced"], bounced["class"]), (f"<{TARGET}>", 554, "5.4.6", "loop"))
            report = self.back.wait(before[1] + 1)[before[1]]
            self.assertEqual(report.recipients, [SENDER])
            self.assertIn(b"Mail loop", report.content)
            self.godwit.wait_empty_queue()
            self.assertEqual(len(self.peer.transactions), before[0] + 1)

    def test_mail_of_our_own_domain_and_bounces_keep_their_sender(self):
        self.assertEqual(self.forwarded_sender("somchai@xyz.example"), "somchai@xyz.example")
        self.assertEqual(self.forwarded_sender(""), "")

    def test_what_was_forwarded_before_is_forwarded_once_more(self):
        first = "SRS0=wxyz=AB=abc.example=mod@third.example"
        sender = self.forwarded_sender(first)
        self.assertRegex(sender, r"^SRS1=[^=@]{4}=third\.example==wxyz=AB=abc\.example=mod@xyz\.example$")
        self.assertEqual(self.perl("reverse", sender), first)
        self.send(sender, message("a bounce"), sender="")
        self.assertEqual(self.back.wait()[0].recipients, [first])

    def test_mail_srs_and_we_understand_each_other(self):
        self.assertEqual(self.perl("reverse", self.forwarded_sender()), SENDER)
        for secret in (SECRET, OLD_SECRET):
            before = len(self.back.transactions)
            self.send(self.perl("forward", SENDER, "xyz.example", secrets=[secret]), message("a bounce"), sender="")
            self.assertEqual(self.back.wait(before + 1)[before].recipients, [SENDER])

    def test_postsrsd_and_we_understand_each_other(self):
        ask = self.postsrsd()
        sender = self.forwarded_sender()
        self.assertEqual(ask("reverse", sender), f"200 {SENDER}")
        self.assertEqual(ask("forward", SENDER), f"200 {sender}")
        twice = "SRS0=wxyz=AB=abc.example=mod@third.example"
        self.assertEqual(ask("forward", twice), f"200 {self.forwarded_sender(twice)}")

    def test_without_a_secrets_file_one_is_made_and_survives_a_restart(self):
        self.godwit.config["srs"] = {}
        self.godwit.restart()
        sender = self.forwarded_sender()
        self.assertTrue(sender.startswith("SRS0="), sender)
        self.godwit.restart()
        self.send(sender, message("a bounce"), sender="")
        self.assertEqual(self.back.wait()[0].recipients, [SENDER])

    def test_it_can_be_switched_off(self):
        self.godwit.config["srs"] = {"enabled": False}
        self.godwit.restart()
        self.assertEqual(self.forwarded_sender(), SENDER)


if __name__ == "__main__":
    main()
