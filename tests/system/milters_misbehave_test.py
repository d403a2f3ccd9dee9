#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Milters that are down, hang, crash in the middle, talk nonsense or never read: bounded time, and what is configured."""

import threading
import time

from support.dialogue import Dialogue
from support.dns import Dns
from support.godwit import Godwit
from support.milter import CLOSE, CONTINUE, GARBAGE, HANG, MUTE, PROGRESS, ScriptedMilter, add_header, packet, replace_body
from support.scenario import BIN, Scenario, main, wait_until

SENDER, ALICE = "s@abc.example", "alice@example.com"
CONTENT = f"From: {SENDER}\r\nTo: {ALICE}\r\nSubject: s\r\n\r\nHello\r\n".encode()
TIMEOUTS = {"connect": "1s", "command": "1s", "message": "1s"}
STAGES = ("connect", "helo", "mail", "rcpt", "data", "header", "eoh", "body", "eom")


class MiltersMisbehave(Scenario):
    def daemon(self, *milters, **config):
        self.godwit = Godwit(self, hostname="mail.example.com", address=self.net.host(1), domains={"example.com": ["alice"]},
                             milters=list(milters), **config).start()

    def attempt(self, content=CONTENT):
        """The reply that decided, and how long all took."""
        began = time.monotonic()
        with Dialogue(self.godwit.address, source=self.net.host(2)) as client:
            client.say("EHLO client.abc.example", "250")
            for line in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{ALICE}>", "DATA"):
                answer = client.say(line)
                if not answer.startswith(("250", "354")):
                    return answer, time.monotonic() - began
            client.send(content + b".\r\n")
            return client.reply(), time.monotonic() - began

    def test_a_failure_at_any_stage_ends_as_configured(self):
        accepting = ScriptedMilter(self, "accepting")
        deferring = ScriptedMilter(self, "deferring", host=51)
        rejecting = ScriptedMilter(self, "rejecting", host=52)
        self.daemon(accepting.config(on_failure="accept", timeouts=TIMEOUTS), deferring.config(timeouts=TIMEOUTS),
                    rejecting.config(on_failure="reject", timeouts=TIMEOUTS))
        taken, failures = 0, {}
        for stage in STAGES:
            for bad in (CLOSE, GARBAGE, packet("Z"), packet("h", b"cut"), b"\0\0\0\0", packet("O")):
                for milter, expected in ((accepting, "250"), (deferring, "451 4.3.0"), (rejecting, "550 5.3.0")):
                    with self.subTest(stage=stage, bad=bad, milter=milter.name):
                        failures[milter.name] = failures.get(milter.name, 0) + 1
                        milter.script = {stage: bad}
                        answer, _ = self.attempt()
                        milter.script = {}
                        self.assertTrue(answer.startswith(expected), answer)
                        failed = lambda: len(self.godwit.events("milter_failed", milter=milter.name))
                        wait_until(lambda: failed() == failures[milter.name], "its failure is logged once")
                        taken += expected == "250"
        self.godwit.mailbox(ALICE).wait(taken)

    def test_a_milter_that_hangs_is_waited_for_only_so_long(self):
        milter = ScriptedMilter(self)
        self.daemon(milter.config(on_failure="accept", timeouts=TIMEOUTS))
        for stage in STAGES:
            with self.subTest(stage=stage):
                milter.script = {stage: HANG}
                answer, took = self.attempt()
                self.assertTrue(answer.startswith("250"), answer)
                self.assertGreater(took, 0.9)
                self.assertLess(took, 10)
                failed = self.godwit.wait_event("milter_failed", stage=stage if stage in STAGES[:5] else "data")
                self.assertIn("timed out", failed["reason"])

    def test_nothing_of_a_milter_that_crashes_in_the_middle_is_done(self):
        milter = ScriptedMilter(self, script={"eom": add_header("X-Half", "v") + replace_body(b"half of the new")})
        self.daemon(milter.config(on_failure="accept", timeouts=TIMEOUTS))
        answer, _ = self.attempt()
        self.assertTrue(answer.startswith("250"), answer)
        (stored,) = self.godwit.mailbox(ALICE).wait(1)
        self.assertTrue(stored.raw.endswith(CONTENT))
        self.assertNotIn(b"X-Half", stored.raw)

    def test_patience_ends(self):
        """Who asks for time gets it, and who only says that it is at work is not waited for without end."""
        class Busy(ScriptedMilter):
            def _stage(self, client, told, code, data):
                if code != "E":
                    return super()._stage(client, told, code, data)
                for _ in range(self.times):
                    client.sendall(PROGRESS)
                    time.sleep(0.2)
                client.sendall(CONTINUE)
                return True

        milter = Busy(self)
        self.daemon(milter.config(timeouts=TIMEOUTS))
        milter.times = 10  # twice the timeout
        answer, took = self.attempt()
        self.assertTrue(answer.startswith("250"), answer)
        self.assertGreater(took, 1.8)

    def test_who_has_gone_meanwhile_gets_no_second_copy(self):
        """A client that gave up will send the message again."""
        class Slow(ScriptedMilter):
            def _stage(self, client, told, code, data):
                if code == "E":
                    self.asked.set()
                    time.sleep(self.takes)
                return super()._stage(client, told, code, data)

        milter = Slow(self)
        milter.asked, milter.takes = threading.Event(), 10.5  # more than who only says QUIT needs
        self.daemon(milter.config())
        with Dialogue(self.godwit.address, source=self.net.host(2)) as client:
            client.envelope(SENDER, ALICE)
            client.say("DATA", "354")
            client.send(CONTENT + b".\r\n")
            self.assertTrue(milter.asked.wait(20))
        self.godwit.wait_event("disconnected", timeout=30)
        self.assertFalse(self.godwit.events("accepted"))
        milter.takes = 0
        self.assertTrue(self.attempt()[0].startswith("250"))
        self.godwit.mailbox(ALICE).wait(1)
        self.assertEqual(len(self.godwit.events("accepted")), 1)

    def test_a_milter_that_never_reads_is_given_up(self):
        milter = ScriptedMilter(self, reads=False)
        self.daemon(milter.config(on_failure="accept", timeouts=TIMEOUTS))
        answer, took = self.attempt()
        self.assertTrue(answer.startswith("250"), answer)
        self.assertLess(took, 10)

    def test_a_milter_that_stops_reading_is_given_up(self):
        class Stopping(ScriptedMilter):
            def _stage(self, client, told, code, data):
                if code != "B":
                    return super()._stage(client, told, code, data)
                self.stopped.wait(30)
                return False

        milter = Stopping(self, steps=MUTE["body"])
        milter.stopped = threading.Event()
        self.addCleanup(milter.stopped.set)
        self.daemon(milter.config(on_failure="accept", timeouts=TIMEOUTS))
        answer, took = self.attempt(CONTENT + b"0123456789abcdef\r\n" * 1000000)
        self.assertTrue(answer.startswith("250"), answer)
        self.assertLess(took, 20)

    def test_a_milter_that_is_down(self):
        address = f"inet:{self.net.host(60)}:20900"
        dns = Dns(self).start()
        self.daemon({"name": "down", "address": address, "on_failure": "accept"},
                    {"name": "nowhere", "address": "unix:/nonexistent/milter.sock", "on_failure": "accept"},
                    {"name": "unknown", "address": "inet:milter.invalid:20900", "on_failure": "accept", "timeouts": TIMEOUTS},
                    dns=dns)
        answer, _ = self.attempt()
        self.assertTrue(answer.startswith("250"), answer)
        for name in ("down", "nowhere", "unknown"):
            self.godwit.wait_event("milter_failed", milter=name)
        self.godwit.config["milters"] = [{"name": "down", "address": address}]
        self.godwit.write_config()
        self.godwit.control("reload")
        self.assertTrue(self.attempt()[0].startswith("451 4.3.0"))
        # It comes up.
        ScriptedMilter(self, host=60)
        self.assertTrue(self.attempt()[0].startswith("250"))

    def test_others_are_served_while_one_milter_hangs(self):
        milter = ScriptedMilter(self, script={"eom": [HANG]})
        self.daemon(milter.config(timeouts={"message": "30s"}), threads=1)
        slow = threading.Thread(target=self.attempt)
        slow.start()
        wait_until(lambda: milter.connections and "E" in milter.connections[0].commands, "the first message is at the milter")
        answer, took = self.attempt()
        self.assertTrue(answer.startswith("250"), answer)
        self.assertLess(took, 5)
        milter.close()  # the first one ends, too
        slow.join(20)
        self.assertFalse(slow.is_alive())

    def test_the_daemon_stops_while_a_milter_hangs(self):
        milter = ScriptedMilter(self, script={"eom": HANG})
        self.daemon(milter.config(timeouts={"message": "5m"}), stop_grace="1s")

        def attempt():
            try:
                self.attempt()
            except Exception:  # the connection is closed on it
                pass

        slow = threading.Thread(target=attempt)
        slow.start()
        wait_until(lambda: milter.connections and "E" in milter.connections[0].commands, "the message is at the milter")
        self.assertEqual(self.godwit.stop(), 0)
        slow.join(20)

    def test_wrong_settings_are_named(self):
        self.godwit = Godwit(self, hostname="mail.example.com", address=self.net.host(1), domains={"example.com": ["alice"]},
                             milters=[{"name": "a", "address": "tcp:1"}, {"name": "b", "address": "inet:127.0.0.1"},
                                      {"name": "c", "address": "inet:127.0.0.1:1", "on_failure": "tempfial"},
                                      {"name": "c", "address": "inet:127.0.0.1:1"}, {"address": "unix:/x"}])
        self.godwit.write_config()
        checked = self.run_program(BIN / "godwitd", "--config", self.godwit.config_file, "--check", check=False)
        self.assertEqual(checked.returncode, 2)
        for words in ('"tcp:1" is neither inet:HOST:PORT nor unix:/PATH', '"127.0.0.1" is no host and port', "tempfail",
                      "two milters are called c", "milters[4] needs name"):
            self.assertIn(words, checked.stderr + checked.stdout)


if __name__ == "__main__":
    main()
