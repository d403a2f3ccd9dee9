#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scripted milters: every answer at every stage, every change of a message, several in a row, what they are told."""

import base64
import email
import subprocess

from support.certificate import Certificate
from support.dialogue import Dialogue, queued_id
from support.dns import Dns
from support.godwit import Godwit
from support.milter import (ACCEPT, CONTINUE, DISCARD, LEADING_SPACE, MUTE, NO, PROGRESS, REJECT, REJECTED_RCPT, SHUTDOWN, SKIP,
                            SKIP_BODY, TEMPFAIL, ScriptedMilter, add_header, add_recipient, change_header, change_sender,
                            delete_recipient, insert_header, quarantine, replace_body, reply)
from support.scenario import SUBMISSION_PORT, Scenario, main, wait_until

SENDER, ALICE, BOB = "s@abc.example", "alice@example.com", "bob@example.com"
HEADER = (f"From: {SENDER}\r\nTo: {ALICE}\r\nSubject: first\r\nX-Tag: one\r\nX-Tag: two\r\nX-Folded: a\r\n\tb\r\n")
BODY = "Hello\r\n.dot\r\n"
CONTENT = (HEADER + "\r\n" + BODY).encode()


VERIFY = """
import re, sys, dkim
record = "".join(re.findall(r'"([^"]*)"', sys.argv[1]))
print(dkim.verify(sys.stdin.buffer.read(), dnsfunc=lambda name, timeout=5: record.encode()))
"""


def verified(message, made):
    """Whether the signature is good, by Debian's dkimpy."""
    checked = subprocess.run(["/usr/bin/python3", "-c", VERIFY, made], input=message, check=True, capture_output=True)
    return checked.stdout.strip() == b"True"


