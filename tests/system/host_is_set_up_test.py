#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`godwitctl init` makes a mail host out of nothing: one that starts, takes mail, lets its user in, and signs what she sends."""

import ipaddress
import os
import pathlib
import pwd
import re
import socket
import subprocess
import unittest

from support.certificate import Authority
from support.dialogue import Dialogue
from support.dns import Dns
from support.made_host import NOBODY_ANSWERS, MadeHost, dns_servers
from support.peer import ScriptedPeer
from support.programs import swaks
from support.scenario import BIN, DNS_PORT, SUBMISSION_PORT, Scenario, main
from support.signed_dns import SignedDns

EXPECTED = {"godwit.yaml", "accounts.yaml", "conf.d/example.com.yaml", "tls/fullchain.pem", "tls/privkey.pem",
            "publish/example.com.zone", "publish/example.com.mta-sts.txt"}


class HostIsSetUp(Scenario):
    def contents(self, folder):
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def ctl(self, *words, **options):
        return self.run_program(BIN / "godwitctl", *words, check=False, **options)

    def test_from_nothing_to_mail(self):
        host = MadeHost(self).first()
        password = host.password
        files = self.contents(host.folder)
        self.assertEqual(EXPECTED - set(files), set())
        self.assertEqual(len(files), len(EXPECTED) + 1)  # and a key
        self.assertNotIn(password.encode(), b"".join(files.values()))
        checked = self.run_program(BIN / "godwitd", "--config", host.config_file, "--check")
        self.assertIn("The configuration is right.", checked.stdout)

        dns = Dns(self).mx("elsewhere.example", 10, "mx.elsewhere.example", self.net.host(9)).start()
        peer = ScriptedPeer(self, 9)
        daemon = host.settle(dns=dns_servers(dns), delivery={"port": peer.port}).start()
        with Dialogue(host.address) as client:
            client.say("EHLO client.example", "250")
            client.say("MAIL FROM:<>", "250")
            client.say("RCPT TO:<abuse@example.com>", "250")
            client.say("RCPT TO:<nobody@example.com>", "550")
            client.say("RCPT TO:<bob@elsewhere.example>", "55")
            client.data(b"From: mod@abc.example\r\nSubject: hello\r\n\r\nhello\r\n")
        self.assertIn(b"Subject: hello", daemon.mailbox("alice@example.com").wait()[0].content)
        with Dialogue(host.address) as client:  # whatever is surely bad is refused
            client.say("EHLO mail.example.com", "250")
            client.say("MAIL FROM:<>", "250")
            client.say("RCPT TO:<abuse@example.com>", "550 5.7.1")
        swaks(self, "--server", host.address, "--port", SUBMISSION_PORT, "--tls", "--auth", "PLAIN", "--auth-user",
              "alice@example.com", "--auth-password", password, "--from", "alice@example.com", "--to", "bob@elsewhere.example")
        self.assertIn(b"DKIM-Signature: ", peer.wait()[0].content)

    def test_a_second_run_changes_nothing_and_says_so(self):
        host = MadeHost(self).first()
        before = self.contents(host.folder)
        host.init()
        self.assertEqual(self.contents(host.folder), before)
        self.assertNotIn("password (shown once)", host.printed.stdout)
        self.assertEqual(len(re.findall(r"^kept ", host.printed.stdout, re.M)), len(EXPECTED))
        self.assertNotRegex(host.printed.stdout, r"(?m)^(made|changed) ")

    def test_what_is_asked(self):
        host = MadeHost(self)
        done = self.ctl("init", "example.com", "--directory", host.folder, "--address", host.address, "--dns", NOBODY_ANSWERS,
                        input="mx1.example.com\nalice\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("hostname: mx1.example.com", host.config_file.read_text())
        self.assertIn("alice@example.com", (host.folder / "accounts.yaml").read_text())
        # Whoever is configured is not asked again; an input that ends takes what is proposed.
        again = self.ctl("init", "example.net", "--directory", host.folder, "--address", host.address, "--dns", NOBODY_ANSWERS,
                         input="")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertNotIn("Name of this host", again.stdout)

    def test_an_internationalized_domain(self):
        host = MadeHost(self, "xn--bcher-kva.example").init("--hostname", "post.bücher.example", domain="Bücher.example")
        self.assertIn("hostname: post.xn--bcher-kva.example", host.config_file.read_text())
        self.assertIn(("xn--bcher-kva.example", "MX", "10 post.xn--bcher-kva.example."), list(host.records()))
        self.run_program(BIN / "godwitd", "--config", host.config_file, "--check")

    def test_bad_names_make_nothing(self):
        folder = self.folder / "none"
        for name in "", "localhost", "exa mple.com", "192.0.2.1", "a..example", "a_b.example", "x" * 64 + ".example", "a/../b.example":
            with self.subTest(name=name):
                done = self.ctl("init", "--yes", "--directory", folder, "--", name)
                self.assertEqual(done.returncode, 2)
                self.assertIn("godwitctl: ", done.stderr)
        for option, value in ("--hostname", "mail"), ("--account", "not an address"), ("--address", "example.com"), ("--dns", "x:y:z"):
            with self.subTest(option=option):
                done = self.ctl("init", "example.com", "--yes", "--directory", folder, option, value)
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertIn(value, done.stderr)
        self.assertFalse(folder.exists())

    @unittest.skipIf(os.geteuid() != 0, "acts as another user")
    def test_a_place_that_cannot_be_written(self):
        self.folder.chmod(0o755)
        place = self.folder / "roots"
        place.mkdir(mode=0o755)
        nobody = pwd.getpwnam("nobody")
        done = self.ctl("init", "example.com", "--yes", "--directory", place / "host", "--dns", NOBODY_ANSWERS, user="nobody",
                        group=nobody.pw_gid, extra_groups=[])
        self.assertEqual(done.returncode, 1)
        self.assertIn("Permission denied", done.stderr)
        self.assertEqual(list(place.iterdir()), [])

    @unittest.skipIf(os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0,
                     "needs an /etc of its own")
    def test_what_root_makes_is_for_the_services_user(self):
        init = f"{BIN / 'godwitctl'} init example.com --yes --dns {NOBODY_ANSWERS}"
        sysusers = pathlib.Path(__file__).parents[2] / "systemd/sysusers.conf"
        script = f"""
            cp -a /etc {self.folder}/etc && mount --bind {self.folder}/etc /etc && rm -rf /etc/godwit && sed -i /^godwit:/d /etc/passwd /etc/group
            {init} 2> {self.folder}/refusal; echo $?; ls -d /etc/godwit
            systemd-sysusers {sysusers} && {init} > /dev/null; echo $?
            find /etc/godwit -printf '%u:%g %m %P\\n'"""
        done = self.run_program("unshare", "-m", "sh", "-c", script, check=False)
        self.assertIn("there is no user godwit", (self.folder / "refusal").read_text())
        refused, accepted, *made = done.stdout.splitlines()
        self.assertEqual((refused, accepted), ("1", "0"), done.stderr)
        self.assertGreater(len(made), len(EXPECTED))
        for line in made:
            self.assertRegex(line, r"^root:godwit (750|640|644) ")
        for secret in "accounts.yaml", "tls/privkey.pem", "dkim/example.com":
            self.assertRegex(done.stdout, rf"(?m)^root:godwit 640 {secret}")

    def test_half_of_a_configuration(self):
        host = MadeHost(self).first()
        (host.folder / "conf.d" / "example.com.yaml").write_text("domains:\n  example.com: {deliv")
        before = self.contents(host.folder)
        host.init(check=False)
        self.assertEqual(host.printed.returncode, 2)
        self.assertIn("conf.d/example.com.yaml:2", host.printed.stderr)
        self.assertEqual(self.contents(host.folder), before)
        host.config_file.unlink()
        (host.folder / "conf.d" / "example.com.yaml").unlink()
        host.first()
        self.run_program(BIN / "godwitd", "--config", host.config_file, "--check")

    def test_what_the_machine_has_is_used(self):
        root = self.folder / "image"
        authority = Authority(self)
        issued = authority.issue("lets", "mail.example.com")
        lineage = root / "etc/letsencrypt/live/mail.example.com"
        lineage.mkdir(parents=True)
        (lineage / "fullchain.pem").write_bytes(issued.certificate.read_bytes())
        (lineage / "privkey.pem").write_bytes(issued.private_key.read_bytes())
        (root / "etc/hostname").write_text("mail\n")
        (root / "etc/hosts").write_text("127.0.0.1 localhost\n127.0.1.1 mail.example.com mail\n")
        dovecot = root / "run/dovecot"
        dovecot.mkdir(parents=True)
        # The path of a socket is short.
        with socket.socket(socket.AF_UNIX) as lmtp:
            self.addCleanup(os.chdir, os.getcwd())
            os.chdir(dovecot)
            lmtp.bind("lmtp")
        (root / "etc/rspamd").mkdir()
        done = self.ctl("init", "example.com", "--yes", "--root", root, "--dns", NOBODY_ANSWERS)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"(?m)^found +rspamd +installed$")
        made = root / "etc/godwit"
        self.assertIn('name: rspamd, address: "inet:127.0.0.1:11332"', (made / "godwit.yaml").read_text())
        self.assertEqual((made / "tls/fullchain.pem").read_bytes(), issued.certificate.read_bytes())
        self.assertIn("hostname: mail.example.com", (made / "godwit.yaml").read_text())
        self.assertIn("lmtp:unix:/run/dovecot/lmtp", (made / "conf.d/example.com.yaml").read_text())
        self.assertNotIn(str(root), (made / "godwit.yaml").read_text() + (made / "conf.d/example.com.yaml").read_text())
        hook = root / "etc/letsencrypt/renewal-hooks/deploy/godwit"
        self.assertTrue(os.access(hook, os.X_OK))
        self.run_program("sh", "-n", hook)
        # What certbot renewed for somebody else is none of its business.
        self.run_program("sh", hook, env={**os.environ, "RENEWED_DOMAINS": "www.example.com", "RENEWED_LINEAGE": "/nowhere"})

    def test_reverse_records_and_the_resolver_are_looked_at(self):
        dns, address, folder = SignedDns(self), self.net.host(1), self.folder / "host"
        dns.add(ipaddress.ip_address(address).reverse_pointer, "PTR", "static.provider.example.").start()
        done = self.ctl("init", "example.com", "--yes", "--directory", folder, "--address", address, "--dns", f"{dns.address}:{DNS_PORT}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, rf"(?m)^found +reverse of {re.escape(address)} +static\.provider\.example$")
        self.assertIn(f"the reverse of {address} must be mail.example.com", done.stdout)
        self.assertRegex(done.stdout, r"(?m)^found +resolver +validates \(DNSSEC\)$")

    def test_the_example_of_the_package_is_no_configuration(self):
        root = self.folder / "image"
        example = pathlib.Path(__file__).parents[2] / "conf/godwit.yaml"
        for place in "usr/share/godwit", "etc/godwit":
            (root / place).mkdir(parents=True)
            (root / place / "godwit.yaml").write_bytes(example.read_bytes())
        done = self.ctl("init", "example.org", "--yes", "--root", root, "--dns", NOBODY_ANSWERS)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"(?m)^changed +\S*/etc/godwit/godwit.yaml$")
        self.assertIn("Made by godwitctl init", (root / "etc/godwit/godwit.yaml").read_text())


if __name__ == "__main__":
    main()
