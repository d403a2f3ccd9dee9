#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A disk that takes no more for a while: who is waiting waits, others are told to come later, memory stays bounded, and when the
disk goes on everybody has an answer."""

import concurrent.futures
import os
import pathlib

from support.faults import Faults
from support.message import dot_stuffed, large_body, message
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import main


class DiskStalls(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.godwit = self.host(limits={"memory": "16MiB", "connections_per_client": 500}, trusted_networks=[])
        self.faults = Faults(self, self.godwit)
        self.godwit.start()
        self.godwit.status()  # its sockets listen before it has read and written what it needs to start
        self.content = message(body=large_body(240_000))

    def begin(self):
        """A client that may send its message now, or the refusal."""
        client = self.connect(timeout=40)
        client.envelope(SENDER, TO)
        return client, client.say("DATA")

    def resident(self):
        """Bytes of memory that the daemon has."""
        fields = pathlib.Path(f"/proc/{self.godwit.process.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    def test_those_who_come_meanwhile_are_told_to_come_later(self):
        before = self.resident()
        self.faults.fail("stall")
        waiting, refusal = [], None
        while not refusal and len(waiting) < 200:
            client, reply = self.begin()
            if reply.startswith("354"):
                client.send(dot_stuffed(self.content))
                waiting.append(client)
            else:
                refusal = reply
                client.say("NOOP", "250")
        self.assertTrue(refusal and refusal.startswith("451 4.3.0"), refusal)
        self.assertGreater(len(waiting), 10)
        self.assert_memory(self.resident() - before, 80 << 20, "bytes")
        self.assertTrue(self.godwit.status()["healthy"])
        self.faults.mend("stall")
        for client in waiting:
            client.expect("250")
        self.wait_until(lambda: self.begin()[1].startswith("354"), "mail is taken again")
        self.assertEqual(len(self.godwit.mailbox(TO).wait(len(waiting), 60)), len(waiting))

    def test_bodies_beyond_the_memory_go_to_files_and_none_is_refused(self):
        before = self.resident()
        clients = []
        for _ in range(150):  # 36 MB
            client, reply = self.begin()
            self.assertTrue(reply.startswith("354"), reply)
            client.send(dot_stuffed(self.content)[:-3])
            clients.append(client)
        self.wait_until(lambda: any((self.godwit.spool / "large").glob("*.part")), "bodies go to files")
        self.assert_memory(self.resident() - before, 80 << 20, "bytes")
        for client in clients:
            client.send(b".\r\n")
        for client in clients:
            client.expect("250")
        stored = self.godwit.mailbox(TO).wait(len(clients), 60)
        self.assertEqual(len(stored), len(clients))
        self.assertTrue(all(one.content == self.content for one in stored))
        self.assert_still_works()

    def test_an_administrator_has_an_answer_and_the_order_takes_effect(self):
        self.godwit.control("delivery", "suspend")
        held, _ = self.send(content=message("to be held"))
        exported, content = self.send(content=message("to be imported"))
        export = self.folder / "export"
        self.godwit.control("spool", "export", "--all", "--to", export)
        (export / f"{held}.envelope").unlink()
        self.godwit.control("queue", "delete", exported)
        self.faults.fail("stall")
        orders = [("queue", "hold", held), ("spool", "import", export)]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            answers = [pool.submit(self.godwit.control, *order, check=False, timeout=55) for order in orders]
            self.assertTrue(self.godwit.status()["healthy"])
            for answer in map(concurrent.futures.Future.result, answers):
                self.assertEqual(answer.returncode, 1, answer.stdout)
                self.assertIn("has not answered for 30 seconds; the order may still take effect", answer.stdout + answer.stderr)
        self.faults.mend("stall")
        self.wait_until(lambda: self.godwit.queued() == 2, "what was imported is there")
        self.assertEqual(self.godwit.control_json("queue", "show", held)["state"], "held")
        again = self.godwit.control("spool", "import", export)
        self.assertEqual(self.godwit.queued(), 2, f"a second copy: {again.stdout}")
        self.godwit.control("delivery", "resume")
        self.assertEqual([one.content for one in self.godwit.mailbox(TO).wait(1)], [content])


if __name__ == "__main__":
    main()
