# SPDX-License-Identifier: Apache-2.0
"""One repetition: a server with an empty queue gets some mail to become warm, and is measured once."""

import contextlib
import resource
import select

from support.dialogue import Dialogue
from support.scenario import Scenario

from .machine import Watch
from .peers import Place
from .programs import Sink, SyncsBeside, lone_syncs, quantile, send
from .sync_counter import SyncCounter

SETTLED = 0.25      # seconds in which nothing is done
CALM = 2.0          # … before memory is looked at
DESCRIPTORS = 4096


class Here(Scenario):
    """The folder and the addresses of one repetition.  The folder stays until all have ended: where many files were just deleted,
    ext4 makes new ones slowly, and the next server would pay for the last one's."""

    def runTest(self):
        pass

    def _leave_folder(self):
        pass


@contextlib.contextmanager
def here():
    case = Here()
    case.setUp()
    try:
        yield case
    finally:
        case.doCleanups()


class Repetition:
    """What every measurement of a server begins with."""

    def __init__(self, case, peer_of, measured):
        self.case, self.measured, self.tools = case, measured, measured.tools(case)
        self.sink = self.tools.sink(8, measured.chunking)
        self.syncs = SyncCounter(case.folder) if measured.counts_syncs else None
        place = Place(self.sink.endpoint, measured.mode, measured.sessions(), measured.load.login is not None,
                      self.syncs.environment if self.syncs else {})
        self.peer = peer_of(case, place).start()
        self.messages = 0

    def warm(self, messages):
        load = self.measured.load.but(messages=max(messages, 1), seconds=None, sessions=min(self.measured.load.sessions, messages))
        return self.send(load)

    def send(self, load):
        """What the generator tells, and when all mail was where it goes to (`arrived`)."""
        sent = self.tools.send(self.peer.endpoint, load)
        self.messages += sent["messages"]
        relays = self.measured.mode == "relay"
        return {**sent, "arrived": self.sink.wait(self.messages * load.recipients)["last"] if relays else sent["ended"]}

    def check(self):
        """Nothing was lost, and nothing was measured that was not done."""
        if self.measured.mode == "relay":
            recipients = self.sink.counts()["recipients"]
            assert recipients == self.messages * self.measured.load.recipients, \
                f"{self.peer.name}: {recipients} recipients' mail at the sink, of {self.messages} messages"
        else:
            queued = self.peer.queued()
            assert queued == self.messages, f"{self.peer.name}: {queued} messages in the queue of {self.messages}"


def measure(peer_of, measured):
    """How fast, at which cost."""
    with here() as case:
        repetition = Repetition(case, peer_of, measured)
        peer, sink = repetition.peer, repetition.sink
        warm = repetition.warm(measured.warm_up)
        before, parts, sunk = peer.group.settled(SETTLED), peer.group.seconds_by_name(), sink.counts()["cpu"]
        syncs = repetition.syncs.count() if repetition.syncs else 0
        watch = Watch(case.folder)
        sent = repetition.send(repetition.tools.bounded(measured.load, warm["messages"] / (warm["arrived"] - warm["began"])))
        machine = watch.ended(server=peer.group.seconds() - before, generator=sent["cpu"], sink=sink.counts()["cpu"] - sunk)
        cpu = peer.group.settled(SETTLED) - before
        per_1000 = 1000 / sent["messages"] / measured.worth
        parts = {name: seconds * per_1000 for name, seconds in (peer.group.seconds_by_name() - parts).most_common()}
        repetition.check()
        seconds = sent["arrived"] - sent["began"]
        counted = {"syncs_a_message": (repetition.syncs.count() - syncs) / sent["messages"]} if repetition.syncs else {}
        return {"rate": sent["messages"] * measured.worth / seconds, "accepted": sent["rate"] * measured.worth, "seconds": seconds,
                "cpu_per_1000": cpu * per_1000, "messages": sent["messages"], "cpu_per_1000_by_part": parts,
                "flushes_a_message": machine["disk"]["flushes"] / sent["messages"],
                "kib_a_message": machine["disk"]["kib"] / sent["messages"], **counted, "source": sent, **machine}


def measure_memory(peer_of, measured):
    """Of all the server's processes, with clients that have said EHLO and wait."""
    with here() as case, descriptors(DESCRIPTORS), contextlib.ExitStack() as clients:
        repetition = Repetition(case, peer_of, measured)
        group = repetition.peer.group
        if measured.warm_up:
            repetition.warm(measured.warm_up)
        group.settled(CALM)
        before, address, port = group.memory()["Pss"], *repetition.peer.endpoint.rsplit(":", 1)
        poll = select.poll()
        for _ in range(measured.idle_clients):
            client = clients.enter_context(Dialogue(address, int(port)))
            client.say("EHLO idle.example", "250")
            poll.register(client.socket, select.POLLIN)
        group.settled(CALM)
        memory, processes = group.memory()["Pss"], len(group.processes())
        assert not poll.poll(0), f"{repetition.peer.name} has closed idle connections"
        repetition.check()
        return {"pss_mib": memory / 1024, "pss_mib_before": before / 1024, "processes": processes}


@contextlib.contextmanager
def descriptors(count):
    """So many for this program and for whom it starts."""
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, usual[1]), usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)


def measure_latency(peer_of, measured, rate, seconds):
    """At an even rate, and what a lone sync takes before and after it, when nothing else goes on, and beside it."""
    with here() as case:
        repetition = Repetition(case, peer_of, measured)
        repetition.warm(2000)
        before = repetition.peer.group.settled(SETTLED)
        syncs = [lone_syncs(case.folder, seconds / 6)]
        beside = SyncsBeside(case.folder)  # its file is made before the load begins
        watch = Watch(case.folder)
        with beside:
            sent = repetition.send(measured.load.but(rate=rate, seconds=seconds))
        machine = watch.ended(server=repetition.peer.group.seconds() - before, generator=sent["cpu"])
        syncs.append(lone_syncs(case.folder, seconds / 6))
        lone = {**{kind: sorted(syncs[0][kind] + syncs[1][kind]) for kind in syncs[0]}, "beside the load": beside.took}
        return {"rate": sent["rate"], "wanted": rate, "p50": sent["dot_to_reply_ms"]["p50"], "p99": sent["dot_to_reply_ms"]["p99"],
                "max": sent["dot_to_reply_ms"]["max"], "due_p99": sent["due_to_reply_ms"]["p99"],
                "sync": {kind: {"p50": quantile(took, 0.5), "p99": quantile(took, 0.99)} for kind, took in lone.items()},
                "source": sent, **machine}


def alone(measured):
    """The generator and the sink without a server between them."""
    with here() as case:
        sink = Sink(case, case.net.host(8), chunking=True)
        watch = Watch(case.folder)
        sent = send(sink.endpoint, measured.load)
        machine = watch.ended(server=0.0, generator=sent["cpu"], sink=sink.counts()["cpu"])
        assert sink.counts()["messages"] == sent["messages"]
        return {"rate": sent["rate"], "cpu_per_1000": sent["cpu"] / sent["messages"] * 1000, "source": sent, **machine}
