# SPDX-License-Identifier: Apache-2.0
"""A real authority that speaks ACME: pebble, Let's Encrypt's server for tests.  It asks the scenario's DNS server for addresses and
connects to them at the ports below.  All that it knew is gone when it stops."""

import json
import os
import re
import shutil
import ssl
import subprocess
import urllib.request

from .certificate import Certificate
from .scenario import DNS_PORT, kill_after, listening, wait_until

ACME_PORT, MANAGEMENT_PORT = 20140, 20150
HTTP_PORT, TLS_PORT = 20080, 20443  # where it looks for the answers to challenges
NAME = "ca.test.example"


class Pebble:
    def __init__(self, case, dns, host=40, **settings):
        self.case, self.dns, self.address = case, dns, case.net.host(host)
        dns.host(NAME, self.address)
        self.files = Certificate(case, NAME, self.address)
        self.log_file = case.folder / "pebble.log"
        self.settings = settings
        self.process = None

    @property
    def directory(self):
        return f"https://{NAME}:{ACME_PORT}/dir"

    def as_config(self, **more):
        """tls.acme of a host that takes its certificates from here."""
        return {"terms_of_service_agreed": True, "directory": self.directory, "ca_file": str(self.files.certificate), **more}

    def start(self, **environment):
        """`environment`: PEBBLE_... without that, in lower case."""
        program = shutil.which("pebble")
        if not program:
            raise AssertionError("no pebble: scripts/install-packages test")
        file = self.case.folder / "pebble.json"
        file.write_text(json.dumps({"pebble": {
            "listenAddress": f"{self.address}:{ACME_PORT}", "managementListenAddress": f"{self.address}:{MANAGEMENT_PORT}",
            "certificate": str(self.files.certificate), "privateKey": str(self.files.private_key),
            "httpPort": HTTP_PORT, "tlsPort": TLS_PORT, "ocspResponderURL": "", "externalAccountBindingRequired": False,
            **self.settings}}))
        settings = {"va_nosleep": "1", "wfe_noncereject": "0", "authzreuse": "0", **environment}
        with open(self.log_file, "ab") as log:
            self.process = kill_after(self.case, subprocess.Popen(
                [program, "-strict", "-config", str(file), "-dnsserver", f"{self.dns.address}:{DNS_PORT}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.case.folder,
                env={**os.environ, **{f"PEBBLE_{key.upper()}": value for key, value in settings.items()}}), "pebble")
        wait_until(lambda: listening(self.address, ACME_PORT) and listening(self.address, MANAGEMENT_PORT), "pebble listens")
        return self

    def stop(self):
        self.process.kill()
        self.process.wait(10)

    def _get(self, path):
        context = self.files.client_context()
        with urllib.request.urlopen(f"https://{self.address}:{MANAGEMENT_PORT}{path}", context=context, timeout=10) as answer:
            return answer.read().decode()

    def client_context(self):
        """Trusts what it issues, and nothing else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self._get("/roots/0"))
        return context

    def count(self, pattern):
        """Lines of its log that fit."""
        return len(re.findall(pattern, self.log_file.read_text(errors="replace")))
