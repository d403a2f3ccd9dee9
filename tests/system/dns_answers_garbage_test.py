#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A DNS server that answers nonsense, or not at all: the mail waits, the daemon lives."""

import struct

from support.dialogue import send
from support.dns import Dns, GarbageDns
from support.godwit import Godwit
from support.message import message
from support.peer import ScriptedPeer
from support.scenario import Scenario, main

TO = "user@xyz.example"


def header(query, flags=0x8180, answers=0, questions=1):
    return query[:2] + struct.pack(">HHHHH", flags, questions, answers, 0, 0)


def question(query):
    """The question section alone: what follows it (EDNS) is not repeated."""
    end = query.index(b"\0", 12) + 5
    return query[12:end]


ANSWERS = {
    "not a message": lambda query, count: b"garbage",
    "empty": lambda query, count: b"",
    "header cut": lambda query, count: query[:7],
    "another id": lambda query, count: bytes([query[0] ^ 1]) + query[1:],
    "server failure": lambda query, count: header(query, 0x8182) + question(query),
    "refused": lambda query, count: header(query, 0x8185) + question(query),
    "counts that lie": lambda query, count: header(query, answers=65535) + question(query),
    "name loops": lambda query, count: header(query, answers=1) + question(query) + b"\xc0\x0c" +
    struct.pack(">HHIH", 15, 1, 60, 4) + b"\0\x0a\xc0" + bytes([12 + len(question(query)) + 14]),
    "length beyond the end": lambda query, count: header(query, answers=1) + question(query) + b"\xc0\x0c" +
    struct.pack(">HHIH", 15, 1, 60, 999) + b"\0\x0a",
    "another question": lambda query, count: header(query) + b"\x05other\x07example\0\0\x0f\0\x01",
    "nothing": lambda query, count: None,
    "random": lambda query, count: query[:2] + bytes((count * 37 + i * i) % 256 for i in range(200)),
}


class DnsAnswersGarbage(Scenario):
    def test_mail_waits_and_arrives_once_dns_is_well(self):
        garbage = GarbageDns(self, None)
        peer = ScriptedPeer(self, 2, "mx.xyz.example")
        self.godwit = Godwit(self, hostname="mail.abc.example", address=self.net.host(1), dns=garbage)
        self.godwit.config["dns"]["timeout"] = "300ms"
        self.godwit.start()
        sent = []
        for name, answer in ANSWERS.items():
            with self.subTest(name):
                garbage.answer = answer
                content = message(name)
                identity = send(self.godwit.address, "mod@abc.example", TO, content)
                sent.append(content)
                deferred = self.godwit.wait_event("deferred", id=identity)
                self.assertTrue(str(deferred["enhanced"]).startswith("4.4."), deferred)
        self.assertEqual(self.godwit.events("bounced"), [])
        garbage.close()
        Dns(self).mx("xyz.example", 10, "mx.xyz.example", peer.address).start()
        received = peer.wait(len(sent), 60)
        for content in sent:
            self.assertTrue(any(transaction.content.endswith(content) for transaction in received), content)


if __name__ == "__main__":
    main()
