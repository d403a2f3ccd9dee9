#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command of godwitctl that reads answers in JSON where it is asked to."""

import json

from support.long_queue import commands_in, commands_of_manual
from support.scenario import BIN, main
from support.sending_host import SendingHost

TO = "user@busy.example"
READS = ["status", "queue", "queue list", "queue list --limit 10", "queue show {id}", "trace {id}", "history search", f"history search --recipient {TO}",
         f"route {TO}", "why {id}", "why busy.example", "destinations", "tls", "limits", "suppression list", "account list --file {accounts}",
         "account lockouts", "account stopped", "dmarc reports", "dmarc summary", "spool check", "dkim list", "dkim record", "config check",
         "config diff", "config show-effective", "config explain history", "config test-replay", "doctor --zone {zone}",
         "top --once --interval 200ms", "import postfix {postfix}"]
OF_CONFIGURATION = ("config", "dkim", "doctor")  # they ask no daemon
COMPLAINTS = {"doctor --zone {zone}"}
# Of the manual's commands those that are not among them, and why.
NO_READS = {
    **dict.fromkeys(["account add", "account passwd", "account purge", "account release", "account remove", "account unlock", "delivery resume",
                     "delivery suspend", "dkim generate", "dkim rotate", "dmarc send", "dns flush", "init", "limits reset", "queue bounce",
                     "queue delete", "queue hold", "queue release", "queue retry", "reload", "spool import", "stop", "suppression add",
                     "suppression remove", "tls renew", "tlsrpt send"], "changes something"),
    "events": "answers without an end, a line an event",
    "spool export": "answers with a message",
}


class ReadsAnswerInJson(SendingHost):
    def setUp(self):
        super().setUp()
        self.mx("busy.example", 10, "mx.busy.example", 2, up=False)
        key = self.folder / "dkim.pem"
        self.run_program("openssl", "genrsa", "-out", key, "2048")
        key.chmod(0o600)
        self.start(delivery={"retry": {"first": "1h", "max": "1h"}}, suppression={"enabled": True},
                   dkim={"keys": [{"domain": "abc.example", "selector": "one", "private_key": str(key)}]})
        self.identity, _ = self.send(TO)
        self.godwit.wait_event("deferred", id=self.identity)
        (self.folder / "zone").write_text("abc.example. IN MX 10 mail.abc.example.\n")
        (self.folder / "accounts.yaml").write_text("x@abc.example:\n  password: \"!\"\n")
        (self.folder / "postfix").mkdir()
        (self.folder / "postfix" / "main.cf").write_text("myhostname = mail.abc.example\n")

    def answer(self, line):
        words = line.format(id=self.identity, accounts=self.folder / "accounts.yaml", zone=self.folder / "zone", postfix=self.folder / "postfix").split()
        if words[0] in OF_CONFIGURATION:
            words += ["--config", str(self.godwit.config_file)]
        done = self.run_program(BIN / "godwitctl", "--socket", self.godwit.control_socket, "--json", *words, check=False, timeout=100)
        self.assertIn(done.returncode, (0, 1) if line in COMPLAINTS else (0,), done.stdout + done.stderr)
        return done.stdout

    def test_all_of_them(self):
        for line in READS:
            with self.subTest(command=line):
                text = self.answer(line)
                try:
                    answer = json.loads(text)
                except ValueError as error:
                    self.fail(f"{error}: {text[:500]}")
                self.assertIsInstance(answer, (dict, list))

    def test_no_command_is_forgotten(self):
        manual = commands_of_manual()
        self.assertEqual(commands_in(READS, manual) | NO_READS.keys(), manual)


if __name__ == "__main__":
    main()
