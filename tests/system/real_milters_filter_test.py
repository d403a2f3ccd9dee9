#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The milters that people run: OpenDKIM signs, ClamAV finds, Rspamd rejects, marks and signs; all three in a row."""

import base64
import email
import os
import subprocess

from support.certificate import Certificate
from support.dialogue import Dialogue
from support.godwit import Godwit
from support.programs import rspamd
from support.scenario import SUBMISSION_PORT, Scenario, kill_after, main, wait_until

ALICE, BOB = "alice@example.com", "bob@example.com"
HARMLESS = b"GODWIT-HARMLESS-TEST-SIGNATURE"
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

# Rspamd's own test of a message that is probably spam.
MARKED = GTUBE.replace(b"XJS", b"YJS")

VERIFY = """
import sys, dkim
print(dkim.verify(sys.stdin.buffer.read(), dnsfunc=lambda name, timeout=5: sys.argv[1].encode()))
"""


def content(body=b"Hello Bob,\r\n\r\n.. dots\r\n"):
    return (f"From: Alice <{ALICE}>\r\nTo: {BOB}\r\nSubject: Hello\r\nDate: Mon, 02 Nov 2026 08:00:00 +0000\r\n"
            f"Message-ID: <1@abc.example>\r\nX-Folded: a\r\n\tb\r\n\r\n").encode() + body


