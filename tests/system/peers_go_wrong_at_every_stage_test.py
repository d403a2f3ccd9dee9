#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A peer that refuses, hangs up, stalls or talks nonsense at any stage: what becomes of the message, cell by cell."""

from support.certificate import Certificate
from support.godwit import Godwit
from support.message import message
from support.peer import DROP, STALL, ScriptedPeer
from support.scenario import MX_PORT, main
from support.sending_host import SENDER, SendingHost

FAULTS = {"4yz": "451 4.3.0 not now", "5yz": "550 5.7.1 never", "drop": DROP, "stall": STALL, "garbage": "\x01 what?"}

# d: deferred, b: bounced, s: delivered (secured), c: delivered in clear, -: there is no such fault.  With one host there is
# nobody else to ask; tests/unit/deliver/peer_matrix_test.cpp has the same with two.
TABLE = {
    # peer: {stage: 4yz 5yz drop stall garbage}
    "plain": {
        "connect": "--d--",
        "banner": "ddddd",
        "EHLO": "dcddd",  # 5yz: HELO will do
        "MAIL": "dbddd",
        "RCPT": "dbddd",
        "DATA": "dbddd",
        "body": "dbddd",
        "dot": "dbddd",
        "QUIT": "ccccc",
    },
    "old": {"HELO": "dbddd"},
    "chunking": {"MAIL": "dbddd", "RCPT": "dbddd", "dot": "dbddd"},
    "tls": {"STARTTLS": "ccccc", "handshake": "ccccc", "EHLO under TLS": "dsddd", "MAIL": "dbddd", "dot": "dbddd"},
    "required": {"STARTTLS": "ddddd", "handshake": "ddddd", "EHLO under TLS": "dsddd", "dot": "dbddd"},
    "login": {"AUTH": "ddddd", "MAIL": "dbddd", "dot": "dbddd"},
    "lmtp": {
        "connect": "--d--",
        "banner": "ddddd",
        "LHLO": "ddddd",  # a store of ours that refuses it is wrongly set up
        "MAIL": "dbddd",
        "RCPT": "dbddd",
        "DATA": "dbddd",
        "dot": "dbddd",
        "QUIT": "ccccc",
    },
}
# Where the log says that it went wrong.  What fits into the buffers of the sockets is behind the body by then.
STAGES = {"connect": "connect", "banner": "greeting", "EHLO": "ehlo", "HELO": "ehlo", "LHLO": "ehlo", "STARTTLS": "starttls",
          "EHLO under TLS": "ehlo", "AUTH": "auth", "MAIL": "mail", "RCPT": "rcpt", "DATA": "data", "body": "body", "dot": "final_dot"}


class Cell:
    def __init__(self, kind, stage, fault, expected, number):
        self.kind, self.stage, self.fault, self.expected, self.number = kind, stage, fault, expected, number
        self.domain = f"c{number}.example"

    def __str__(self):
        return f"{self.kind} {self.stage} {self.fault}"

    def peer(self, case):
        script = {self.stage: FAULTS[self.fault]}
        if self.kind == "old":
            script["EHLO"] = "502 5.5.1 what?"
        capabilities = ["PIPELINING", "SIZE 100000000"] + (["CHUNKING"] if self.kind == "chunking" else [])
        secured = self.kind in ("tls", "required", "login")
        return ScriptedPeer(case, self.number + 10, script=script, capabilities=capabilities, lmtp=self.kind == "lmtp",
                            certificate=case.certificate if secured else None, under_tls=["AUTH PLAIN"] if self.kind == "login" else [],
                            up=self.stage != "connect")

    def route(self, address, password):
        route = {"domains": [self.domain], "next_hop": f"[{address}]:{MX_PORT}"}
        if self.kind in ("required", "login"):
            route["tls"] = "require"
        if self.kind == "login":
            route["credentials"] = {"user": "me", "password_file": str(password)}
        return route

    def outcome(self, first_events):
        """One of the letters, and where it went wrong."""
        event = first_events[f"<u@{self.domain}>"]
        if event["event"] == "delivered":
            return ("c" if event["tls"] == "none" else "s"), None
        return event["event"][0], event["stage"]


def cells():
    number = 0
    for kind, stages in TABLE.items():
        for stage, row in stages.items():
            for fault, expected in zip(FAULTS, row):
                if expected != "-":
                    yield Cell(kind, stage, fault, expected, number)
                    number += 1


class PeersGoWrong(SendingHost):
    maxDiff = None

    def test_every_cell(self):
        self.certificate = Certificate(self, "mx.example", self.net.host(2))
        password = self.folder / "password"
        password.write_text("secret\n")
        password.chmod(0o600)
        all_cells = list(cells())
        domains, routes = {"abc.example": ["mod"]}, []
        stores = {}
        for cell in all_cells:
            peer = cell.peer(self)
            if cell.kind == "lmtp":
                stores[cell.domain] = {"deliver": f"lmtp:{peer.address}:{peer.port}", "recipients": "any"}
            else:
                routes.append(cell.route(peer.address, password))
        self.dns.start()
        self.godwit = self.daemon(domains, routes)
        self.godwit.config["domains"].update(stores)
        self.godwit.start()
        for cell in all_cells:
            body = "A line of a body.\r\n" * 20000 if cell.stage == "body" else "Hello.\r\n"
            self.send(f"u@{cell.domain}", message(str(cell), sender=SENDER, body=body))
        self.wait_until(lambda: len(self.outcomes()) == len(all_cells), "every cell has an outcome", timeout=90)
        outcomes, wrong = self.outcomes(), []
        for cell in all_cells:
            letter, stage = cell.outcome(outcomes)
            right_stage = letter not in "db" or cell.stage == "handshake" or stage == STAGES.get(cell.stage)
            right_stage = right_stage or (cell.stage, stage) == ("body", "final_dot")
            if letter != cell.expected or not right_stage:
                wrong.append(f"{cell}: {letter} at {stage}, not {cell.expected} at {STAGES.get(cell.stage)}")
        self.assertEqual(wrong, [])

    def outcomes(self):
        """The first of each recipient that is no report."""
        first = {}
        for event in self.godwit.events():
            if event["event"] in ("deferred", "bounced", "delivered") and event["from"] != "<>":
                first.setdefault(event["to"], event)
        return first

    def daemon(self, domains, routes):
        return Godwit(self, hostname="mail.abc.example", address=self.net.host(1), dns=self.dns, domains=domains, routes=routes,
                      delivery={"connections": 500, "retry": {"first": "1h", "max": "1h"}})


if __name__ == "__main__":
    main()
