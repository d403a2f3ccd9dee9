#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mail of strangers through all filters: Godwit with its own authentication beside Postfix with OpenDKIM, OpenDMARC and policyd-spf, both
with the same scanner behind a milter (scanner.cpp: 5 ms of thought, no CPU), and the same messages: 10 KiB, signed, SPF and DMARC pass.

    tests/bench/filtered_mail.py [MESSAGES [REPETITIONS]]      default 5000 3; needs root, -DGODWIT_BENCH=ON and
                                                               scripts/install-packages test bench

Messages a second, and CPU seconds for 1000 of them, of all processes but load generator, DNS server and scanner.  What is accepted is
thrown away by both.  The median of the repetitions.
"""

import base64
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from support.dns import Dns  # noqa: E402
from support.godwit import Godwit  # noqa: E402
from support.postfix import Postfix  # noqa: E402
from support.programs import smtp_source  # noqa: E402
from support.scenario import BIN, MX_PORT, Scenario, kill_after, listening, wait_until  # noqa: E402
from support.unpacked import CACHE, UnpackedServer  # noqa: E402
from load.cpu_group import CpuGroup  # noqa: E402

SENDER, TO = "news@sender.example", "somchai@xyz.example"
SESSIONS = 20
WARM_UP = 200
SIZE = 10240
SCANNER_PORT, OPENDKIM_PORT, OPENDMARC_PORT = 20101, 20102, 20103
STRANGERS_ONLY = "192.0.2.1"  # nobody is trusted, so that everybody is verified

SIGN = """
import sys, dkim
message = sys.stdin.buffer.read()
sys.stdout.buffer.write(dkim.sign(message, b"s1", b"sender.example", open(sys.argv[1], "rb").read(),
                                  canonicalize=(b"relaxed", b"relaxed")) + message)
