# SPDX-License-Identifier: Apache-2.0
"""A host that `godwitctl init` made in a folder of its own, on loopback addresses and high ports."""

import json
import re

from .godwit import Godwit
from .scenario import BIN, DNS_PORT, MX_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT

NOBODY_ANSWERS = "127.0.0.1:9"  # a DNS server


class MadeHost:
    """`run` is what init printed.  start() gives the daemon; its configuration is the one that init wrote, elsewhere."""

    def __init__(self, case, domain="example.com", hostname="mail.example.com", host=1, folder="host"):
        self.case, self.domain, self.hostname = case, domain, hostname
        self.address = case.net.host(host)
        self.folder = case.folder / folder
        self.config_file = self.folder / "godwit.yaml"
        self.zone_file = self.folder / "publish" / f"{domain}.zone"

    def init(self, *words, domain=None, check=True, **options):
        self.printed = self.case.run_program(
            BIN / "godwitctl", "init", domain or self.domain, "--yes", "--directory", self.folder, "--address", self.address,
            "--dns", NOBODY_ANSWERS, *words, check=check, **options)
        return self

    def first(self, *words):
        return self.init("--hostname", self.hostname, "--account", f"alice@{self.domain}", *words)

    @property
    def password(self):
        return re.search(r"password \(shown once\): (\S+)", self.printed.stdout)[1]

    def settle(self, **more):
        """Ports and trust of a test in place of those of the Internet."""
        text = self.config_file.read_text()
        for port, here in (25, MX_PORT), (587, SUBMISSION_PORT), (465, SUBMISSIONS_PORT):
            text = text.replace(f'"[::]:{port}"', f'"{self.address}:{here}"')
        text = text.replace('[127.0.0.0/8, "::1/128"]', '["::1/128"]').replace("mx: [reverse_dns, ", "mx: [")  # clients have no names here
        self.config_file.write_text(text)
        (self.folder / "conf.d" / "test.yaml").write_text(json.dumps(more))
        return self

    def records(self):
        """(name, type, data) of the zone that init wrote; with the port of the test."""
        for line in self.zone_file.read_text().splitlines():
            match = re.match(r"(\S+)\. IN (\S+) (.*)$", line)
            if match and not line.startswith(";"):
                yield match[1].replace("_25._tcp", f"_{MX_PORT}._tcp"), match[2], match[3]

    def start(self):
        return MadeDaemon(self).start()

    def doctor(self, *words):
        """(exit status, {check: its findings})."""
        done = self.case.run_program(BIN / "godwitctl", "--json", "doctor", "--config", self.config_file, *words, check=False,
                                     timeout=100)
        if done.returncode not in (0, 1):
            raise AssertionError(f"doctor exited {done.returncode}: {done.stderr}")
        checks = {}
        for finding in json.loads(done.stdout)["findings"]:
            checks.setdefault(finding["check"], []).append(finding)
        return done.returncode, checks


class MadeDaemon(Godwit):
    """The daemon of a MadeHost."""

    def __init__(self, made):
        self.made = made
        super().__init__(made.case, "daemon", hostname=made.hostname, address=made.address)
        self.config_file = made.config_file
        self.control_socket = made.folder / "run" / "control.sock"
        self.vmail = made.folder / "mail"
        self.log_file = self.error_file
        self.config["listeners"] = [{"address": f"{made.address}:{port}"} for port in (MX_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT)]

    def write_config(self):
        """It is written."""


def dns_servers(dns):
    return {"servers": [f"{dns.address}:{DNS_PORT}"], "timeout": "2s"}
