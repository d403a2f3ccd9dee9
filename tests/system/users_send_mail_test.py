#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs of this host send with sendmail, as cron, PHP and mail programs call it."""

import os
import pwd
import re
import stat

from support.godwit import BIN
from support.peer import ScriptedPeer
from support.scenario import main
from support.sending_user import (EX_DATAERR, EX_IOERR, EX_NOPERM, EX_NOUSER, EX_UNAVAILABLE, EX_USAGE, SendingUser)

CRON = (b"From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> test -x /usr/sbin/anacron\nMIME-Version: 1.0\n"
        b"Content-Type: text/plain; charset=UTF-8\nX-Cron-Env: <SHELL=/bin/sh>\n\n.profile: f\xc3\xbcnf\n.\nlast\n")
WHOLE = (b"From: Alice <alice@xyz.example>\r\nDate: Sat, 28 Nov 2026 23:00:13 +0000\r\nMessage-ID: <1@xyz.example>\r\n"
         b"X-Odd:   spaces \t\r\n\tfolded\r\n")


class UsersSendMail(SendingUser):
    def setUp(self):
        super().setUp()
        self.start()

    def test_cron_mail_to_root_reaches_the_postmaster(self):
        self.sendmail("-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root", content=CRON)
        stored = self.only("alice")
        self.assertEqual(stored.header("Return-Path"), ["<root@xyz.example>"])
        self.assertIn("by mail.xyz.example (user root) with local id ", stored.header("Received")[0])
        self.assertTrue(stored.content.startswith(b"From: root@xyz.example (Cron Daemon)\r\nTo: root@xyz.example\r\n"))
        self.assertRegex(stored.content, rb"\r\nDate: [^\r]+\r\nMessage-ID: <[^@]+@mail.xyz.example>\r\n\r\n")
        self.assertTrue(stored.content.endswith(b"\r\n\r\n.profile: f\xc3\xbcnf\r\n.\r\nlast\r\n"))
        self.assertEqual(self.godwit.wait_event("accepted")["client"], "user:root")

    def test_hidden_recipients_get_it_and_stay_hidden(self):
        bcc = b"Bcc: bob@xyz.example,\r\n\tnobody\r\n"
        rest = WHOLE + b"To: Al (the friend) <alice@xyz.example>\r\nSubject: s\r\n"
        body = b"\r\nBcc: is a word here\r\n..\r\n.\r\nend\r\n"
        self.sendmail("-t", "-i", content=rest + bcc + body)
        for local in ("alice", "bob", "nobody"):
            self.assertEqual(self.only(local).content, rest + body, local)

    def test_who_gets_a_message_again_is_not_who_got_it(self):
        original = WHOLE + b"To: bob@xyz.example\r\nCc: nosuch@xyz.example\r\nSubject: s\r\n\r\nbody\r\n"
        again = b"Resent-From: bob@xyz.example\r\nResent-To: alice\r\nResent-Bcc: nobody@xyz.example\r\n"
        self.sendmail("-t", "-i", content=again + original)
        for local in ("alice", "nobody"):
            content = self.only(local).content
            self.assertTrue(content.endswith(original), content)
            for field in (rb"Resent-From: bob@", rb"Resent-To: alice@xyz\.example", rb"Resent-Date: ", rb"Resent-Message-ID: <"):
                self.assertRegex(content, rb"(?m)^" + field)
            self.assertNotIn(b"Resent-Bcc", content)
        self.assertEqual(self.godwit.wait_event("accepted")["recipients"], 2)
        self.assertEqual(self.mailbox("bob").count(), 0)

    def test_an_ordinary_user_sends_as_himself(self):
        self.sendmail("alice", content=b"Subject: s\n\nb\n", user="nobody")
        stored = self.only("alice")
        self.assertEqual(stored.header("Return-Path"), ["<nobody@xyz.example>"])
        self.assertRegex(stored.content, rb"From: [^\r]*nobody@xyz.example>?\r\n")

    def test_an_ordinary_user_does_not_send_as_another(self):
        done = self.sendmail("-f", "alice@xyz.example", "bob", content=WHOLE + b"\r\n", user="nobody", status=EX_NOPERM)
        self.assertIn(b"553 5.7.1 <alice@xyz.example>: Sender address rejected: not an address of user nobody", done.stderr)
        self.sendmail("-f", "nobody+list@xyz.example", "bob", content=WHOLE + b"\r\n", user="nobody")
        stored = self.only("bob")
        self.assertEqual(stored.header("Return-Path"), ["<nobody+list@xyz.example>"])
        self.assertIn(b"Sender: nobody@xyz.example\r\n", stored.content)  # From names alice

    def test_a_trusted_user_does(self):
        self.sendmail("-f", "news@elsewhere.example", "bob", content=WHOLE + b"\r\n")
        stored = self.only("bob")
        self.assertEqual(stored.header("Return-Path"), ["<news@elsewhere.example>"])
        self.assertEqual(stored.content, WHOLE + b"\r\n")
        self.godwit.config["submit"] = {"trusted_users": ["nobody"]}
        self.godwit.write_config()
        self.godwit.control("reload")
        self.sendmail("-f", "x@y.example", "bob", content=WHOLE + b"\r\n", user="nobody")
        self.sendmail("-f", "x@y.example", "bob", content=WHOLE + b"\r\n", user="daemon", status=EX_NOPERM)

    def test_everybody_may_use_the_null_sender(self):
        self.sendmail("-f", "<>", "bob", content=WHOLE + b"\r\n", user="nobody")
        self.assertEqual(self.only("bob").header("Return-Path"), ["<>"])

    def test_refused_recipients_are_printed_and_the_others_get_it(self):
        done = self.sendmail("bob", "nosuch", "Carol <none@xyz.example>", content=WHOLE + b"\r\n", status=EX_NOUSER)
        self.assertIn(b"<nosuch>: 550 5.1.1 ", done.stderr)
        self.assertIn(b"<none@xyz.example>: 550 5.1.1 ", done.stderr)
        self.only("bob")
        self.assertEqual(self.sendmail("-oeq", "nosuch", content=b"x\n", status=EX_NOUSER).stderr, b"")

    def test_addresses_are_only_tested(self):
        done = self.sendmail("-bv", "root", "Al <alice@xyz.example>")
        self.assertEqual(done.stdout, b"root... deliverable\nalice@xyz.example... deliverable\n")
        done = self.sendmail("-bv", "bob", "nosuch", status=EX_NOUSER)
        self.assertRegex(done.stdout, rb"^bob\.\.\. deliverable\nnosuch\.\.\. undeliverable: 550 5\.1\.1 ")
        self.sendmail("-bv", status=EX_USAGE)
        self.assertEqual(self.godwit.events("accepted"), [])

    def test_or_mailed_back(self):
        for mode, status in (("-oem", EX_NOUSER), ("-oee", 0)):
            done = self.sendmail(mode, "nosuch", content=b"Subject: " + mode.encode() + b"\n\n", user="nobody", status=status)
            self.assertEqual(done.stderr, b"")
        reports = self.mailbox("nobody").wait(2)
        for mode in (b"-oem", b"-oee"):
            self.assertTrue(any(b"nosuch@xyz.example" in report.raw and b"Subject: " + mode in report.raw
                                and b"Status: 5.1.1" in report.raw for report in reports), mode)
        self.wait_until(lambda: os.listdir(self.godwit.maildrop) == [], "the maildrop is empty")

    def test_a_dot_alone_ends_unless_told_otherwise(self):
        self.sendmail("alice", content=b"Subject: s\n\nkept\n.\nnot\n")
        self.assertTrue(self.only("alice").content.endswith(b"\r\n\r\nkept\r\n"))
        self.sendmail("-oi", "bob", content=b"Subject: s\n\nkept\n.\ntoo\n")
        self.assertTrue(self.only("bob").content.endswith(b"\r\n\r\nkept\r\n.\r\ntoo\r\n"))

    def test_text_alone_is_a_message(self):
        self.sendmail("alice", content=b"10 %\r50 %\r100 %\nhello\0world")
        self.assertRegex(self.only("alice").content, rb"(?s)^From: .*\r\n\r\n10 %\r\n50 %\r\n100 %\r\nhello\?world\r\n$")

    def test_nothing_is_sent_of_what_cannot_be_read_to_its_end(self):
        folder = os.open("/", os.O_RDONLY)
        self.addCleanup(os.close, folder)
        self.sendmail("bob", stdin=folder, status=EX_IOERR)
        self.sendmail("-t", content=b"To: bob@xyz.example\nCc: John Doe\n\nx\n", status=EX_DATAERR)
        self.sendmail("-t", content=b"Subject: nobody\n\nx\n", status=EX_DATAERR)
        self.sendmail("-i", content=b"x\n", status=EX_USAGE)
        self.sendmail("bob", "a@", content=b"x\n", status=EX_USAGE)
        self.assertEqual(self.godwit.events("accepted"), [])

    def test_more_recipients_than_fit_one_message(self):
        self.godwit.config["limits"]["recipients"] = 3
        self.godwit.write_config()
        self.godwit.control("reload")
        self.sendmail("-i", *[f"alice+{number}" for number in range(10)], "bob", content=WHOLE + b"\r\n")
        self.only("bob")
        self.assertEqual(sum(entry["recipients"] for entry in self.godwit.events("accepted")), 11)

    def test_a_large_message_arrives_whole(self):
        body = b"".join(b"%08d %s\n" % (number, b"x" * (number % 90)) for number in range(120000))
        self.sendmail("-i", "bob", content=WHOLE + b"\r\n" + body)
        self.assertEqual(self.only("bob").content, WHOLE + b"\r\n" + body.replace(b"\n", b"\r\n"))

    def test_reports_are_asked_for(self):
        self.sendmail("-N", "success", "-V", "envelope-7", "bob", content=WHOLE + b"\r\n", user="nobody")
        report = self.only("nobody")
        self.assertIn(b"Original-Envelope-Id: envelope-7", report.raw)
        self.assertIn(b"Action: delivered", report.raw)

    def test_a_name_and_a_sender_are_given(self):
        self.sendmail("-F", "Nightly Backup", "-r", "backup@elsewhere.example", "alice", content=b"Subject: s\n\nb\n")
        stored = self.only("alice")
        self.assertIn(b"From: Nightly Backup <backup@elsewhere.example>\r\n", stored.content)
        self.assertEqual(stored.header("Return-Path"), ["<backup@elsewhere.example>"])

    def test_how_much_a_report_returns(self):
        peer = ScriptedPeer(self, 9, "mx.elsewhere.example", script={"RCPT": "550 5.1.1 who?"})
        self.godwit.config["routes"] = [{"domains": ["elsewhere.example"], "next_hop": f"[{peer.address}]:{peer.port}"}]
        self.godwit.write_config()
        self.godwit.control("reload")
        for what in "full", "hdrs":
            self.sendmail("-R", what, f"{what}@elsewhere.example", content=b"Subject: s\n\nthe body\n", user="nobody")
        reports = self.mailbox("nobody").wait(2)
        returned = {what: b"the body" in report.raw for what in ("full", "hdrs") for report in reports
                    if f"{what}@elsewhere.example".encode() in report.raw}
        self.assertEqual(returned, {"full": True, "hdrs": False})

    def test_smtp_on_standard_input(self):
        done = self.sendmail("-bs", user="nobody", content=b"EHLO here\nMAIL FROM:<nobody>\nRCPT TO:<alice>\nDATA\n"
                             b"Subject: by hand\n\n..dot\n.\nMAIL FROM:<bob>\nQUIT\n")
        codes = re.findall(rb"(?m)^(\d\d\d) ", done.stdout)
        self.assertEqual(codes, [b"220", b"250", b"250", b"250", b"354", b"250", b"553", b"221"], done.stdout)
        stored = self.only("alice")
        self.assertTrue(stored.content.endswith(b"\r\n\r\n.dot\r\n"))
        self.assertIn(b"From: nobody@xyz.example\r\n", stored.content)

    def test_what_is_not_done_is_said(self):
        self.assertIn(b"godwitd", self.sendmail("-bd", status=EX_UNAVAILABLE).stderr)
        self.sendmail("-bt", "root", status=EX_UNAVAILABLE)
        self.assertIn(b"sendmail", self.sendmail("--version").stdout)
        self.assertIn(b"-t", self.sendmail("--help").stdout)


