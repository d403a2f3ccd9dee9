# SPDX-License-Identifier: Apache-2.0
"""smtp-source and smtp-sink of Postfix: one command at a time, in the clear, as many have measured mail servers."""

import os
import pathlib
import re
import resource
import time

from support.programs import SmtpSink, smtp_source
from support.scenario import wait_until

from .cpu_group import name_and_seconds
from .programs import RECIPIENT, SENDER

FEWEST = 1000  # messages


class CountingSink:
    """smtp-sink, which tells after each message how many there were."""

    def __init__(self, case, host):
        self.told = os.memfd_create("smtp-sink")
        case.addCleanup(os.close, self.told)
        self.sink = SmtpSink(case, host, counts=self.told)
        self.endpoint = f"{self.sink.address}:{self.sink.port}"

    def counts(self):
        """As Sink has it; `last` is now."""
        now, size = time.monotonic(), os.fstat(self.told).st_size
        told = re.findall(rb"mesg=(\d+)\r", os.pread(self.told, 256, max(0, size - 256)))
        messages = int(told[-1]) if told else 0
        _, cpu = name_and_seconds(pathlib.Path(f"/proc/{self.sink.process.pid}/stat"))
        return {"messages": messages, "recipients": messages, "last": now, "cpu": cpu}

    def wait(self, recipients, timeout=300):
        return wait_until(lambda: (counts := self.counts())["recipients"] >= recipients and counts, f"{recipients} messages have come",
                          timeout, interval=0.002)


class PostfixTools:
    """For one repetition."""

    def __init__(self, case):
        self.case = case

    def sink(self, host, chunking=False):
        assert not chunking, "smtp-sink has no BDAT"
        return CountingSink(self.case, host)

    def send(self, endpoint, load):
        """The figures that load_source has of it, too."""
        address, port = endpoint.rsplit(":", 1)
        assert load.per_connection in (0, 1) and load.messages, load
        before, began = _children_cpu(), time.monotonic()
        smtp_source(self.case, address, "-s", load.sessions, "-m", load.messages, "-l", load.size, *([] if load.per_connection else ["-d"]),
                    "-f", SENDER, "-t", RECIPIENT, port=port, timeout=600)
        ended = time.monotonic()
        return {"messages": load.messages, "began": began, "ended": ended, "rate": load.messages / (ended - began),
                "cpu": _children_cpu() - before}

    @staticmethod
    def bounded(load, rate):
        """smtp-source counts messages: as many as take about that long."""
        return load if load.messages else load.but(messages=max(FEWEST, int(rate * load.seconds)), seconds=None)


def _children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
