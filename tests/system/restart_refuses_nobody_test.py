#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A restart under a service manager refuses nobody: sockets that it keeps, or bound itself, stay open, who comes meanwhile waits in their
queues, and the next process serves them, however many threads it has and whatever became of its listeners."""

import os
import re
import socket

from support.dialogue import Dialogue
from support.guests import Guests
from support.message import message
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import MX_PORT, main
from support.service_manager import ServiceManager


API_PORT = 20080


class RestartRefusesNobody(ReceivingHost):
    def managed(self, unit=(), size=256, **config):
        """A daemon that runs under a service manager."""
        self.godwit = self.host(**config)
        return ServiceManager(self, self.godwit, unit=unit, size=size).start()

    def listeners(self, *numbers):
        return [{"address": f"{self.net.host(number)}:{MX_PORT}", "service": "mx", "tls": "none"} for number in numbers]

    def waiting(self, count, address=None):
        """Clients that have connected and heard nothing yet."""
        clients = [Dialogue(address or self.godwit.address, greeting=None) for _ in range(count)]
        for client in clients:
            self.addCleanup(client.close)
        return clients

    def assert_refused(self, address, port=MX_PORT):
        with self.assertRaises(ConnectionRefusedError):
            Dialogue(address, port)

    def subjects(self):
        return [re.search(rb"(?m)^Subject: (\S+)", path.read_bytes()).group(1).decode() for path in self.godwit.mailbox(TO).files()]

    def restarts_under_load(self, manager):
        guests = Guests(self, self.godwit.address, TO)
        for threads in 4, 1, 3, 2:
            guests.wait_for_more(40)
            manager.restart(threads=threads)
        guests.wait_for_more(40)
        self.assertEqual(guests.leave(self.subjects), [], "delivered twice")
        self.assertEqual(len(self.godwit.events("started")), 5)

    def test_sockets_of_our_own_under_load(self):
        manager = self.managed()
        self.restarts_under_load(manager)
        self.assertEqual(manager.stored(), [f"{self.godwit.address}:{MX_PORT}"] * 2)  # as many as there were threads at first

    def test_the_socket_of_a_unit_under_load(self):
        listener = socket.create_server((self.net.host(1), MX_PORT), backlog=4096)
        self.addCleanup(listener.close)
        manager = self.managed(unit=[listener])
        self.restarts_under_load(manager)
        self.assertEqual(manager.stored(), [])

    def test_who_waits_is_served_by_fewer_and_by_more_threads(self):
        manager = self.managed(threads=4)
        for threads in 1, 3, 8:
            manager.stop()
            clients = self.waiting(40)
            self.godwit.config["threads"] = threads
            manager.start()
            for client in clients:
                client.expect("220")
                client.say("QUIT", "221")
            self.assert_still_works()

    def test_a_crash_refuses_nobody_either(self):
        manager = self.managed()
        manager.crash()
        (client,) = self.waiting(1)
        manager.start()
        client.expect("220")
        client.submit(SENDER, TO, message("waited"))

    def test_what_is_under_way_is_finished_while_the_next_wait(self):
        manager = self.managed()
        busy, idle = self.connect(), self.connect()
        busy.envelope(SENDER, TO)
        busy.say("DATA", "354")
        self.godwit.process.terminate()
        idle.expect("421 4.3.2")
        (client,) = self.waiting(1)
        busy.send(b"Subject: finished\r\n\r\n.\r\n")
        busy.expect("250 2.0.0")
        self.assertEqual(self.godwit.process.wait(40), 0)
        manager.start()
        client.expect("220")

    def test_listeners_come_and_go(self):
        manager = self.managed(listeners=self.listeners(1, 2))
        manager.restart(listeners=self.listeners(1, 3))
        for number in 1, 3:
            Dialogue(self.net.host(number)).close()
        self.assert_refused(self.net.host(2))
        self.wait_until(lambda: manager.stored() == sorted([f"{self.net.host(number)}:{MX_PORT}" for number in (1, 3)] * 2),
                        "the store has the sockets of the present listeners")
        manager.restart(listeners=self.listeners(1, 2, 3))
        Dialogue(self.net.host(2)).close()

    def test_a_listener_may_take_the_port_of_one_that_has_gone(self):
        port = 21000 + os.getpid() % 8000
        one, everywhere = ([{"address": f"{address}:{port}", "service": "mx", "tls": "none"}]
                           for address in (self.net.host(1), "0.0.0.0"))
        manager = self.managed(listeners=one)
        for listeners, other in (everywhere, self.assertTrue), (one, self.assertFalse):
            manager.restart(listeners=listeners)
            Dialogue(self.net.host(1), port).close()
            with socket.socket() as probe:
                other(probe.connect_ex((self.net.host(2), port)) == 0)

    def test_a_small_store_keeps_what_it_can(self):
        manager = self.managed(size=1, threads=3)
        self.assertEqual(len(manager.stored()), 1)
        manager.stop()
        clients = self.waiting(5)
        manager.start()
        for client in clients:
            client.expect("220")

    def test_without_a_store_nothing_is_given_away(self):
        manager = self.managed(size=None)
        self.assertEqual(manager.stored(), [])
        manager.stop()
        self.assert_refused(self.godwit.address)
        manager.start()
        self.assert_still_works()

    def test_who_asks_the_api_waits_too(self):
        token = self.folder / "token"
        token.write_text("reader-0123456789\n")
        token.chmod(0o600)
        manager = self.managed(control={"http": f"{self.net.host(1)}:{API_PORT}", "tokens": [{"file": str(token)}]})
        self.assertIn(f"{self.net.host(1)}:{API_PORT}", manager.stored())
        manager.stop()
        with socket.create_connection((self.net.host(1), API_PORT), 20) as client:
            client.sendall(b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer reader-0123456789\r\n\r\n")
            manager.start()
            self.assertIn(b" 200 ", client.recv(4096))


if __name__ == "__main__":
    main()
