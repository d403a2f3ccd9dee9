# SPDX-License-Identifier: Apache-2.0
"""A signed root of its own (nsd, ldns-signzone) behind a resolver that validates (unbound)."""

import hashlib
import os
import pwd
import re
import shutil
import socket
import struct
import subprocess

from .scenario import DNS_PORT, MX_PORT, kill_after, wait_until


def tlsa(certificate, usage=3, selector=1, matching=1):
    """The data of a TLSA record that names this certificate: "3 1 1 ab12...".  In place of a matching type, the bytes may be given."""
    words = ["openssl", "x509", "-in", str(certificate.certificate), "-outform", "DER"]
    der = subprocess.run(words, capture_output=True, check=True).stdout
    if selector == 1:
        key = subprocess.run(words[:4] + ["-noout", "-pubkey"], capture_output=True, check=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key, capture_output=True, check=True).stdout
    data = {0: der, 1: hashlib.sha256(der).digest(), 2: hashlib.sha512(der).digest()}[matching]
    return f"{usage} {selector} {matching} {data.hex()}"


class SignedDns:
    """All names lie in the signed root zone, but those below `unsigned`, a zone that was delegated without a DS record.

    Offers the same as Dns, and TLSA records.  self.address is the resolver's.
    """

    unsigned = "unsigned"

    def __init__(self, case, ttl=60, validates=True):
        self.case, self.ttl, self.validates = case, ttl, validates
        self.folder = case.folder / "signed-dns"
        self.folder.mkdir()
        self.server, self.address = case.net.host(252), case.net.host(253)
        self.zones = {"": [], self.unsigned: []}
        self.broken = []

    # ---- records --------------------------------------------------------------------------------------------------

    def add(self, name, kind, data, bogus=False):
        """`bogus`: what is published is not what was signed."""
        zone = self.unsigned if name == self.unsigned or name.endswith("." + self.unsigned) else ""
        self.zones[zone].append(f"{name}. {self.ttl} IN {kind} {data}")
        if bogus:
            self.broken.append((name, kind))
        return self

    def mx(self, domain, preference, host, *addresses, bogus=False):
        self.add(domain, "MX", f"{preference} {host}.", bogus)
        return self.host(host, *addresses) if addresses else self

    def host(self, name, *addresses):
        for address in addresses:
            self.add(name, "A", address)
        return self

    def alias(self, name, target):
        return self.add(name, "CNAME", target + ".")

    def tlsa(self, host, data, port=MX_PORT, bogus=False):
        return self.add(f"_{port}._tcp.{host}", "TLSA", data, bogus)

    # ---- life -----------------------------------------------------------------------------------------------------

    def start(self):
        self._write_zones()
        self._start_server()
        self._start_resolver()
        return self

    def _write_zones(self):
        ns = f"{self.ttl} IN NS ns.nic."
        soa = f"{self.ttl} IN SOA ns.nic. hostmaster.nic. 1 3600 600 86400 {self.ttl}"
        root = [f". {soa}", f". {ns}", f"{self.unsigned}. {ns}", f"ns.nic. {self.ttl} IN A {self.server}", *self.zones[""]]
        (self.folder / "root.zone").write_text("\n".join(root) + "\n")
        below = [f"{self.unsigned}. {soa}", f"{self.unsigned}. {ns}", *self.zones[self.unsigned]]
        (self.folder / "unsigned.zone").write_text("\n".join(below) + "\n")
        names = [self.case.run_program("ldns-keygen", *options, "-a", "ECDSAP256SHA256", ".", cwd=self.folder).stdout.strip()
                 for options in (["-k"], [])]
        self.anchor = (self.folder / f"{names[0]}.key").read_text()
        self.case.run_program("ldns-signzone", "-f", "signed.zone", "root.zone", *names, cwd=self.folder)
        signed = (self.folder / "signed.zone").read_text()
        for name, kind in self.broken:
            signed, count = re.subn(rf"^({re.escape(name)}\.\s+\d+\s+IN\s+{kind}\s+)(.*)$", self._spoil, signed, flags=re.MULTILINE)
            assert count, (name, kind)
        (self.folder / "signed.zone").write_text(signed)

    @staticmethod
    def _spoil(line):
        digit = re.search(r"[0-9](?=[^0-9]*$)", line[2])
        changed = str((int(digit[0]) + 1) % 10)
        return line[1] + line[2][:digit.start()] + changed + line[2][digit.end():]

    def _start_server(self):
        (self.folder / "nsd.conf").write_text(f"""
server:
  ip-address: {self.server}@{DNS_PORT}
  username: {pwd.getpwuid(os.getuid()).pw_name}
  server-count: 1
  database: ""
  zonesdir: "{self.folder}"
  zonelistfile: "{self.folder}/zone.list"
  xfrdfile: "{self.folder}/xfrd.state"
  xfrdir: "{self.folder}"
  pidfile: "{self.folder}/nsd.pid"
  logfile: "{self.case.folder}/nsd.log"
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "."
  zonefile: "signed.zone"
zone:
  name: "{self.unsigned}"
  zonefile: "unsigned.zone"
""")
        self._run("nsd", "-d", "-c", self.folder / "nsd.conf")
        wait_until(lambda: self._answer(self.server), "nsd answers")

    def _start_resolver(self):
        (self.folder / "anchor.key").write_text(self.anchor)
        zones = "".join(f'stub-zone:\n  name: "{name}."\n  stub-addr: {self.server}@{DNS_PORT}\n' for name in self.zones)
        trust = f'module-config: "validator iterator"\n  trust-anchor-file: "{self.folder}/anchor.key"'
        (self.folder / "unbound.conf").write_text(f"""
server:
  interface: {self.address}
  port: {DNS_PORT}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{self.folder}"
  pidfile: ""
  use-syslog: no
  logfile: "{self.case.folder}/unbound.log"
  verbosity: 1
  num-threads: 1
  do-not-query-localhost: no
  local-zone: "127.in-addr.arpa." nodefault
  access-control: 127.0.0.0/8 allow
  {trust if self.validates else 'module-config: "iterator"'}
  val-log-level: 2
remote-control:
  control-enable: no
{zones}""")
        self._run("unbound", "-d", "-c", self.folder / "unbound.conf")
        wait_until(lambda: self._answer(self.address), "unbound answers")

    def _run(self, name, *words):
        program = shutil.which(name) or f"/usr/sbin/{name}"
        with open(self.case.folder / f"{name}.err", "ab") as errors:
            process = subprocess.Popen([program, *map(str, words)], stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        kill_after(self.case, process, name)

    @staticmethod
    def _answer(address):
        """Whether the root's SOA is there."""
        query = struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + b"\0" + struct.pack(">HH", 6, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.3)
            try:
                client.sendto(query, (address, DNS_PORT))
                return client.recv(4096)[3] & 15 == 0
            except OSError:
                return False
