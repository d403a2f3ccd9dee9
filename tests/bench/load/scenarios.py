# SPDX-License-Identifier: Apache-2.0
"""What side_by_side.py can measure, and which of it stands in the table of docs/performance.md."""

import dataclasses

from .peers import LOGIN, GodwitPeer, LimitPeer, PostfixPeer
from .postfix_tools import PostfixTools
from .programs import Load, OwnTools

MANY_SESSIONS = 100
SERVERS = (GodwitPeer, PostfixPeer)


@dataclasses.dataclass(frozen=True)
class Measured:
    """One figure of each of the servers.  `key`: which of those of a repetition; `unit`: of what is counted, and `worth`: how many
    of these a message is."""

    what: str
    load: Load
    mode: str = "hold"
    unit: str = "messages/s"
    worth: float = 1
    warm_up: int = 200
    chunking: bool = False
    key: str = "rate"
    servers: tuple = SERVERS
    tools: type = OwnTools
    idle_clients: int = 0  # not 0: what is measured is the memory beside them
    counts_syncs: bool = False

    def sessions(self):
        return max(self.load.sessions, self.idle_clients)


def large(mebibytes, mode, messages):
    load = Load(size=mebibytes << 20, messages=messages, sessions=min(20, messages // 2), seconds=None)
    return Measured(f"{mebibytes} MiB a message, {mode}", load, mode, "MiB/s", mebibytes, warm_up=2)


ONE = Load(per_connection=1, seconds=1.5)
OWN = {
    "accept": Measured("accept, 4 KiB, DATA", Load(sessions=MANY_SESSIONS, seconds=3)),
    "accept-in-turn": Measured("accept, 4 KiB, each message after the reply to the last",
                               Load(sessions=MANY_SESSIONS, seconds=3, pipelining="envelope")),
    "accept-bdat": Measured("accept, 4 KiB, BDAT", Load(sessions=MANY_SESSIONS, seconds=2, bdat=True)),
    "relay": Measured("relay, 4 KiB, DATA", Load(sessions=MANY_SESSIONS, seconds=2), "relay"),
    "relay-bdat": Measured("relay, 4 KiB, BDAT", Load(sessions=MANY_SESSIONS, seconds=2, bdat=True), "relay", chunking=True),
    "connections": Measured("accept, one a connection", ONE),
    "tls-full": Measured("… each with a full TLS handshake", ONE.but(tls="starttls")),
    "tls-resumed": Measured("… each with TLS resumed", ONE.but(tls="starttls", resume=True)),
    "login": Measured("… and AUTH PLAIN", ONE.but(tls="starttls", resume=True, login=LOGIN), warm_up=10),
    "tls-kept": Measured("accept, 4 KiB, TLS, kept connections", Load(sessions=MANY_SESSIONS, seconds=2, tls="starttls")),
    "1mib": large(1, "hold", 400),
    "1mib-relay": large(1, "relay", 200),
    "50mib": large(50, "hold", 8),
    "50mib-relay": large(50, "relay", 8),
    "recipients": Measured("1000 recipients, accept", Load(recipients=1000, seconds=2), "hold", "recipients/s", 1000, warm_up=4),
    "recipients-relay": Measured("1000 recipients, relay", Load(recipients=1000, messages=24), "relay", "recipients/s", 1000, warm_up=4),
}

# ---- Postfix's smtp-source and smtp-sink, and a limit server beside them -------------------------------------------

KEPT = Load(seconds=4)


def accept(what, load, **changes):
    """The limit server can do it, too."""
    return Measured(what, load, servers=(*SERVERS, LimitPeer), tools=PostfixTools, warm_up=1000, **changes)


def relay(what, load, **changes):
    return Measured(what, load, "relay", tools=PostfixTools, warm_up=1000, **changes)


def memory(what, messages):
    return Measured(what, KEPT, servers=(*SERVERS, LimitPeer), tools=PostfixTools, warm_up=messages, idle_clients=1000, key="pss_mib",
                    unit="MiB (PSS)")


def syncs(mode, sessions):
    return mode(f"{mode.__name__}, 4 KiB, kept connections, {sessions} sessions", KEPT.but(sessions=sessions), counts_syncs=True,
                key="syncs_a_message", unit="syncs a message")


TABLES = {
    "table-accept-connections": accept("accept, 4 KiB, one a connection", KEPT.but(per_connection=1)),
    "table-accept-kept": accept("accept, 4 KiB, kept connections", KEPT),
    "table-accept-64kib": accept("accept, 64 KiB, kept connections", KEPT.but(size=64 << 10)),
    "table-relay-connections": relay("relay, 4 KiB, one a connection", KEPT.but(per_connection=1)),
    "table-relay-kept": relay("relay, 4 KiB, kept connections", KEPT),
    "table-memory": memory("1000 idle clients after 1000 messages", 1000),
    "table-memory-at-start": memory("1000 idle clients, no message yet", 0),
    "table-syncs-accept-20": syncs(accept, 20),
    "table-syncs-accept-100": syncs(accept, 100),
    "table-syncs-relay-20": syncs(relay, 20),
    "table-syncs-relay-100": syncs(relay, 100),
}
SCENARIOS = {**OWN, **TABLES}


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table: `key` of what the repetitions of a scenario came to."""

    what: str
    scenario: str
    key: str
    form: str


SPEEDS = [name for name, measured in TABLES.items() if measured.key == "rate"]
ROWS = [
    *(Row(f"{TABLES[name].what}: messages/s", name, "rate", ".0f") for name in SPEEDS),
    *(Row(f"CPU seconds for 1000: {TABLES[name].what}", name, "cpu_per_1000", ".3f") for name in SPEEDS),
    Row("memory (PSS) with 1000 idle clients, no message yet, MiB", "table-memory-at-start", "pss_mib", ".1f"),
    Row("memory (PSS) after 1000 messages, without clients, MiB", "table-memory", "pss_mib_before", ".1f"),
    Row("memory (PSS) after 1000 messages, with 1000 idle clients, MiB", "table-memory", "pss_mib", ".1f"),
    *(Row(f"syncs a message: {measured.what}", name, "syncs_a_message", ".3f") for name, measured in TABLES.items() if measured.counts_syncs),
]
