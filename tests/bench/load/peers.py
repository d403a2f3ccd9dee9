# SPDX-License-Identifier: Apache-2.0
"""The servers that are measured, each configured as its authors would for this load, with the promises of its defaults.

What is accepted stays in the queue (mode `hold`), or goes on to the sink over plain SMTP (mode `relay`).  Godwit and Postfix have the
same certificate, and the same password hash for the one user; Postfix asks Dovecot for it.
"""

import dataclasses
import re

from support.account_servers import Dovecot
from support.certificate import Certificate
from support.godwit import Godwit
from support.postfix import Postfix
from support.scenario import BIN, MX_PORT, SUBMISSION_PORT

from .cpu_group import CpuGroup
from .programs import SENDER, Sink

PASSWORD = "correct horse battery staple"
LOGIN = f"{SENDER}:{PASSWORD}"
LARGEST = 100 << 20


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a server stands: `sink` is host:port, `sessions` how many clients it must bear."""

    sink: str
    mode: str = "hold"
    sessions: int = 20
    logs_in: bool = False
    environment: dict = dataclasses.field(default_factory=dict)

    def next_hop(self):
        return "[{}]:{}".format(*self.sink.rsplit(":", 1))

    def launcher(self, group):
        """The words before a server's command."""
        return [*group.launcher, "env", *(f"{name}={value}" for name, value in self.environment.items())]


class UnderLoad(Godwit):
    """Its log is far too long to be held against the schema."""

    def _check_log(self):
        pass


class GodwitPeer:
    name = "Godwit"

    def __init__(self, case, place):
        self.place, self.group = place, CpuGroup(case, "godwit")
        address = case.net.host(1)
        self.endpoint = f"{address}:{SUBMISSION_PORT if place.logs_in else MX_PORT}"
        usual = {"threads": None, "authentication": None, "delivery": None, "spool": {"segment_size": None},
                 "log": {"format": None, "level": None}}
        self.godwit = UnderLoad(
            case, hostname="peer.example", address=address, certificate=Certificate(case, "peer.example", address), **usual,
            limits={"connections_per_client": place.sessions + 100, "message_size": LARGEST}, breaker={"enabled": False},
            routes=[{"domains": ["*"], "next_hop": place.next_hop(), "tls": "none", "hold": place.mode == "hold"}])
        if place.logs_in:
            self.godwit.with_submission().add_account(SENDER, PASSWORD)

    def start(self):
        self.godwit.start(self.place.launcher(self.group))
        return self

    def queued(self):
        return self.godwit.queued()


class PostfixPeer:
    """Changed from the defaults for throughput: in_flow_delay = 0 (else clients that outrun delivery are slowed down), deliveries to a
    destination begin at their most, and there are processes enough for every client."""

    name = "Postfix"

    def __init__(self, case, place):
        self.case, self.place, self.group = case, place, CpuGroup(case, "postfix")
        address = case.net.host(3)
        self.endpoint = f"{address}:{SUBMISSION_PORT if place.logs_in else MX_PORT}"
        certificate = Certificate(case, "peer.example", address)
        settings = {
            "myhostname": "peer.example", "mydestination": "", "mynetworks": "127.0.0.0/8", "relayhost": place.next_hop(),
            "message_size_limit": LARGEST, "mailbox_size_limit": LARGEST, "in_flow_delay": "0s", "initial_destination_concurrency": 20,
            "default_process_limit": max(100, place.sessions + 50), "smtpd_relay_restrictions": "permit_mynetworks, reject",
            "smtp_tls_security_level": "none", "smtpd_tls_security_level": "may",
            "smtpd_tls_cert_file": certificate.certificate, "smtpd_tls_key_file": certificate.private_key,
            "smtpd_tls_session_cache_database": "btree:${data_directory}/smtpd_scache"}
        if place.environment:
            settings["import_environment"] = " ".join(["MAIL_CONFIG MAIL_LOGTAG TZ LANG=C", *place.environment])
        if place.mode == "hold":
            # So that the queue manager never touches the message.
            settings["smtpd_recipient_restrictions"] = "check_client_access static:HOLD, permit"
        self.postfix = Postfix(case, address, settings, self._submission(place))

    def _submission(self, place):
        if not place.logs_in:
            return {}
        dovecot = Dovecot(self.case, {SENDER: self._hash()}, "plain", "CRYPT").start(self.group.launcher)
        return {"smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "dovecot", "smtpd_sasl_path": dovecot.socket,
                "smtpd_relay_restrictions": "permit_sasl_authenticated, reject"}

    def _hash(self):
        """As Godwit makes it."""
        accounts = self.case.folder / "accounts.yaml"
        self.case.run_program(BIN / "godwitctl", "account", "add", SENDER, "--file", accounts, "--password-stdin", input=PASSWORD + "\n")
        return re.search(r"\$y\$[^\s\"',}]+", accounts.read_text()).group()

    def start(self):
        self.postfix.start(launcher=self.place.launcher(self.group))
        return self

    def queued(self):
        return sum(path.is_file() for queue in ("incoming", "active", "deferred", "hold")
                   for path in (self.postfix.folder / "spool" / queue).rglob("*"))


class LimitPeer:
    """No mail server, but the least that promises what one does: load_sink, which syncs what came before it says 250."""

    name = "limit"

    def __init__(self, case, place):
        self.case, self.place, self.group = case, place, CpuGroup(case, "limit")
        self.address = case.net.host(5)

    def start(self):
        self.server = Sink(self.case, self.address, journal=self.case.folder / "journal", launcher=self.place.launcher(self.group))
        self.endpoint = self.server.endpoint
        return self

    def queued(self):
        return self.server.counts()["messages"]
