#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Policy servers that are down, hang, crash in the middle of an answer, never read or never stop: bounded time, and what is configured."""

import threading
import time

from support.dialogue import Dialogue
from support.judged_host import TO, JudgedHost
from support.policy_server import CLOSE, HANG, ScriptedPolicyServer
from support.scenario import BIN, main, wait_until

EXPECTED = {"accept": "250", "tempfail": "451 4.3.0", "reject": "550 5.3.0"}
# what it says, a word of the reason in the log
FAULTS = [
    (CLOSE, ""),
    (HANG, "timed out"),
    (b"action=REJ", "timed out"),
    (b"action=REJECT\n", "timed out"),
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no action"),
    (b"\n\n", "no action"),
    (b"\xff\xfe\0\0\n\n", "no action"),
    (b"action=OK\naction=REJECT\n\n", "no action"),
    (b"action=OK\n\naction=OK\n\n", "what was not asked"),
    (b"action=" + b"x" * 1000000, "too long"),
    (b"action=PREPEND nothing\n\n", "without a header field"),
    (b"action=NONSENSE\n\n", "not supported"),
]


class PolicyServersMisbehave(JudgedHost):
    def ask(self, *configs):
        self.judge(*(f"delegate:{one['name']}" for one in configs), delegates=list(configs))

    def timed(self, expect):
        began = time.monotonic()
        self.rcpt(expect)
        return time.monotonic() - began

    def test_a_failure_ends_as_configured(self):
        servers = {name: ScriptedPolicyServer(self, name, host=50 + at) for at, name in enumerate(EXPECTED)}
        self.ask(*(server.config(on_failure=name, timeout="500ms") for name, server in servers.items()))
        for fault, reason in FAULTS:
            for name, server in servers.items():
                with self.subTest(fault=str(fault)[:40], on_failure=name):
                    known = len(self.godwit.events("check_failed"))
                    server.script = {"RCPT": fault}
                    self.assertLess(self.timed(EXPECTED[name]), 5)
                    server.script = {}
                    wait_until(lambda: len(self.godwit.events("check_failed")) == known + 1, "it is logged once")
                    failed = self.godwit.events("check_failed")[-1]
                    self.assertEqual(failed["check"], f"delegate:{name}")
                    self.assertIn(reason, failed["reason"])
        self.rcpt("250")

    def test_one_that_never_reads_is_given_up(self):
        server = ScriptedPolicyServer(self, reads=False)
        self.ask(server.config(on_failure="accept", timeout="500ms"))
        self.assertLess(self.timed("250"), 5)

    def test_one_that_is_down_and_comes_up(self):
        address = f"inet:{self.net.host(50)}:20910"
        self.ask({"name": "down", "address": address})
        self.rcpt("451 4.3.0")
        self.godwit.wait_event("check_failed", check="delegate:down")
        ScriptedPolicyServer(self)
        self.rcpt("250")

    def test_it_is_not_asked_again_on_the_connection(self):
        server = ScriptedPolicyServer(self, script={"RCPT": [CLOSE]})
        self.ask(server.config())
        with Dialogue(self.godwit.address, source=self.client) as client:
            client.say("EHLO mail.abc.example", "250")
            for _ in range(3):
                client.say("MAIL FROM:<mod@abc.example>", "250")
                client.say(f"RCPT TO:<{TO}>", "451 4.3.0")
                client.say("RSET", "250")
        self.assertEqual(len(server.requests), 1)

    def test_others_wait_for_a_connection_only_so_long(self):
        """One connection a thread, which hangs: who waits for it is answered in time."""
        server = ScriptedPolicyServer(self, script={"RCPT": HANG})
        self.ask(server.config(on_failure="accept", timeout="1s", connections=1))
        times = []
        threads = [threading.Thread(target=lambda: times.append(self.timed("250"))) for _ in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(30)
        self.assertEqual(len(times), 8)
        self.assertLess(max(times), 8)

    def test_wrong_settings_are_named(self):
        self.ask({"name": "good", "address": "inet:127.0.0.1:1"})
        self.godwit.config["policy"] = {
            "checks": {"mx": ["delegate:god", "http:none", "delegates:x"]},
            "delegates": [{"name": "good", "address": "inet:127.0.0.1:1"}, {"name": "good", "address": "unix:/x"},
                          {"name": "Bad Name", "address": "tcp:1"}, {"name": "a", "address": "unix:/x", "stages": ["eod"]}],
            "http_hooks": [{"name": "h", "url": "ftp://x/"}, {"name": "t", "url": "http://x/", "token_file": "/nonexistent/token"}]}
        self.godwit.write_config()
        checked = self.run_program(BIN / "godwitd", "--config", self.godwit.config_file, "--check", check=False)
        self.assertEqual(checked.returncode, 2)
        self.godwit.config["policy"]["checks"]["mx"] = []
        self.godwit.config["policy"]["delegates"] = []
        self.godwit.write_config()
        later = self.run_program(BIN / "godwitd", "--config", self.godwit.config_file, "--check", check=False)
        self.assertEqual(later.returncode, 2)
        for words in ("delegate:god is not there", "http:none is not there", "delegates:x", "two are called good", "Bad Name",
                      '"tcp:1" is neither', '"eod" is none of', '"ftp://x/" is no URL', "/nonexistent/token"):
            self.assertIn(words, checked.stderr + checked.stdout + later.stderr + later.stdout)


if __name__ == "__main__":
    main()
