#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""godwitctl top, once and on a terminal, and godwitctl tls."""

import os
import pty
import select
import signal
import termios
import time

from support.certificate import Certificate
from support.peer import ScriptedPeer
from support.receiving_host import ReceivingHost
from support.scenario import BIN, MX_PORT, main


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, case, *words, **environment):
        self.screen = ""
        self.process, self.descriptor = pty.fork()
        if self.process == 0:
            os.execve(words[0], [str(word) for word in words], {**os.environ, "TERM": "xterm", **environment})
        case.addCleanup(os.close, self.descriptor)

    def shows(self, text, timeout=20):
        deadline = time.monotonic() + timeout
        while text not in self.screen:
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} is not on the screen: {self.screen[-2000:]!r}")
            if select.select([self.descriptor], [], [], 0.2)[0]:
                self.screen += os.read(self.descriptor, 65536).decode()

    def press(self, key):
        os.write(self.descriptor, key)

    def status(self):
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


class FlowIsWatched(ReceivingHost):
    def start(self, **config):
        return super().start(routes=[{"domains": ["held.example"], "hold": True}], **config)

    def hold_one(self):
        self.godwit.wait_event("held", id=self.send("bob@held.example")[0])

    def test_top_tells_once_what_flows(self):
        self.start()
        self.hold_one()
        told = self.godwit.control_json("top", "--interval", "200ms")
        self.assertEqual((told["queue"]["held"], told["per_second"]["accepted"]), (1, 0))
        self.assertEqual([one["name"] for one in told["destinations"]], ["held.example"])
        text = self.godwit.control("top", "--interval", "200ms").stdout  # no terminal
        self.assertIn("1 held", text)
        self.assertIn("held.example", text)
        self.assertEqual(self.godwit.control("top", "--interval", "1ms", check=False).returncode, 2)

    def test_top_goes_on_until_q(self):
        self.start()
        self.hold_one()
        terminal = Terminal(self, BIN / "godwitctl", "--socket", self.godwit.control_socket, "top", "--interval", "200ms")
        terminal.shows("1 held")
        self.hold_one()
        terminal.shows("2 held")
        self.godwit.stop()
        terminal.shows("cannot reach godwitd")
        terminal.press(b"q")
        terminal.shows("\x1b[?1049l")  # the screen as it was
        self.assertEqual(terminal.status(), 0)

    def test_top_ends_while_the_daemon_hangs(self):
        self.start()
        terminal = Terminal(self, BIN / "godwitctl", "--socket", self.godwit.control_socket, "top", "--interval", "200ms")
        terminal.shows("connections")
        self.godwit.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.godwit.process.send_signal, signal.SIGCONT)
        terminal.shows("no answer")
        terminal.press(b"\x03")  # most likely while it asks again
        terminal.shows("\x1b[?1049l")
        self.assertEqual(terminal.status(), -signal.SIGINT)
        self.assertTrue(termios.tcgetattr(terminal.descriptor)[3] & termios.ECHO)

    def test_tables_have_colours_on_a_terminal(self):
        self.start()
        self.hold_one()
        words = [BIN / "godwitctl", "--socket", self.godwit.control_socket]
        terminal = Terminal(self, *words, "queue")
        terminal.shows("\x1b[1mID ")
        terminal.shows("\x1b[33mheld\x1b[0m")
        self.assertEqual(terminal.status(), 0)
        for environment, more in (({"NO_COLOR": "1"}, []), ({"TERM": "dumb"}, []), ({}, ["--json"])):
            terminal = Terminal(self, *words, *more, "queue", **environment)
            terminal.shows("held")
            self.assertEqual(terminal.status(), 0)
            self.assertNotIn("\x1b", terminal.screen)
        self.assertNotIn("\x1b", self.godwit.control("queue").stdout)

    def test_tls_tells_of_certificates_and_of_others(self):
        peer = ScriptedPeer(self, 2, "mx.far.example", certificate=Certificate(self, "mx.far.example", self.net.host(2)))
        self.godwit = self.host(certificate=Certificate(self, "mail.xyz.example"),
                                routes=[{"domains": ["far.example"], "next_hop": f"[{peer.address}]:{MX_PORT}"}]).start()
        self.send("bob@far.example")
        self.godwit.wait_event("delivered")
        told = self.wait_until(lambda: (found := self.godwit.control_json("tls"))["peers"] and found, "the history has it")
        self.assertEqual(told["certificates"][0]["names"], ["mail.xyz.example"])
        self.assertEqual([(one["tls"], one["messages"]) for one in told["peers"]], [("TLSv1.3", 1)])
        self.assertIn(peer.address, told["peers"][0]["relay"])
        self.assertIn("mail.xyz.example", self.godwit.control("tls").stdout)


if __name__ == "__main__":
    main()
