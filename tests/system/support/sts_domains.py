# SPDX-License-Identifier: Apache-2.0
"""A sending host that trusts an authority of the test, and domains with MTA-STS policies on real HTTPS servers."""

from .certificate import Authority
from .sending_host import SendingHost
from .web import HTTPS_PORT, Web

PATH = "/.well-known/mta-sts.txt"


def policy_text(mode="enforce", *hosts, max_age=86400):
    return "".join(f"{line}\r\n" for line in
                   ["version: STSv1", f"mode: {mode}", *(f"mx: {host}" for host in hosts), f"max_age: {max_age}"])


class StsDomains(SendingHost):
    ttl = 0

    def setUp(self):
        super().setUp()
        self.authority = Authority(self)
        self.webs = {}

    def mx_with(self, domain, number, *, name=None, days=2, issuer=None, offers=True):
        """The domain's mail host mx.DOMAIN with a certificate for `name`; a scripted peer."""
        host = f"mx.{domain}"
        certificate = (issuer or self.authority).issue(host, name or host, days=days) if offers else None
        return self.mx(domain, 10, host, number, certificate=certificate)

    def publish(self, domain, text, *, status=200, kind="text/plain", certificate=None):
        """The domain's policy on a server of its own, announced in DNS."""
        name = f"mta-sts.{domain}"
        web = Web(self, 100 + len(self.webs), certificate or self.authority.issue(name, name))
        self.webs[domain] = web
        web.pages[PATH] = (status, kind, text)
        self.dns.host(name, web.address).txt(f"_mta-sts.{domain}", "v=STSv1; id=1;")
        return web

    def announce(self, domain, identity):
        """The record has this id now; None: there is none."""
        self.dns.records = [record for record in self.dns.records if f"=_mta-sts.{domain}," not in record]
        if identity is not None:
            self.dns.txt(f"_mta-sts.{domain}", f"v=STSv1; id={identity};")
        self.dns.change()

    def start(self, **config):
        config.setdefault("tls", {"ca_file": str(self.authority.certificate)})
        config.setdefault("delivery", {}).setdefault("https_port", HTTPS_PORT)
        return super().start(**config)
