# SPDX-License-Identifier: Apache-2.0
"""A real OpenSMTPD, as Debian packages it, that passes everything on to one host."""

from .scenario import MX_PORT, listening
from .unpacked import UnpackedServer

USERS = {"opensmtpd": 64804, "opensmtpq": 64805}

CONFIGURATION = """
pki here cert "{certificate}"
pki here key "{private_key}"
smtp max-message-size 100M
listen on {address} port {port} tls pki here hostname {name}
action onward relay host smtp+tls://{onward}:{port} tls no-verify
match from any for any action onward
"""


class OpenSmtpd(UnpackedServer):
    def __init__(self, case, address, name, onward, certificate):
        super().__init__(case, "opensmtpd", "opensmtpd", USERS)
        self.address = address
        # Names of clients are looked up, in vain.
        (self.layer / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        (self.layer / "mailname").write_text(name + "\n")
        (self.layer / "smtpd.conf").write_text(CONFIGURATION.format(
            name=name, address=address, port=MX_PORT, onward=onward,
            certificate=certificate.certificate, private_key=certificate.private_key))
        certificate.private_key.chmod(0o600)

    def start(self):
        # Its places are compiled in.
        return self.run("/usr/sbin/smtpd -d", [
            "mount -t tmpfs spool /var/spool", "mkdir -m 711 /var/spool/smtpd", "mount -t tmpfs run /run",
            "mount -t tmpfs lib /var/lib", "mkdir -p /var/lib/opensmtpd/empty"])

    def listens(self):
        return listening(self.address, MX_PORT)
