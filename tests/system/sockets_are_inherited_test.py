#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sockets passed as systemd does (LISTEN_FDS): they are served, stay open over a restart, and what is not passed is bound as usual."""

import signal
import socket

from support.dialogue import Dialogue, send
from support.message import message
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import MX_PORT, main
from support.service_manager import launcher

class SocketsAreInherited(ReceivingHost):
    def listening_socket(self, host, port=MX_PORT):
        listener = socket.create_server((self.net.host(host), port))
        self.addCleanup(listener.close)
        return listener

    def launch(self, sockets, names=None):
        """Starts the daemon with these sockets."""
        descriptors = [listener.fileno() for listener in sockets]
        names = names or ["godwitd.socket"] * len(sockets)
        started = len(self.godwit.events("started"))
        self.godwit.process = self.godwit.spawn(launcher=launcher(descriptors, names), pass_fds=descriptors)
        self.wait_until(lambda: len(self.godwit.events("started")) > started or not self.godwit.alive(), "it has started")

    def take_mail(self, address, port=MX_PORT):
        content = message(f"through {address}")
        send(address, SENDER, TO, content, port=port)
        self.wait_until(lambda: any(stored.content == content for stored in self.godwit.mailbox(TO).messages()), "it is delivered")

    def test_it_serves_them_and_no_client_is_refused_over_a_restart(self):
        self.godwit = self.host()
        listener = self.listening_socket(1)
        self.launch([listener])
        self.take_mail(self.godwit.address)
        self.assertEqual(self.godwit.stop(), 0)
        waiting = Dialogue(self.godwit.address, greeting=None)
        self.addCleanup(waiting.close)
        self.launch([listener])
        waiting.expect("220")
        waiting.submit(SENDER, TO, message("waited for the restart"))

    def test_every_reactor_accepts_from_the_one_socket(self):
        self.godwit = self.host(threads=4)
        self.launch([self.listening_socket(1)])
        clients = [self.connect() for _ in range(40)]
        for client in clients:
            client.say("NOOP", "250")

    def test_a_listener_without_a_socket_binds_its_own(self):
        self.godwit = self.host(listeners=[{"address": f"{self.net.host(n)}:{MX_PORT}", "service": "mx", "tls": "none"} for n in (1, 2)])
        self.launch([self.listening_socket(1)])
        self.take_mail(self.net.host(1))
        self.take_mail(self.net.host(2))

    def test_a_socket_of_another_address_goes_by_its_name(self):
        self.godwit = self.host()
        self.launch([self.listening_socket(3, 20026)], ["mx"])
        self.take_mail(self.net.host(3), 20026)
        with self.assertRaises(ConnectionRefusedError):
            Dialogue(self.net.host(1))

    def test_a_socket_that_no_listener_has_is_a_mistake(self):
        self.godwit = self.host()
        self.launch([self.listening_socket(1), self.listening_socket(3)])
        self.assertEqual(self.godwit.process.wait(20), 1)
        self.assertIn(f"{self.net.host(3)}:{MX_PORT}", self.godwit.errors() + self.godwit.log_file.read_text())

    def test_what_it_inherited_is_drained_at_a_stop(self):
        self.godwit = self.host()
        self.launch([self.listening_socket(1)])
        idle = self.connect()
        self.godwit.process.send_signal(signal.SIGTERM)
        idle.expect("421 4.3.2")
        self.assertEqual(self.godwit.process.wait(20), 0)


if __name__ == "__main__":
    main()