class MiltersAreAsked(Scenario):
    def daemon(self, *milters, **config):
        self.godwit = Godwit(self, hostname="mail.example.com", address=self.net.host(1),
                             domains={"example.com": ["alice", "bob", "carol"]},
                             aliases={"team@example.com": [ALICE, BOB]},
                             milters=[one if isinstance(one, dict) else one.config() for one in milters], **config)
        return self.godwit.start()

    def deliver(self, content=CONTENT, to=(ALICE,), expect="250"):
        with Dialogue(self.godwit.address, source=self.net.host(2)) as client:
            client.envelope(SENDER, *to)
            return client.data(content, expect)

    def stored(self, content=CONTENT, to=(ALICE,), mailbox=ALICE):
        """The message as it lies in the mailbox, without what delivery puts above our Received."""
        box = self.godwit.mailbox(mailbox)
        known = {one.path for one in box.messages()}
        self.deliver(content, to)
        (new,) = [one for one in box.wait(len(known) + 1) if one.path not in known]
        return new.raw.decode()

    def test_each_change_is_made(self):
        milter = ScriptedMilter(self)
        self.daemon(milter)
        table = [
            (add_header("X-New", "v"), lambda h: h + "X-New: v\r\n"),
            (add_header("X-New", "v\n\tw"), lambda h: h + "X-New: v\r\n\tw\r\n"),
            (add_header("X-New", "v\nBcc: evil\n\nbody"), lambda h: h + "X-New: v\r\n\tBcc: evil\r\n\tbody\r\n"),
            (insert_header(1, "X-New", "v"), lambda h: "X-New: v\r\n" + h),
            (insert_header(2, "X-New", "v"), lambda h: h.replace("To:", "X-New: v\r\nTo:")),
            (insert_header(99, "X-New", "v"), lambda h: h + "X-New: v\r\n"),
            (change_header(1, "Subject", "[SPAM] first"), lambda h: h.replace("first", "[SPAM] first")),
            (change_header(2, "x-tag", "new"), lambda h: h.replace("X-Tag: two", "x-tag: new")),
            (change_header(1, "X-Tag", ""), lambda h: h.replace("X-Tag: one\r\n", "")),
            (change_header(1, "X-None", "v"), lambda h: h + "X-None: v\r\n"),
            (change_header(9, "X-Tag", ""), lambda h: h),
            (PROGRESS + PROGRESS, lambda h: h),
        ]
        for changes, expected in table:
            with self.subTest(changes=changes):
                milter.script["eom"] = changes + CONTINUE
                self.assertTrue(self.stored().endswith("\r\n" + expected(HEADER) + "\r\n" + BODY))
        milter.script["eom"] = insert_header(0, "X-Top", "v") + ACCEPT
        self.assertIn("\r\nX-Top: v\r\nReceived: ", "\r\n" + self.stored())

    def test_bodies_are_replaced(self):
        milter = ScriptedMilter(self)
        self.daemon(milter)
        large = b"0123456789abcdef\r\n" * 40000
        table = [
            (CONTENT, [b"new\r\n"], "new\r\n"),
            (CONTENT, [b"bare\nlines\r", b"\nacross\r", b"pieces"], "bare\r\nlines\r\nacross\r\npieces\r\n"),
            (CONTENT, [b""], ""),
            (CONTENT, [large[at:at + 65535] for at in range(0, len(large), 65535)], large.decode()),
            (HEADER.encode() + b"\r\n" + large, [b"small\r\n"], "small\r\n"),
            (HEADER.encode() + b"\r\n" + large, [b"x" * 60000 + b"\r\n"] * 10, ("x" * 60000 + "\r\n") * 10),
        ]
        for content, pieces, expected in table:
            with self.subTest(expected=expected[:40]):
                milter.script["eom"] = replace_body(*pieces) + add_header("X-New", "v") + CONTINUE
                stored = self.stored(content)
                self.assertTrue(stored.endswith(HEADER + "X-New: v\r\n\r\n" + expected), stored[-300:])
                self.assertEqual(milter.last.body, content.split(b"\r\n\r\n", 1)[1])
        wait_until(lambda: not list((self.godwit.spool / "large").iterdir()), "no body is left over")

    def test_each_answer_at_each_stage(self):
        milter = ScriptedMilter(self)
        self.daemon(milter)
        # stage, answer, the stage whose reply it becomes, that reply
        table = [
            ("helo", REJECT, "MAIL", "550 5.7.1"), ("helo", reply("450 4.7.1 later"), "MAIL", "450 4.7.1 later"),
            ("mail", REJECT, "MAIL", "550 5.7.1"), ("mail", TEMPFAIL, "MAIL", "451 4.7.1"),
            ("mail", reply("553-5.1.8 who\r\n553 5.1.8 100%% are you"), "MAIL", "553-5.1.8 who\n553 5.1.8 100% are you"),
            ("rcpt", REJECT, "RCPT", "550 5.7.1"), ("rcpt", TEMPFAIL, "RCPT", "451 4.7.1"),
            ("data", REJECT, "DATA", "550 5.7.1"), ("data", TEMPFAIL, "DATA", "451 4.7.1"),
            ("header", REJECT, "dot", "550 5.7.1"), ("eoh", TEMPFAIL, "dot", "451 4.7.1"), ("body", REJECT, "dot", "550 5.7.1"),
            ("eom", REJECT, "dot", "550 5.7.1"), ("eom", TEMPFAIL, "dot", "451 4.7.1"),
            ("eom", reply("554 5.7.1 spam"), "dot", "554 5.7.1 spam"),
            ("mail", SHUTDOWN, "MAIL", "421"), ("eom", SHUTDOWN, "dot", "421"),
        ]
        for stage, answer, at, expected in table:
            with self.subTest(stage=stage, answer=answer):
                milter.script = {stage: answer}
                replies = {}
                with Dialogue(self.godwit.address, source=self.net.host(2)) as client:
                    client.say("EHLO client.abc.example", "250")
                    for word, line in (("MAIL", f"MAIL FROM:<{SENDER}>"), ("RCPT", f"RCPT TO:<{ALICE}>"), ("DATA", "DATA")):
                        replies[word] = client.say(line)
                        if not replies[word].startswith(("250", "354")):
                            break
                    else:
                        client.send(CONTENT.replace(b"\r\n.", b"\r\n..") + b".\r\n")
                        replies["dot"] = client.reply()
                self.assertEqual(list(replies)[-1], at)
                self.assertTrue(replies[at].startswith(expected), replies)
        for answer, expected in ((REJECT, "554 5.7.1"), (TEMPFAIL, "421 4.7.1"), (reply("450 4.7.1 no"), "421 4.7.1 no")):
            milter.script = {"connect": answer}
            with Dialogue(self.godwit.address, source=self.net.host(2), greeting=expected) as client:
                client.expect_close()
        self.assertEqual(self.godwit.mailbox(ALICE).count(), 0)

    def test_one_recipient_is_refused_the_others_get_it(self):
        milter = ScriptedMilter(self, script={"rcpt": [CONTINUE, REJECT]})
        self.daemon(milter)
        with Dialogue(self.godwit.address, source=self.net.host(2)) as client:
            client.envelope(SENDER, ALICE)
            client.say(f"RCPT TO:<{BOB}>", "550 5.7.1")
            client.data(CONTENT)
        self.godwit.mailbox(ALICE).wait(1)
        self.assertEqual(self.godwit.mailbox(BOB).count(), 0)

    def test_envelopes_are_changed(self):
        milter = ScriptedMilter(self, script={"eom": change_sender("<new@abc.example>") + add_recipient("<carol@example.com>")
                                              + add_recipient("team@example.com", "NOTIFY=NEVER")
                                              + delete_recipient(f"<{ALICE}>")
                                              + CONTINUE})
        self.daemon(milter)
        self.assertTrue(self.stored(mailbox=BOB).startswith("Return-Path: <new@abc.example>"))
        self.godwit.mailbox("carol@example.com").wait(1)
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.mailbox(ALICE).count(), 0)
        milter.script["eom"] = (add_recipient("<nobody@example.com>") + delete_recipient("<team@example.com>")
                                + add_recipient(ALICE) + CONTINUE)
        self.stored(to=["team@example.com"])
        self.assertIn("refused nobody@example.com: 550", self.godwit.events("accepted")[-1]["filtered"])
        self.assertEqual(self.godwit.mailbox(BOB).count(), 1)

    def said(self, identity, count):
        """What `count` milters said of a message, as its history has it."""
        def lines():
            return [(event["check"], event["verdict"], event["evidence"])
                    for event in self.godwit.control_json("trace", identity)["events"]
                    if event["event"] == "checked" and event["check"].startswith("milter:")]
        return wait_until(lambda: len(found := lines()) == count and found, "all milters are in the trace")

    def test_one_that_lets_it_pass_is_in_the_trace_too(self):
        self.daemon(ScriptedMilter(self))
        self.assertEqual(self.said(queued_id(self.deliver()), 1), [("milter:milter", "none", "")])

    def test_parameters_of_changed_envelopes_count(self):
        self.daemon(ScriptedMilter(self, script={"eom": change_sender(f"<{BOB}>", "RET=HDRS ENVID=from+2Dmilter SIZE=9")
                                                 + add_recipient("<carol@example.com>", "NOTIFY=SUCCESS ORCPT=rfc822;c@abc.example")
                                                 + CONTINUE}))
        self.deliver()
        report = self.godwit.mailbox(BOB).wait(1)[0].raw.decode()
        for line in ("Original-Envelope-Id: from-milter", "Original-Recipient: rfc822;c@abc.example", "Action: delivered"):
            self.assertIn(f"\r\n{line}\r\n", report)
        self.assertNotIn(f"rfc822;{ALICE}", report)

    def test_messages_are_discarded(self):
        milter = ScriptedMilter(self)
        self.daemon(milter)
        for stage in ("mail", "rcpt", "data", "header", "body", "eom"):
            milter.script = {stage: DISCARD}
            identity = queued_id(self.deliver())
            self.assertTrue(self.godwit.wait_event("discarded", id=identity))
            self.assertIn("discarded", self.godwit.control("trace", identity).stdout)
        milter.script = {"eom": delete_recipient(ALICE) + CONTINUE}
        self.godwit.wait_event("discarded", id=queued_id(self.deliver()))
        self.assertEqual(self.godwit.queued(), 0)
        self.assertEqual(self.godwit.mailbox(ALICE).count(), 0)

    def test_messages_are_quarantined(self):
        self.daemon(ScriptedMilter(self, script={"eom": quarantine("looks odd") + CONTINUE}))
        identity = queued_id(self.deliver())
        self.assertEqual(self.said(identity, 1), [("milter:milter", "quarantine", "quarantine")])
        self.assertIn("milter: looks odd", self.godwit.control("queue", "show", identity).stdout)
        self.assertEqual(self.godwit.mailbox(ALICE).count(), 0)
        self.godwit.control("queue", "release", identity)
        self.godwit.mailbox(ALICE).wait(1)

    def test_each_sees_what_the_one_before_has_made(self):
        first = ScriptedMilter(self, "first", script={"eom": add_header("X-First", "1") + replace_body(b"of the first\r\n")
                                                      + CONTINUE})
        second = ScriptedMilter(self, "second", host=51, script={"eom": change_header(1, "X-First", "2") + CONTINUE})
        self.daemon(first, second)
        self.assertTrue(self.stored().endswith(HEADER + "X-First: 2\r\n\r\nof the first\r\n"))
        self.assertIn(("X-First", "1"), second.last.headers)
        self.assertEqual(second.last.body, b"of the first\r\n")
        accepted = self.godwit.events("accepted")[-1]
        self.assertEqual(accepted["filtered"], "first=header,body second=header")
        self.assertEqual(self.said(accepted["id"], 2), [("milter:first", "none", "header,body"), ("milter:second", "none", "header")])

    def test_the_first_that_refuses_decides(self):
        first = ScriptedMilter(self, "first", script={"eom": REJECT})
        second = ScriptedMilter(self, "second", host=51)
        self.daemon(first, second)
        self.deliver(expect="550")
        self.assertNotIn("E", second.last.commands)
        self.assertEqual(self.godwit.wait_event("milter_verdict")["milter"], "first")

    def test_what_they_are_told(self):
        milter = ScriptedMilter(self, path=self.folder / "milter.sock")
        self.daemon(milter)
        with Dialogue(self.godwit.address, source=self.net.host(2)) as client:
            client.say("EHLO client.abc.example", "250")
            client.say(f"MAIL FROM:<{SENDER}> SIZE=100 BODY=8BITMIME", "250")
            client.say(f"RCPT TO:<{ALICE}>", "250")
            identity = queued_id(client.data(CONTENT))
            client.quit()
        told = milter.last
        wait_until(lambda: told.ended, "it is told goodbye")
        self.assertEqual(told.commands, "ODCDHDMDRDT" + "L" * 6 + "DNBDE" + "Q")
        host = self.net.host(2)
        self.assertTrue(told.arguments["C"][0].startswith(f"[{host}]\0".encode() + b"4"), told.arguments)
        self.assertTrue(told.arguments["C"][0].endswith(host.encode() + b"\0"))
        self.assertEqual(told.arguments["H"], [b"client.abc.example\0"])
        self.assertEqual(told.arguments["M"], [f"<{SENDER}>\0SIZE=100\0BODY=8BITMIME\0".encode()])
        self.assertEqual(told.arguments["R"], [f"<{ALICE}>\0".encode()])
        self.assertEqual(dict(told.headers)["X-Folded"], "a\n\tb")
        self.assertEqual(told.body, BODY.encode())
        self.assertEqual(told.macros["C"]["j"], "mail.example.com")
        self.assertEqual(told.macros["C"]["{daemon_name}"], "MTA")
        self.assertEqual(told.macros["C"]["{client_addr}"], host)
        self.assertEqual(told.macros["M"]["{mail_addr}"], SENDER)
        self.assertEqual(told.macros["R"]["{rcpt_addr}"], ALICE)
        self.assertEqual(told.macros["E"]["i"], identity)

    def test_unknown_commands_are_told(self):
        milter = ScriptedMilter(self, script={"unknown": [CONTINUE, reply("550 5.7.1 Go away"), TEMPFAIL]})
        self.daemon(milter, limits={"errors": 4})
        with Dialogue(self.godwit.address, source=self.net.host(2)) as client:
            client.say("EHLO client.abc.example", "250")
            client.say("XFOO  bar", "500 5.5.1")
            client.say("xfoo", "550 5.7.1 Go away")
            client.say(f"MAIL FROM:<{SENDER}>", "250")  # that was about the command
            client.say("XFOO", "451")
            client.say(f"RCPT TO:<{ALICE}>", "250")
            client.say("XFOO", "500")
            client.expect("421")  # they count as the errors that they are
            client.expect_close()
        self.assertEqual(milter.last.arguments["U"], [b"XFOO  bar\0", b"xfoo\0", b"XFOO\0", b"XFOO\0"])

    def test_they_are_told_only_what_they_want(self):
        quiet = ScriptedMilter(self, steps=sum(NO.values()) - NO["mail"])
        self.daemon(quiet)
        self.stored()
        self.assertEqual([code for code in quiet.last.commands if code not in "DQ"], list("OME"))

    def test_mute_milters_are_not_waited_for(self):
        mute = ScriptedMilter(self, steps=sum(MUTE.values()) | LEADING_SPACE,
                              script={"eom": add_header("X-New", "v") + CONTINUE})
        self.daemon(mute)
        self.assertTrue(self.stored().endswith(HEADER + "X-New:v\r\n\r\n" + BODY))
        self.assertEqual(dict(mute.last.headers)["Subject"], " first")

    def test_a_milter_may_skip_the_body(self):
        milter = ScriptedMilter(self, steps=SKIP, script={"body": SKIP_BODY})
        self.daemon(milter)
        self.stored(HEADER.encode() + b"\r\n" + b"0123456789abcdef\r\n" * 40000)
        self.assertEqual(milter.last.commands.count("B"), 1)

    def test_a_milter_chooses_its_macros(self):
        milter = ScriptedMilter(self, macros={2: "{mail_addr}", 5: "i j"})
        self.daemon(milter)
        self.stored()
        self.assertEqual(set(milter.last.macros["M"]) - {""}, {"{mail_addr}"})
        self.assertEqual(set(milter.last.macros["E"]) - {""}, {"i", "j"})

    def test_a_milter_may_hear_of_refused_recipients(self):
        milter = ScriptedMilter(self, steps=REJECTED_RCPT)
        self.daemon(milter)
        with Dialogue(self.godwit.address, source=self.net.host(2)) as client:
            client.envelope(SENDER)
            client.say("RCPT TO:<nobody@example.com>", "550 5.1.1")
            client.say("RSET", "250")
            client.quit()
        self.assertEqual(milter.last.arguments["R"], [b"<nobody@example.com>\0"])
        self.assertEqual(milter.last.macros["R"]["{rcpt_mailer}"], "error")
        wait_until(lambda: milter.last.ended, "it is told goodbye")
        self.assertIn("A", milter.last.commands)

    def test_several_messages_share_a_connection(self):
        milter = ScriptedMilter(self)
        self.daemon(milter)
        with Dialogue(self.godwit.address, source=self.net.host(2)) as client:
            for _ in range(3):
                client.submit(SENDER, ALICE, CONTENT, hello=None if _ else "EHLO client.abc.example")
        self.godwit.mailbox(ALICE).wait(3)
        self.assertEqual(len(milter.connections), 1)
        self.assertEqual(milter.last.commands.count("H"), 1)

    def test_connections_are_kept_for_other_clients_where_configured(self):
        milter = ScriptedMilter(self)
        self.daemon(milter.config(idle_connections=4), threads=1)
        for _ in range(3):
            with Dialogue(self.godwit.address, source=self.net.host(2)) as client:
                client.submit(SENDER, ALICE, CONTENT)
                client.quit()
        self.godwit.mailbox(ALICE).wait(3)
        wait_until(lambda: milter.last.commands.count("K") == 3, "it waits for the next client")
        self.assertEqual(len(milter.connections), 1)
        self.assertEqual(milter.last.commands.count("C"), 3)

    def test_users_mail_is_filtered_before_it_is_signed(self):
        certificate = Certificate(self, "mail.example.com", self.net.host(1))
        milter = ScriptedMilter(self, script={"eom": change_header(1, "Subject", "changed") + replace_body(b"changed\r\n")
                                              + CONTINUE})
        self.godwit = Godwit(self, hostname="mail.example.com", address=self.net.host(1), domains={"example.com": "accounts"},
                             certificate=certificate, milters=[milter.config(services=["submission"])])
        self.godwit.with_submission().add_account(ALICE, "secret")
        key = self.folder / "dkim.pem"
        made = self.godwit.control("dkim", "generate", "example.com", "s1", "--file", key).stdout
        self.godwit.config["dkim"] = {"keys": [{"domain": "example.com", "selector": "s1", "private_key": str(key)}]}
        self.godwit.start()
        with Dialogue(self.godwit.address, SUBMISSION_PORT) as client:
            client.say("EHLO client.abc.example", "250")
            client.starttls(certificate.client_context(), "mail.example.com")
            client.say("EHLO client.abc.example", "250")
            client.say("AUTH PLAIN " + base64.b64encode(f"\0{ALICE}\0secret".encode()).decode(), "235")
            client.submit(ALICE, ALICE, CONTENT.replace(SENDER.encode(), ALICE.encode()), hello=None)
        (stored,) = self.godwit.mailbox(ALICE).wait(1)
        self.assertEqual(email.message_from_bytes(stored.raw)["Subject"], "changed")
        self.assertTrue(verified(stored.raw, made), stored.raw)
        self.assertEqual(milter.last.macros["M"]["{auth_authen}"], ALICE)
        self.assertEqual(milter.last.macros["M"]["{auth_type}"], "PLAIN")
        self.assertEqual(milter.last.macros["C"]["{daemon_name}"], "MSA")
        self.assertTrue(milter.last.macros["H"]["{tls_version}"].startswith("TLS"))
        self.deliver()  # service mx is not theirs
        self.assertEqual(len(milter.connections), 1)

    def test_strangers_are_verified_before_filters_change_anything(self):
        milter = ScriptedMilter(self, script={"eom": replace_body(b"changed\r\n") + CONTINUE})
        dns = Dns(self).txt("abc.example", "v=spf1 -all").start()
        self.daemon(milter, dns=dns, trusted_networks=["192.0.2.0/24"])
        stored = self.stored()
        self.assertIn("spf=fail", stored)
        self.assertIn("spf=fail", dict(milter.last.headers)["Authentication-Results"])


if __name__ == "__main__":
    main()
