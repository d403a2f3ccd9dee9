# SPDX-License-Identifier: Apache-2.0
"""The daemon as a host that gets its certificate itself, from a real authority."""

from .dns import Dns
from .pebble import HTTP_PORT, TLS_PORT, Pebble
from .receiving_host import ReceivingHost

HOST = "mail.xyz.example"


class CertifiedHost(ReceivingHost):
    authority_settings = {}

    def setUp(self):
        super().setUp()
        self.dns = Dns(self)
        self.authority = Pebble(self, self.dns, **self.authority_settings)
        self.dns.host(HOST, self.net.host(1)).start()

    def certified(self, challenge="http-01", **acme):
        """The daemon, not started."""
        port = HTTP_PORT if challenge == "http-01" else TLS_PORT
        if "webroot" not in acme:
            acme.setdefault("listen", f"{self.net.host(1)}:{port}")
        self.godwit = self.host(dns=self.dns, tls={"acme": self.authority.as_config(challenge=challenge, **acme)})
        self.godwit.config["listeners"][0]["tls"] = "starttls"
        self.folder_of_acme = self.godwit.folder / "state" / "acme"
        return self.godwit

    def acme(self):
        return self.godwit.status()["tls"]["acme"]

    def wait_obtained(self, number=1):
        self.wait_until(lambda: len(self.godwit.events("certificate_obtained")) >= number, f"certificate {number} is there", 60)
        self.wait_until(lambda: len(self.godwit.events("certificate_reloaded")) >= number, f"certificate {number} counts")

    def secured(self, context=None):
        """A connection after STARTTLS, the certificate verified against the authority's root."""
        client = self.connect()
        client.say("EHLO client.example", "250")
        client.starttls(context or self.authority.client_context(), HOST)
        return client

    def offered(self):
        """The certificate, in DER."""
        with self.secured() as client:
            return client.socket.getpeercert(binary_form=True)

    def offers_starttls(self):
        with self.connect() as client:
            return "STARTTLS" in client.say("EHLO client.example", "250")

    def public_key(self):
        file = self.folder_of_acme / "certificate.pem"
        return self.run_program("openssl", "x509", "-in", file, "-noout", "-pubkey").stdout
