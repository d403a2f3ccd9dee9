#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What users send carries DKIM signatures that other programs verify; keys are made, shown and replaced by godwitctl."""

import os
import re
import subprocess

from support.dns import Dns
from support.peer import ScriptedPeer
from support.scenario import main
from support.signing_host import ALICE, CONTENT, SigningHost


class MailIsSigned(SigningHost):
    def test_dkimpy_verifies_both_kinds(self):
        self.start(self.generate("example.com", "r1"), self.generate("example.com", "e1", "--type", "ed25519"))
        stored = self.send()
        self.assertEqual(self.verified(stored), [True, True])
        self.assertEqual(self.verified(stored.replace(b"Hello  Bob", b"Hello Bob")), [True, True])
        self.assertEqual(self.verified(stored.replace(b"Hello  Bob", b"Hello Rob")), [False, False])
        added = stored.replace(b"Subject: Hello", b"Subject: Bye\nSubject: Hello")
        self.assertEqual(self.verified(added), [False, False])

    def test_opendkim_verifies(self):
        self.start(self.generate("example.com", "r1"))
        stored = self.send()
        dns = Dns(self)
        for name, text in self.records().items():
            dns.txt(name.rstrip("."), text)
        dns.start()
        keys = self.folder / "opendkim.keys"
        keys.write_text("".join(f"{name.rstrip('.')} {text}\n" for name, text in self.records().items()))
        config = self.folder / "opendkim.conf"
        config.write_text(f"TestPublicKeys {keys}\n")
        checked = subprocess.run(["opendkim", "-x", config, "-t", "-"], input=stored, capture_output=True)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertIn(b"verification (s=r1, d=example.com", checked.stdout + checked.stderr)
        self.assertIn(b"succeeded", checked.stdout + checked.stderr)

    def test_nobody_signs_for_a_neighbour(self):
        self.start(self.generate("example.com", "r1"), self.generate("neighbour.example", "r1"))
        self.assertNotIn(b"DKIM-Signature", self.send(CONTENT.replace(b"From: Alice <alice@example.com>",
                                                                      b"From: ceo@neighbour.example")))

    def test_an_account_has_its_own_key(self):
        own = {**self.generate("example.com", "alices"), "accounts": [ALICE]}
        self.start(self.generate("example.com", "all"), own)
        self.assertEqual(re.findall(rb"s=(\w+);", self.send()), [b"alices"])

    def test_reports_are_signed(self):
        peer = ScriptedPeer(self, 2, script={"RCPT": "550 5.1.1 nobody"})
        self.godwit.config["routes"] = [{"next_hop": f"[{peer.address}]:{peer.port}"}]
        self.start(self.generate("example.com", "r1"))
        self.submit(to="nobody@elsewhere.example")
        report = self.godwit.mailbox(ALICE).wait()[0].raw
        self.assertIn(b"From: Mail Delivery System <MAILER-DAEMON@mail.example.com>", report)
        top = report.split(b"\r\n\r\n")[0]
        self.assertIn(b"DKIM-Signature: ", top)
        self.assertEqual(self.verified(report), [True])
        self.assertNotIn(b"ARC-Seal", report)

    def test_keys_are_replaced(self):
        first = self.generate("example.com", "r1")
        self.start(first)
        made = self.godwit.control("dkim", "rotate", "example.com", "--config", self.godwit.config_file).stdout
        selector = re.search(r"selector: (\w+)", made)[1]
        self.godwit.config["dkim"] = {"keys": [{**first, "selector": selector,
                                                "private_key": re.search(r"private_key: ([^}]+)}", made)[1]}]}
        self.godwit.write_config()
        self.godwit.control("reload")
        self.assertEqual(self.verified(self.send()), [True])
        listed = self.godwit.control("dkim", "list", "--config", self.godwit.config_file).stdout
        self.assertIn(selector, listed)
        self.assertIn("rsa 2048", listed)

    def test_a_key_that_everybody_may_read_is_refused(self):
        key = self.generate("example.com", "r1")
        self.start(key)
        os.chmod(key["private_key"], 0o644)
        refused = self.godwit.control("reload", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("may be read by everybody", refused.stdout + refused.stderr)
        self.assertIn(b"DKIM-Signature", self.send())


if __name__ == "__main__":
    main()
