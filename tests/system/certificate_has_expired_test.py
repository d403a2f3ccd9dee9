#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A certificate that has expired over night stops no mail: the daemon starts with it and says so; --check calls it an error."""

import os
import ssl

from support.certificate import Certificate
from support.message import message
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import BIN, main

NAME = "mail.xyz.example"


class CertificateHasExpired(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.files = Certificate(self, NAME, self.net.host(1), days=-1)
        self.godwit = self.host(certificate=self.files)
        self.godwit.config["tls"]["check_interval"] = "200ms"

    def state(self):
        (certificate,) = self.godwit.status()["tls"]["certificates"]
        return certificate

    def offered(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        client = self.connect()
        client.say("EHLO client.example", "250")
        client.starttls(context, NAME)
        client.submit(SENDER, TO, message())
        return client.socket.getpeercert(binary_form=True)

    def replace_with(self, other):
        os.replace(other.private_key, self.files.private_key)
        os.replace(other.certificate, self.files.certificate)

    def test_the_daemon_starts_and_says_so(self):
        self.godwit.start()
        self.offered()
        said = self.godwit.wait_event("certificate_out_of_date")
        self.assertIn(f"{self.files.certificate}: the certificate expired on ", said["reason"])
        self.assertIn("the certificate expired on ", self.godwit.errors())
        self.assertIn("the certificate expired on ", self.state()["out_of_date"])
        self.assertIn("OUT OF DATE", self.godwit.control("status").stdout)
        # Everything else can be changed meanwhile.
        self.godwit.control("reload")
        self.assertEqual(len(self.godwit.events("certificate_out_of_date")), 1)

    def test_a_renewed_one_takes_its_place_and_is_not_given_up_for_an_expired_one(self):
        self.godwit.start()
        before = self.offered()
        self.replace_with(Certificate(self, "new.xyz.example"))
        self.wait_until(lambda: self.state()["out_of_date"] is None and self.state()["error"] is None, "it is renewed")
        renewed = self.offered()
        self.assertNotEqual(renewed, before)
        self.replace_with(Certificate(self, "old.xyz.example", days=-1))
        # Between the two files the key does not fit the certificate.
        self.wait_until(lambda: "expired" in (self.state()["error"] or ""), "status shows what is wrong")
        self.assertEqual(self.offered(), renewed)
        self.assertNotEqual(self.godwit.control("reload", check=False).returncode, 0)

    def test_check_calls_it_an_error_but_tells_whether_it_would_start(self):
        self.godwit.write_config()
        words = BIN / "godwitd", "--config", self.godwit.config_file
        for more, exit_code in ((["--check"], 2), (["--check", "--as-start"], 0), (["--as-start"], 2)):
            done = self.run_program(*words, *more, check=False)
            self.assertEqual(done.returncode, exit_code, done.stderr)
            if "--check" in more:
                self.assertRegex(done.stderr, r"godwit\.yaml:\d+:\d+: .*tls\.certificates\[0\]\.certificate: .*expired on ")

    def test_a_key_of_another_is_an_error_also_at_a_start(self):
        self.files.private_key.write_bytes(Certificate(self, "other.xyz.example").private_key.read_bytes())
        self.assertEqual(self.godwit.spawn().wait(20), 2)


if __name__ == "__main__":
    main()