class RealMiltersFilter(Scenario):
    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)
        host = self.net.host(1)
        self.certificate = Certificate(self, "mail.example.com", host)
        self.godwit = Godwit(self, hostname="mail.example.com", address=host, domains={"example.com": "accounts"},
                             certificate=self.certificate)
        self.godwit.with_submission().add_account(ALICE, "secret").add_account(BOB, "another")

    def run_server(self, name, *words):
        """A daemon in the foreground, with its output in the folder."""
        with open(self.folder / f"{name}.log", "ab") as log:
            return kill_after(self, subprocess.Popen([str(word) for word in words], stdout=log, stderr=log, cwd=self.folder,
                                                     stdin=subprocess.DEVNULL), name)

    def require(self, program):
        if not os.path.exists(program):
            self.fail(f"no {program}: run scripts/install-packages test")

    def start(self, *milters):
        self.godwit.config["milters"] = list(milters)
        self.godwit.start()

    def signing_key(self):
        """What s1._domainkey.example.com says of it is in self.record."""
        key = self.folder / "s1.private"
        self.godwit.control("dkim", "generate", "example.com", "s1", "--file", key)
        public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True,
                                capture_output=True).stdout
        self.record = "v=DKIM1; p=" + base64.b64encode(public).decode()
        return key

    def opendkim(self):
        self.require("/usr/sbin/opendkim")
        key = self.signing_key()
        socket = self.folder / "opendkim.sock"
        config = self.folder / "opendkim.conf"
        config.write_text(f"Domain example.com\nSelector s1\nKeyFile {key}\nSocket local:{socket}\nMode sv\n"
                          "Canonicalization relaxed/simple\nOversignHeaders From\nRequireSafeKeys no\nBackground no\n"
                          "UserID root\nInternalHosts 192.0.2.1\nSyslog no\n")
        self.run_server("opendkim", "/usr/sbin/opendkim", "-f", "-x", config)
        wait_until(socket.exists, "opendkim listens")
        return {"name": "opendkim", "address": f"unix:{socket}"}

    def clamav(self):
        self.require("/usr/sbin/clamav-milter")
        signatures = self.folder / "signatures"
        signatures.mkdir()
        (signatures / "own.ndb").write_text(f"Godwit.Harmless:0:*:{HARMLESS.hex()}\n")
        clamd, milter = self.folder / "clamd.sock", self.folder / "clamav-milter.sock"
        (self.folder / "clamd.conf").write_text(f"LocalSocket {clamd}\nDatabaseDirectory {signatures}\nForeground yes\n"
                                                "User root\nLogTime no\nSelfCheck 3600\n")
        (self.folder / "clamav-milter.conf").write_text(
            f"MilterSocket unix:{milter}\nClamdSocket unix:{clamd}\nForeground yes\nUser root\nOnInfected Reject\n"
            "RejectMsg found %v\nAddHeader Replace\n")
        self.run_server("clamd", "/usr/sbin/clamd", "-c", self.folder / "clamd.conf")
        wait_until(clamd.exists, "clamd listens", timeout=60)
        self.run_server("clamav-milter", "/usr/sbin/clamav-milter", "-c", self.folder / "clamav-milter.conf")
        wait_until(milter.exists, "clamav-milter listens", timeout=60)
        return {"name": "clamav", "address": f"unix:{milter}"}

    def rspamd(self, key=None):
        """`key`: it signs what users send."""
        self.require("/usr/bin/rspamd")
        signing = f"""
modules {{ path = "/usr/share/rspamd/plugins/dkim_signing.lua"; }}
dkim {{ }}
dkim_signing {{ sign_authenticated = true; use_domain = "header"; allow_username_mismatch = true; use_esld = false; check_pubkey = false;
  domain {{ example.com {{ path = "{key}"; selector = "s1"; }} }} }}
""" if key else ""
        address = self.net.host(40)
        local = self.folder / "rspamd"
        local.mkdir()
        (self.folder / "suffixes").write_text("com\nexample\n")  # the usual ten thousand take a minute to compile
        (self.folder / "rspamd.conf").write_text(f"""
options {{ url_tld = "{self.folder}/suffixes"; pidfile = "{local}/pid"; filters = "{"dkim" if key else ""}";
  dns {{ nameserver = ["{self.net.host(41)}:53"]; timeout = 0.1s; retransmits = 1; }}
  tempdir = "{local}"; control_socket = "{local}/control.sock mode=0600"; one_shot = true; enable_test_patterns = true; gtube_patterns = "all"; }}
logging {{ type = "console"; level = "info"; }}
actions {{ reject = 15; add_header = 6; greylist = null; }}
worker "rspamd_proxy" {{ bind_socket = "{address}:20332"; milter = yes; count = 1; timeout = 20s;
  upstream "local" {{ default = yes; self_scan = yes; }} }}
{signing}""")
        rspamd(self, self.folder / "rspamd.conf", address, 20332)
        return {"name": "rspamd", "address": f"inet:{address}:20332"}

    def submit(self, message=content(), expect="250"):
        with Dialogue(self.godwit.address, SUBMISSION_PORT) as client:
            client.say("EHLO client.abc.example", "250")
            client.starttls(self.certificate.client_context(), "mail.example.com")
            client.say("EHLO client.abc.example", "250")
            client.say("AUTH PLAIN " + base64.b64encode(f"\0{ALICE}\0secret".encode()).decode(), "235")
            client.envelope(ALICE, BOB, hello=None)
            return client.data(message, expect)

    def stored(self):
        """The one message that Bob has, which he then has no more."""
        (stored,) = self.godwit.mailbox(BOB).wait(1)
        stored.path.unlink()
        return email.message_from_bytes(stored.raw)

    def verified(self, message):
        checked = subprocess.run(["/usr/bin/python3", "-c", VERIFY, self.record], input=message, check=True,
                                 capture_output=True)
        return checked.stdout.strip() == b"True"

    def test_opendkim_signs_and_others_can_verify(self):
        self.start(self.opendkim())
        large = b"0123456789 abcdef\r\n" * 40000
        for number, body in enumerate((b"Hello  Bob,\r\n\r\n.. dots\r\n\r\n\r\n", b"", large)):
            self.submit(content(body))
            raw = self.godwit.mailbox(BOB).wait(number + 1)
            signed = [one for one in raw if b"DKIM-Signature:" in one.raw and (body in one.raw)]
            self.assertTrue(signed)
            self.assertTrue(all(self.verified(one.raw) for one in raw))

    def test_opendkim_signs_for_several_clients_where_connections_are_kept(self):
        milter = self.opendkim()
        milter["idle_connections"] = 2
        self.godwit.config["threads"] = 1
        self.start(milter)
        for number in range(1, 4):
            self.submit()
            stored = self.godwit.mailbox(BOB).wait(number)
            self.assertTrue(all(self.verified(one.raw) for one in stored))
        self.assertFalse(self.godwit.events("milter_failed"))

    def test_clamav_rejects_what_its_database_knows(self):
        self.start(self.clamav())
        self.assertIn("found Godwit.Harmless", self.submit(content(b"a line\r\n" + HARMLESS + b"\r\n"), "550"))
        self.submit()
        (stored,) = self.godwit.mailbox(BOB).wait(1)
        self.assertIn(b"X-Virus-Status: Clean", stored.raw)

    def test_rspamd_rejects_gtube(self):
        self.start(self.rspamd())
        reply = self.submit(content(GTUBE + b"\r\n"), "5")
        self.assertTrue(reply.startswith("554 5.7.1"), reply)
        self.submit()
        self.godwit.mailbox(BOB).wait(1)
        self.assertFalse(self.godwit.events("milter_failed"))

    def test_rspamd_marks_what_is_probably_spam(self):
        self.start(self.rspamd())
        self.submit(content(MARKED + b"\r\n"))
        self.assertEqual(self.stored()["X-Spam"], "Yes")
        self.submit()
        self.assertIsNone(self.stored()["X-Spam"])

    def test_rspamd_signs(self):
        self.start(self.rspamd(self.signing_key()))
        self.submit()
        (stored,) = self.godwit.mailbox(BOB).wait(1)
        self.assertEqual(stored.raw.count(b"DKIM-Signature:"), 1)
        self.assertTrue(self.verified(stored.raw))

    def test_three_in_a_row(self):
        self.start(self.rspamd(), self.clamav(), self.opendkim())
        self.submit(content(GTUBE + b"\r\n"), "554")
        self.submit(content(HARMLESS + b"\r\n"), "550")
        self.submit()
        (stored,) = self.godwit.mailbox(BOB).wait(1)
        self.assertIn(b"X-Virus-Status: Clean", stored.raw)
        self.assertTrue(self.verified(stored.raw))


if __name__ == "__main__":
    main()
