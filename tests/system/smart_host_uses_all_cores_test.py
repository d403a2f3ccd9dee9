#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""All mail goes to one smart host: one reactor keeps its limits, and every reactor runs connections to it."""

from pathlib import Path

from support.programs import SmtpSink, smtp_source
from support.scenario import main
from support.sending_host import SENDER, SendingHost

THREADS = 3
COUNT = 900


class SmartHostUsesAllCores(SendingHost):
    def processor_time(self):
        """Nanoseconds that each reactor's thread has run."""
        tasks = Path(f"/proc/{self.godwit.process.pid}/task")
        names = {task: (task / "comm").read_text().strip() for task in tasks.iterdir()}
        return {name: int((task / "schedstat").read_text().split()[0])
                for task, name in names.items() if name.startswith("reactor-")}

    def test_no_reactor_is_idle(self):
        sink = SmtpSink(self, 2)
        self.start(threads=THREADS, routes=[{"domains": ["*"], "next_hop": f"[{sink.address}]:{sink.port}"}])
        self.godwit.control("delivery", "suspend")
        smtp_source(self, self.godwit.address, "-d", "-m", COUNT, "-s", "20", "-l", "4096", "-f", SENDER, "-t", "user@far.example")
        self.wait_until(lambda: self.godwit.queued() == COUNT, "all is queued")
        before = self.processor_time()
        self.godwit.control("delivery", "resume")
        self.godwit.wait_empty_queue(60)
        self.assertEqual(len(sink.messages()), COUNT)
        spent = {name: time - before[name] for name, time in self.processor_time().items()}
        self.assertEqual(len(spent), THREADS)
        self.assertGreater(min(spent.values()), 0.1 * sum(spent.values()), spent)


if __name__ == "__main__":
    main()
