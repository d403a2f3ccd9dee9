#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Certificate files that change are read again, without a reload; what is wrong with new ones changes nothing and is shown."""

import os
import ssl

from support.certificate import Certificate
from support.receiving_host import ReceivingHost
from support.scenario import BIN, main

NAME = "mail.xyz.example"


class CertificatesAreReloaded(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.files = Certificate(self, NAME, self.net.host(1))
        self.godwit = self.host(certificate=self.files)
        self.godwit.config["tls"]["check_interval"] = "200ms"
        self.godwit.start()
        self.any_certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.any_certificate.check_hostname = False
        self.any_certificate.verify_mode = ssl.CERT_NONE

    def secured(self):
        client = self.connect()
        client.say("EHLO client.example", "250")
        client.starttls(self.any_certificate, NAME)
        return client

    def offered(self):
        with self.secured() as client:
            return client.socket.getpeercert(binary_form=True)

    def state(self):
        (certificate,) = self.godwit.status()["tls"]["certificates"]
        return certificate

    def replace_with(self, other):
        """As certbot does: new files take the place of the old ones, one after the other."""
        os.replace(other.certificate, self.files.certificate)
        os.replace(other.private_key, self.files.private_key)

    def test_a_new_one_is_offered_and_sessions_go_on(self):
        before, old_session = self.offered(), self.secured()
        old_session.say("EHLO client.example", "250")
        self.assertEqual(self.state()["subject"], f"CN={NAME}")
        self.assertIsNone(self.state()["error"])
        self.replace_with(Certificate(self, "new.xyz.example"))
        self.wait_until(lambda: self.offered() != before, "the new certificate is offered")
        self.assertEqual(self.state()["subject"], "CN=new.xyz.example")
        self.godwit.wait_event("certificate_reloaded", subject="CN=new.xyz.example")
        old_session.say("NOOP", "250")
        self.assert_still_works()

    def test_a_wrong_one_is_not_taken_and_shown_until_it_is_mended(self):
        before, key = self.offered(), self.files.private_key.read_bytes()
        self.files.private_key.write_text("no key\n")
        self.wait_until(lambda: self.state()["error"], "status shows what is wrong")
        self.assertIn(str(self.files.private_key), self.state()["error"])
        self.assertEqual(self.state()["subject"], f"CN={NAME}")
        self.assertIn("NOT RELOADED", self.godwit.control("status").stdout)
        self.assertEqual(len(self.godwit.events("certificate_refused")), 1)
        self.assertEqual(self.offered(), before)
        self.files.private_key.write_bytes(key)
        self.wait_until(lambda: self.state()["error"] is None, "it is mended")
        self.assertEqual(self.offered(), before)

    def test_files_that_vanish_take_nothing_from_the_daemon(self):
        before, kept = self.offered(), {}
        for name in "certificate", "private_key":
            path = getattr(self.files, name)
            with self.subTest(name):
                kept[path] = path.read_bytes()
                path.unlink()
                refused = self.godwit.control("reload", check=False)
                self.assertEqual(refused.returncode, 1)
                self.assertRegex(refused.stdout + refused.stderr, rf"{path}.*No such file")
                self.wait_until(lambda: str(path) in (self.state()["error"] or ""), "status shows what is missing")
                self.assertIn("NOT RELOADED", self.godwit.control("status").stdout)
                self.assertRegex(self.godwit.metrics(), r"godwit_certificate_unusable\{[^}]*\} 1")
                self.assertEqual(self.offered(), before)
                self.assert_still_works()
                path.write_bytes(kept[path])
                self.wait_until(lambda: self.state()["error"] is None, "it is there again")
        self.godwit.control("reload")
        self.assertEqual(self.offered(), before)

    def test_check_and_reload_name_the_place(self):
        self.files.private_key.write_text("no key\n")
        line = next(number for number, text in enumerate(self.godwit.config_file.read_text().splitlines(), 1)
                    if '"private_key"' in text)
        for done in (self.godwit.control("reload", check=False), self.check()):
            self.assertNotEqual(done.returncode, 0)
            self.assertRegex(done.stdout + done.stderr,
                             rf"{self.godwit.config_file}:{line}:\d+: tls\.certificates\[0\]\.private_key: .*no PEM private key")
        self.assert_still_works()

    def check(self):
        return self.run_program(BIN / "godwitd", "--config", self.godwit.config_file, "--check", check=False)


if __name__ == "__main__":
    main()
