#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP hooks that are down, hang, close in the middle, answer garbage, too much or never read: bounded time, and what is configured."""

import threading
import time

from support.dialogue import Dialogue
from support.hook import CLOSE, HANG, Hook, response
from support.judged_host import TO, JudgedHost
from support.scenario import main, wait_until

EXPECTED = {"accept": "250", "tempfail": "451 4.3.0", "reject": "550 5.3.0"}
# what it says, a word of the reason in the log
FAULTS = [
    (CLOSE, ""),
    (HANG, "timed out"),
    (b"220 mail.example.com ESMTP\r\n", "no HTTP"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"action\":", "timed out"),
    (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100000, "no HTTP"),
    (response(b"Internal error", "500 Internal Server Error"), "status 500"),
    (response(b"", "302 Found", "Location: http://127.0.0.1/\r\n"), "status 302"),
    (response(b"{\"action\":\"accept\"}", "403 Forbidden"), "status 403"),
    (response(b"<html>"), "no JSON object"),
    (response(b"\xff\xfe"), "no JSON object"),
    (response(b"[" * 60000), "no JSON object"),
    (response(b"{}"), "unknown action"),
    (response(b'{"action":"drop"}'), "unknown action"),
    (response(b'{"action":"reject","code":250}'), "a code that is none of 5xx"),
    (response(b" " * 100000 + b'{"action":"none"}'), "too long"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"8000\r\n" + b" " * 0x8000 + b"\r\n", ""),
]


class HooksMisbehave(JudgedHost):
    def ask(self, *configs):
        self.judge(*(f"http:{one['name']}" for one in configs), http_hooks=list(configs))

    def timed(self, expect):
        began = time.monotonic()
        self.rcpt(expect)
        return time.monotonic() - began

    def test_a_failure_ends_as_configured(self):
        hooks = {name: Hook(self, name, host=70 + at) for at, name in enumerate(EXPECTED)}
        self.ask(*(hook.config(on_failure=name, timeout="500ms") for name, hook in hooks.items()))
        for fault, reason in FAULTS:
            for name, hook in hooks.items():
                with self.subTest(fault=str(fault)[:60], on_failure=name):
                    known = len(self.godwit.events("check_failed"))
                    hook.script = {"rcpt": fault}
                    self.assertLess(self.timed(EXPECTED[name]), 5)
                    hook.script = {}
                    wait_until(lambda: len(self.godwit.events("check_failed")) == known + 1, "it is logged once")
                    failed = self.godwit.events("check_failed")[-1]
                    self.assertEqual(failed["check"], f"http:{name}")
                    self.assertIn(reason, failed["reason"])
        self.rcpt("250")

    def test_one_that_never_reads_is_given_up(self):
        hook = Hook(self, reads=False)
        self.ask(hook.config(on_failure="accept", timeout="500ms", stages=["rcpt", "end"], body="1MiB"))
        self.assertLess(self.timed("250"), 5)
        large = b"From: a@abc.example\r\n\r\n" + b"0123456789abcdef\r\n" * 500000
        self.assertTrue(self.deliver(message=large).startswith("250"))

    def test_one_that_is_down_and_comes_up(self):
        self.ask({"name": "down", "url": f"http://{self.net.host(70)}:20980/mail"})
        self.rcpt("451 4.3.0")
        self.assertIn("refused", self.godwit.wait_event("check_failed", check="http:down")["reason"])
        Hook(self)
        self.rcpt("250")

    def test_one_without_an_address(self):
        self.ask({"name": "unknown", "url": "http://hook.invalid/mail", "on_failure": "accept"})
        self.rcpt("250")
        self.assertIn("hook.invalid has no address", self.godwit.wait_event("check_failed")["reason"])

    def test_no_answer_becomes_two_replies(self):
        hook = Hook(self)
        self.ask(hook.config())
        with Dialogue(self.godwit.address, source=self.client) as client:
            client.say("EHLO mail.abc.example", "250")
            client.say("MAIL FROM:<mod@abc.example>", "250")
            hook.script = {"rcpt": {"action": "reject", "text": "No\r\n250 2.1.5 Ok\r\n354 Go on"}}
            self.assertEqual(client.say(f"RCPT TO:<{TO}>", "550"), "550 5.7.1 No??250 2.1.5 Ok??354 Go on")
            client.say("NOOP", "250 2.0.0")

    def test_others_are_served_while_one_hangs(self):
        hook = Hook(self, script={"rcpt": [HANG]})
        self.ask(hook.config(timeout="20s"))
        slow = threading.Thread(target=lambda: self.rcpt(""))
        slow.start()
        wait_until(lambda: hook.requests, "the first is at the hook")
        self.assertLess(self.timed("250"), 5)
        hook.hang_up()
        slow.join(20)
        self.assertFalse(slow.is_alive())

    def test_the_daemon_stops_while_it_hangs(self):
        hook = Hook(self, script={"rcpt": HANG})
        self.ask(hook.config(timeout="2m"))
        self.godwit.config["stop_grace"] = "1s"
        self.godwit.write_config()
        self.godwit.control("reload")

        def attempt():
            try:
                self.rcpt("")
            except Exception:  # the connection is closed on it
                pass

        slow = threading.Thread(target=attempt)
        slow.start()
        wait_until(lambda: hook.requests, "the question is at the hook")
        self.assertEqual(self.godwit.stop(), 0)
        slow.join(20)


if __name__ == "__main__":
    main()
