#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OCSP stapling from a file, and again when the file changes."""

import subprocess

from support.receiving_host import ReceivingHost
from support.scenario import MX_PORT, main


class OcspResponseIsStapled(ReceivingHost):
    def openssl(self, *words):
        return self.run_program("openssl", *words)

    def make_authority(self):
        """An authority, and a certificate of it for the host."""
        at = self.folder
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=CA",
                     "-keyout", at / "ca.key", "-out", at / "ca.pem", "-days", "2")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                     "/CN=mail.xyz.example", "-keyout", at / "host.key", "-out", at / "host.csr")
        self.openssl("x509", "-req", "-in", at / "host.csr", "-CA", at / "ca.pem", "-CAkey", at / "ca.key", "-set_serial", "4711",
                     "-days", "2", "-out", at / "host.pem")

    def respond(self, status, serial="1267"):  # 4711, as index files have it
        """Writes what the authority says of the certificate with this serial."""
        at = self.folder
        revoked = "991231235959Z" if status == "R" else ""
        (at / "index.txt").write_text(f"{status}\t991231235959Z\t{revoked}\t{serial}\tunknown\t/CN=mail.xyz.example\n")
        self.openssl("ocsp", "-issuer", at / "ca.pem", "-serial", f"0x{serial}", "-reqout", at / "request.der", "-no_nonce")
        self.openssl("ocsp", "-index", at / "index.txt", "-CA", at / "ca.pem", "-rsigner", at / "ca.pem", "-rkey", at / "ca.key",
                     "-reqin", at / "request.der", "-respout", at / "new.der", "-ndays", "1")
        (at / "new.der").rename(at / "response.der")

    def handshake(self):
        """What a client that asks for the status sees."""
        return subprocess.run(["openssl", "s_client", "-connect", f"{self.godwit.address}:{MX_PORT}", "-starttls", "smtp", "-status",
                               "-CAfile", str(self.folder / "ca.pem")], input=b"QUIT\r\n", capture_output=True,
                              timeout=20).stdout.decode(errors="replace")

    def staple_error(self):
        return self.godwit.status()["tls"]["certificates"][0]["staple_error"]

    def test_a_response_is_handed_out_and_renewed(self):
        self.make_authority()
        at = self.folder
        self.start(listeners=[{"address": f"{self.net.host(1)}:{MX_PORT}", "service": "mx"}],
                   tls={"check_interval": "100ms", "certificates": [
                       {"certificate": str(at / "host.pem"), "private_key": str(at / "host.key"),
                        "ocsp_response": str(at / "response.der")}]})
        # The job that fetches it has not run yet: TLS works without.
        self.assertIn("OCSP response: no response sent", self.handshake())
        self.assertIn("response.der", self.staple_error())
        self.respond("V")
        self.wait_until(lambda: "Cert Status: good" in self.handshake(), "the response is handed out")
        self.assertIsNone(self.staple_error())
        # One that says something else, or is about another certificate, is worse than none.
        for status, serial, why in ("V", "99", "another certificate"), ("R", "1267", "good"):
            self.respond(status, serial)
            self.wait_until(lambda: self.staple_error() and why in self.staple_error(), f"it is refused: {why}")
            self.assertIn("OCSP response: no response sent", self.handshake())


if __name__ == "__main__":
    main()
