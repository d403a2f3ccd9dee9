#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Half of a message's 4,000 domains are never answered by DNS: other mail does not wait for that."""

import pathlib
import struct
import time

from support.dialogue import Dialogue
from support.dns import GarbageDns
from support.godwit import Godwit
from support.message import message
from support.peer import ScriptedPeer
from support.scenario import DNS_PORT, Scenario, main
from support.sending_host import SENDER

DOMAINS = 4000
MX, A = 15, 1


def name_in(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]])
        at += 1 + query[at]
    return b".".join(labels).decode().lower(), struct.unpack(">H", query[at + 1:at + 3])[0], query[12:at + 5]


class DnsHangs(Scenario):
    def setUp(self):
        super().setUp()
        self.peer = ScriptedPeer(self, 2, "mx.peer.example")
        self.dns = GarbageDns(self, self.answer)
        self.godwit = Godwit(self, hostname="mail.abc.example", address=self.net.host(1),
                             domains={"abc.example": ["mod"]}, limits={"recipients": DOMAINS},
                             delivery={"retry": {"first": "1h", "max": "1h"}})
        self.godwit.config["dns"] = {"servers": [f"{self.dns.address}:{DNS_PORT}"], "timeout": "5s"}
        self.godwit.start()

    def answer(self, query, _):
        """Everybody's MX is the peer; "hangs" gets no answer."""
        name, kind, question = name_in(query)
        if name.startswith("hangs"):
            return None
        records = []
        if kind == MX:
            records = [(kind, struct.pack(">H", 10) + b"\x02mx\x04peer\x07example\0")]
        elif kind == A:
            records = [(kind, bytes(int(part) for part in self.peer.address.split(".")))]
        head = query[:2] + struct.pack(">HHHHH", 0x8580, 1, len(records), 0, 0)
        return head + question + b"".join(
            b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data for kind, data in records)

    def memory(self):
        status = pathlib.Path(f"/proc/{self.godwit.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) >> 10

    def letter(self, recipient):
        """Sends one, from another client; its content, and when."""
        content, begun = message(f"to {recipient}"), time.monotonic()
        with Dialogue(self.godwit.address, source=self.net.host(9)) as client:
            client.submit("other@abc.example", recipient, content)
        return content, begun

    def test_other_mail_goes_on(self):
        before = self.memory()
        recipients = [f"user@{'hangs' if number % 2 else 'good'}{number}.example" for number in range(DOMAINS)]
        with Dialogue(self.godwit.address) as client:
            client.submit(SENDER, recipients, message("many", body="x" * 20_000 + "\r\n"))
        self.wait_until(lambda: self.godwit.status()["queue"]["active"] >= 400, "lookups hang")
        # Four times 500 lookups, one after the other, would take a minute.
        grown, waits = 0, []
        for number in range(5):
            remote, begun = self.letter(f"user@healthy{number}.example")
            self.wait_until(lambda: any(one.content.endswith(remote) for one in list(self.peer.transactions)), "remote letter", 30)
            waits.append(time.monotonic() - begun)
            local, begun = self.letter("mod@abc.example")
            self.wait_until(lambda: any(one.content == local for one in self.godwit.mailbox("mod@abc.example").messages()),
                            "local letter", 30)
            waits.append(time.monotonic() - begun)
            grown = max(grown, self.memory() - before)
        self.peer.wait(5 + DOMAINS // 2, timeout=60)
        print(f"waits {[round(wait, 1) for wait in waits]}, {grown} MiB more memory, "
              f"{self.godwit.status()['queue']['active']} under way")
        self.assert_memory(grown, 200, "MiB")


if __name__ == "__main__":
    main()
