# SPDX-License-Identifier: Apache-2.0
"""dnsmasq with the records of one test, and a responder that answers garbage."""

import itertools
import os
import pwd
import re
import shutil
import socket
import struct
import subprocess
import threading

from .scenario import DNS_PORT, kill_after, wait_until


class Dns:
    """An authoritative server for made-up domains; all else does not exist.

        dns = Dns(case).mx("xyz.example", 10, "imail.xyz.example", "127.64.1.2")
    """

    numbers = itertools.count(1)

    def __init__(self, case, ttl=60, host=253, port=DNS_PORT):
        self.case, self.ttl, self.port = case, ttl, port
        self.address = case.net.host(host)
        self.records = []
        self.log_file = case.folder / f"dns-{next(self.numbers)}.log"
        self.process = None

    # ---- records --------------------------------------------------------------------------------------------------

    def mx(self, domain, preference, host, *addresses):
        self.records.append(f"--mx-host={domain},{host},{preference}")
        return self.host(host, *addresses) if addresses else self

    def host(self, name, *addresses):
        self.records += [f"--host-record={name},{address}" for address in addresses]
        return self

    def alias(self, name, target):
        self.records.append(f"--cname={name},{target}")
        return self

    def txt(self, name, text):
        assert "," not in text, "a comma would begin another string"
        parts = [text[at:at + 200] for at in range(0, len(text), 200)]
        self.records.append(f"--txt-record={name}," + ",".join(parts))
        return self

    def null_mx(self, domain):
        self.records.append(f"--dns-rr={domain},15,000000")
        return self

    def wildcard(self, zone, address):
        """The zone and every name in it."""
        self.records.append(f"--address=/{zone}/{address}")
        return self

    def forward(self, zone, address):
        """Another server is asked for this zone."""
        self.records.append(f"--server=/{zone}/{address}#{DNS_PORT}")
        return self

    def listed(self, zone, client):
        """An IPv4 address is on a list of addresses."""
        return self.host(".".join(reversed(client.split("."))) + "." + zone, "127.0.0.2")

    # ---- life -----------------------------------------------------------------------------------------------------

    def start(self):
        program = shutil.which("dnsmasq") or "/usr/sbin/dnsmasq"
        # Everything is local: no forwarding, so that an unknown name is NXDOMAIN.
        self.process = kill_after(self.case, subprocess.Popen(
            [program, "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--no-daemon",
             f"--user={pwd.getpwuid(os.getuid()).pw_name}", f"--port={self.port}", f"--listen-address={self.address}",
             "--bind-interfaces", "--local=/#/", f"--local-ttl={self.ttl}", "--log-queries",
             f"--log-facility={self.log_file}", "--cache-size=0", *self.records],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), "dnsmasq")
        wait_until(self._answers, "dnsmasq answers")
        return self

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"dnsmasq exited {self.process.returncode}")
        query = struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + b"\x05ready\x07invalid\0" + struct.pack(">HH", 1, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.2)
            try:
                client.sendto(query, (self.address, self.port))
                return client.recv(512)
            except OSError:
                return None

    def stop(self):
        self.process.terminate()
        self.process.wait(10)

    def change(self):
        """Starts again, with the records as they are now."""
        self.stop()
        return self.start()

    def queries(self, name, kind=None):
        """How often a name was asked for, of one type ("MX", "A")."""
        pattern = re.compile(r"query\[(\w+)\] (\S+) from")
        asked = pattern.findall(self.log_file.read_text())
        return sum(1 for asked_kind, asked_name in asked
                   if asked_name.lower() == name.lower() and kind in (None, asked_kind))


class GarbageDns:
    """Answers every query with bytes made by `answer(query, count)`; None leaves it unanswered."""

    def __init__(self, case, answer, host=253):
        self.address = case.net.host(host)
        self.count = 0
        self.answer = answer
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.address, DNS_PORT))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        case.addCleanup(self.close)

    def _serve(self):
        while True:
            query, sender = self.socket.recvfrom(4096)
            if query == b"close":
                return
            self.count += 1
            answer = self.answer(query, self.count) if self.answer else None
            if answer is not None:
                self.socket.sendto(answer, sender)

    def close(self):
        if not self.thread.is_alive():
            return
        self.socket.sendto(b"close", (self.address, DNS_PORT))
        self.thread.join(5)
        self.socket.close()


class SlowDns(GarbageDns):
    """Answers every query, after `delay` seconds, that there is no such name."""

    def __init__(self, case, delay, host=252):
        self.delay = delay
        super().__init__(case, None, host)

    def _serve(self):
        while True:
            query, sender = self.socket.recvfrom(4096)
            if query == b"close":
                return
            self.count += 1
            threading.Timer(self.delay, self._send, (self._answer_to(query), sender)).start()

    def _answer_to(self, query):
        return query[:2] + b"\x81\x83" + query[4:]

    def _send(self, answer, sender):
        try:
            self.socket.sendto(answer, sender)
        except OSError:
            pass  # the test is over


class SlowList(SlowDns):
    """A black list on which everything is: answers queries for addresses with 127.0.0.2, after `delay` seconds."""

    def _answer_to(self, query):
        end = query.index(b"\0", 12) + 5
        if query[end - 4:end - 2] != b"\0\1":
            return super()._answer_to(query)
        head = query[:2] + b"\x81\x80" + struct.pack(">HHHH", 1, 1, 0, 0)
        return head + query[12:end] + b"\xc0\x0c" + struct.pack(">HHIH4B", 1, 1, 60, 4, 127, 0, 0, 2)