class QueueIsSeenAndTried(SendingUser):
    def setUp(self):
        super().setUp()
        self.start(routes=[{"domains": ["elsewhere.example"], "next_hop": f"[{self.net.host(9)}]:20025"}],
                   delivery={"retry": {"first": "1h", "max": "1h"}})
        for name in ("mailq", "newaliases"):
            (self.folder / name).symlink_to(BIN / "sendmail")

    def named(self, name, *words, **options):
        return self.sendmail(*words, program=self.folder / name, **options)

    def test_mailq_and_flush(self):
        self.assertEqual(self.named("mailq").stdout, b"Mail queue is empty\n")
        self.sendmail("eve@elsewhere.example", content=b"Subject: waits\n\n", user="nobody")
        # The log has it a moment earlier than the queue.
        self.wait_until(lambda: b"(451 4.4.1 connect to " in self.named("mailq").stdout, "the first attempt has failed")
        listed = self.named("mailq").stdout.decode()
        self.assertRegex(listed, r"^-Queue ID-+ +--Size-- -+Arrival Time-+ -Sender/Recipient-+\n")
        self.assertRegex(listed, r"(?m)^[0-9A-Z]{13} +\d+ \w{3} \w{3} \d\d [\d:]{8} nobody@xyz.example$")
        self.assertRegex(listed, r"(?m)^ +eve@elsewhere.example$")
        self.assertRegex(listed, r"(?m)^-- \d+ Kbytes in 1 Request\.$")
        self.assertEqual(self.sendmail("-bp").stdout.decode(), listed)
        for words in (["-q"], ["-qReve@elsewhere"], ["-qSnobody"], ["-qI" + listed.splitlines()[1].split()[0]]):
            before = len(self.godwit.events("deferred"))
            self.sendmail(*words)
            self.wait_until(lambda: len(self.godwit.events("deferred")) > before, f"{words} tries again")
        self.sendmail("-qInone", status=EX_USAGE)

    def test_who_may_not_see_the_queue_is_told_so(self):
        self.assertEqual(stat.S_IMODE(self.godwit.control_socket.stat().st_mode), 0o660)
        self.named("mailq", user="nobody", status=EX_NOPERM)
        self.godwit.control_socket.chmod(0o666)  # the mode alone is not what keeps others out
        self.named("mailq", user="nobody", status=EX_NOPERM)
        user = pwd.getpwnam("nobody")
        self.godwit.wait_event("control_refused", client=f"uid:{user.pw_uid}", status=403)
        member = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [os.getegid()]}
        listed = self.run_program(self.folder / "mailq", text=False, env=self.environment(), cwd="/", **member).stdout
        self.assertEqual(listed, b"Mail queue is empty\n")
        self.godwit.stop()
        self.named("mailq", status=EX_UNAVAILABLE)

    def test_newaliases_has_nothing_to_do(self):
        self.named("newaliases")
        self.sendmail("-bi")


class OtherPeoplesPrograms(SendingUser):
    def setUp(self):
        super().setUp()
        self.start()

    def test_mailx(self):
        self.run_program("s-nail", "-n", "-Sv15-compat", f"-Smta={BIN / 'sendmail'}", "-s", "from mailx", "alice@xyz.example", "bob@xyz.example",
                         input="hello\n", env=self.environment(MAILRC="/dev/null", HOME=str(self.folder)))
        for local in ("alice", "bob"):
            self.assertIn(b"Subject: from mailx\r\n", self.only(local).content)

    def test_mutt(self):
        self.run_program("mutt", "-n", "-F", "/dev/null", "-e", f"set sendmail='{BIN / 'sendmail'} -oem -oi' copy=no use_envelope_from=no",
                         "-s", "from mutt", "-b", "bob@xyz.example", "alice@xyz.example", input=".\nhello\n",
                         env=self.environment(HOME=str(self.folder)))
        for local in ("alice", "bob"):
            content = self.only(local).content
            self.assertIn(b"Subject: from mutt\r\n", content)
            self.assertNotIn(b"bob@", content)
            self.assertTrue(content.endswith(b"\r\n\r\n.\r\nhello\r\n"))


if __name__ == "__main__":
    main()