"""

POLICYD = """
policyd-spf unix - n n - 0 spawn user=nobody argv=/usr/bin/policyd-spf {folder}/policyd-spf.conf
"""


class FilteringPostfix(Postfix):
    def _write_configuration(self, settings, submission):
        super()._write_configuration(settings, submission)
        with open(self.folder / "etc/master.cf", "a") as file:
            file.write(POLICYD.format(folder=self.folder))
        (self.folder / "policyd-spf.conf").write_text(
            f"debugLevel = 0\nHELO_reject = False\nMail_From_reject = Fail\nskip_addresses = {STRANGERS_ONLY}\n"
            "Header_Type = AR\nAuthserv_Id = postfix.xyz.example\n")

    def start(self, group):
        policyd = CACHE / "policyd-spf"
        mounts = [f"mount -t overlay policyd -o lowerdir={policyd}/usr:/usr /usr", group.shell]
        return super().start(mounts)


class OpenDmarc(UnpackedServer):
    def __init__(self, case, address):
        super().__init__(case, "opendmarc", "opendmarc", {})
        self.address = address
        (self.folder / "ignored").write_text(STRANGERS_ONLY + "\n")
        (self.folder / "opendmarc.conf").write_text(
            f"AuthservID postfix.xyz.example\nTrustedAuthservIDs postfix.xyz.example\nSocket inet:{OPENDMARC_PORT}@{address}\n"
            f"IgnoreHosts {self.folder}/ignored\nRejectFailures true\nSPFIgnoreResults false\nSPFSelfValidate false\nSyslog false\n"
            "PublicSuffixList /usr/share/publicsuffix/public_suffix_list.dat\n")

    def start(self, group):
        return self.run(f"/usr/sbin/opendmarc -f -c {self.folder}/opendmarc.conf", [group.shell])

    def listens(self):
        return listening(self.address, OPENDMARC_PORT)


class FilteredMail(Scenario):
    messages, repetitions = 5000, 3

    def setUp(self):
        super().setUp()
        if os.getuid() != 0:
            self.skipTest("only root")
        os.chmod(self.folder, 0o755)
        key = self.folder / "key.pem"
        subprocess.run(["openssl", "genrsa", "-traditional", "-out", key, "2048"], check=True, capture_output=True)
        public = subprocess.run(["openssl", "rsa", "-in", key, "-pubout", "-outform", "DER"], check=True,
                                capture_output=True).stdout
        # Others ask at port 53 only.
        self.dns = (Dns(self, port=53).txt("sender.example", "v=spf1 ip4:127.0.0.0/8 -all")
                    .txt("s1._domainkey.sender.example", "v=DKIM1; p=" + base64.b64encode(public).decode())
                    .txt("_dmarc.sender.example", "v=DMARC1; p=reject").start())
        header = (f"From: News <{SENDER}>\r\nTo: {TO}\r\nSubject: Hello\r\nDate: Mon, 02 Nov 2026 08:00:00 +0000\r\n"
                  "Message-ID: <1@sender.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n")
        line = "The quick brown fox jumps over the lazy dog, again and again and again.\r\n"
        message = (header + line * (SIZE // len(line))).encode()
        signed = subprocess.run(["/usr/bin/python3", "-c", SIGN, key], input=message, check=True, capture_output=True).stdout
        self.message = self.folder / "message"
        self.message.write_bytes(signed.replace(b"\r\n", b"\n"))
        self.scanner = self.net.host(9)
        program = BIN.parent / "tests/bench/scanner"
        if not program.exists():
            program = next(BIN.parent.glob("**/scanner"), program)
        kill_after(self, subprocess.Popen([program, self.scanner, str(SCANNER_PORT)]), "scanner")
        wait_until(lambda: listening(self.scanner, SCANNER_PORT), "the scanner listens")

    def send(self, address, count):
        smtp_source(self, address, "-s", str(SESSIONS), "-d", "-m", str(count), "-f", SENDER, "-t", TO, "-F", str(self.message),
                    timeout=3600)

    def measure(self, what, address, group):
        self.send(address, WARM_UP)
        group.settled()
        rates, costs = [], []
        for _ in range(self.repetitions):
            before, began = group.seconds(), time.monotonic()
            self.send(address, self.messages)
            rates.append(self.messages / (time.monotonic() - began))
            costs.append((group.settled() - before) / self.messages * 1000)
        print(f"{what:60} {statistics.median(rates):8.0f} messages/s   {statistics.median(costs):8.3f} CPU s / 1000   "
              f"({min(rates):.0f}-{max(rates):.0f}, {min(costs):.3f}-{max(costs):.3f})", flush=True)

    def test_godwit(self):
        group = CpuGroup(self, "godwit")
        godwit = Godwit(self, hostname="mail.xyz.example", address=self.net.host(1), dns=self.dns,
                        dns_settings={"servers": [f"{self.dns.address}:53"]}, trusted_networks=[f"{STRANGERS_ONLY}/32"],
                        verification={"dmarc": "apply", "spf_fail": "reject"},
                        limits={"connections": 1000, "connections_per_client": 1000},
                        milters=[{"name": "scanner", "address": f"inet:{self.scanner}:{SCANNER_PORT}"}], log={"level": "info"})
        godwit.config["domains"]["xyz.example"] = {"deliver": "discard:", "recipients": "any"}
        godwit.start(group.launcher)
        self.measure("Godwit: SPF, DKIM, DMARC, ARC, a milter", godwit.address, group)
        accepted = godwit.wait_event("accepted")
        self.assertIn("spf=pass dkim=pass(sender.example) dmarc=pass", accepted["verified"])

    def test_postfix(self):
        group = CpuGroup(self, "postfix")
        address = self.net.host(3)
        resolver = f"nameserver {self.dns.address}\n"
        config = self.folder / "opendkim.conf"
        config.write_text(f"Mode v\nSocket inet:{OPENDKIM_PORT}@{address}\nInternalHosts {STRANGERS_ONLY}\nSyslog no\n"
                          f"Nameservers {self.dns.address}\nAuthservID postfix.xyz.example\nUserID root\n")
        kill_after(self, subprocess.Popen([shutil.which("opendkim") or "/usr/sbin/opendkim", "-f", "-x", config],
                                          preexec_fn=group.enter), "opendkim")
        wait_until(lambda: listening(address, OPENDKIM_PORT), "opendkim listens")
        opendmarc = OpenDmarc(self, address)
        (opendmarc.layer / "resolv.conf").write_text(resolver)
        opendmarc.start(group)
        milters = [f"inet:{address}:{OPENDKIM_PORT}", f"inet:{address}:{OPENDMARC_PORT}", f"inet:{self.scanner}:{SCANNER_PORT}"]
        postfix = FilteringPostfix(self, address, {
            "myhostname": "postfix.xyz.example", "mydestination": "", "mynetworks": f"{STRANGERS_ONLY}/32",
            "relay_domains": "xyz.example", "relay_transport": "discard:", "relay_recipient_maps": "",
            "smtpd_milters": ", ".join(milters), "milter_default_action": "tempfail", "local_recipient_maps": "",
            "smtpd_recipient_restrictions": "reject_unauth_destination, check_policy_service unix:private/policyd-spf",
            "policyd-spf_time_limit": "3600", "in_flow_delay": "0"}, {})
        (postfix.layer / "resolv.conf").write_text(resolver)
        postfix.start(group)
        self.measure("Postfix: policyd-spf, OpenDKIM, OpenDMARC, a milter", address, group)
        log = (self.folder / "postfix.log").read_text(errors="replace")
        self.assertIn("status=sent", log)
        self.assertNotIn("reject:", log)
        self.assertNotIn("milter-reject", log)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        FilteredMail.repetitions = int(sys.argv.pop())
    if len(sys.argv) > 1:
        FilteredMail.messages = int(sys.argv.pop())
    unittest.main()
