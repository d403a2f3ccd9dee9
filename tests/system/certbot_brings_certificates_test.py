#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The shipped deploy hook gives the daemon what certbot has renewed, and the daemon notices by itself."""

import grp
import os
import pathlib
import shutil
import ssl
import stat
import unittest

from support.certificate import Certificate
from support.receiving_host import ReceivingHost
from support.scenario import main

HOOK = pathlib.Path(__file__).parents[2] / "conf/certbot-deploy-hook"
NAME = "mail.xyz.example"


class CertbotBringsCertificates(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.lineage = self.folder / "live" / NAME
        self.lineage.mkdir(parents=True)
        self.tls = self.folder / "tls"

    def renew(self, subject):
        made = Certificate(self, subject, self.net.host(1))
        shutil.copy(made.certificate, self.lineage / "fullchain.pem")
        shutil.copy(made.private_key, self.lineage / "privkey.pem")
        return made

    def hook(self, check=True, **environment):
        group = grp.getgrgid(os.getgid()).gr_name
        return self.run_program("sh", HOOK, check=check, env={"PATH": os.environ["PATH"], "RENEWED_LINEAGE": str(self.lineage),
                                                              "GODWIT_TLS": str(self.tls), "GODWIT_GROUP": group, **environment})

    def offered(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with self.connect() as client:
            client.say("EHLO client.example", "250")
            client.starttls(context, NAME)
            return client.socket.getpeercert(binary_form=True)

    def test_a_renewed_one_is_offered(self):
        self.renew("first.xyz.example")
        self.hook()
        key = self.tls / NAME / "privkey.pem"
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o640)
        files = {"certificate": str(self.tls / NAME / "fullchain.pem"), "private_key": str(key)}
        self.godwit = self.host(tls={"certificates": [files], "check_interval": "200ms"})
        self.godwit.config["listeners"][0]["tls"] = "starttls"
        self.godwit.start()
        before = self.offered()
        self.renew("second.xyz.example")
        self.hook()
        self.wait_until(lambda: self.offered() != before, "the new certificate is offered")
        self.godwit.wait_event("certificate_reloaded", subject="CN=second.xyz.example")

    def test_others_and_halves_are_left_alone(self):
        self.renew("first.xyz.example")
        self.hook(GODWIT_LINEAGES="www.xyz.example")
        self.assertFalse(self.tls.exists())
        (self.lineage / "privkey.pem").unlink()
        done = self.hook(check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("privkey.pem", done.stderr)
        self.assertFalse(self.tls.exists())

    @unittest.skipIf(pathlib.Path("/etc/godwit").exists(), "Godwit is installed here")
    def test_where_godwit_is_no_more_it_does_nothing(self):
        self.renew("first.xyz.example")
        self.hook(GODWIT_TLS="")
        self.assertFalse(pathlib.Path("/etc/godwit").exists())


if __name__ == "__main__":
    main()
