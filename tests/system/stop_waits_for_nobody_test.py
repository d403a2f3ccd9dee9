#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM while somebody who is asked about mail hangs, or a client is slowed down: it comes again, and nobody waits for the grace."""

import signal
import time

from support.dialogue import Dialogue
from support.godwit import merge
from support.hook import HANG, Hook
from support.judged_host import MESSAGE, TO, JudgedHost
from support.peer import STALL, ScriptedPeer
from support.policy_server import ScriptedPolicyServer
from support.scenario import main, wait_until

GRACE = 60  # seconds; nobody here may take so long
SOON = 20


class StopWaitsForNobody(JudgedHost):
    def begin(self, *checks, **config):
        self.judge(*checks, **{name: config.pop(name) for name in ("http_hooks", "delegates") if name in config})
        self.godwit.stop()
        merge(self.godwit.config, {"stop_grace": f"{GRACE}s", **config})
        self.godwit.write_config()
        self.godwit.start()
        self.dialogue = Dialogue(self.godwit.address, source=self.client, timeout=SOON)
        self.addCleanup(self.dialogue.close)
        return self.dialogue

    def terminate(self):
        self.began = time.monotonic()
        self.godwit.process.send_signal(signal.SIGTERM)

    def assert_ends_soon(self):
        self.assertEqual(self.godwit.process.wait(SOON), 0)
        self.assertLess(time.monotonic() - self.began, SOON)

    def assert_turned_away(self, client):
        """Neither taken nor refused for good; then it is told why."""
        client.expect("451 4.3.2")
        client.expect("421 4.3.2")
        client.expect_close()
        self.assert_ends_soon()

    def ask_for_recipient(self, client):
        client.say("EHLO mail.abc.example", "250")
        client.say("MAIL FROM:<mod@abc.example>", "250")
        client.send(f"RCPT TO:<{TO}>\r\n".encode())

    def test_an_http_hook_hangs_at_a_recipient(self):
        hook = Hook(self, script={"rcpt": HANG})
        client = self.begin("http:hook", http_hooks=[hook.config(timeout="2m", on_failure="accept")])
        self.ask_for_recipient(client)
        wait_until(lambda: hook.requests, "the question is at the hook")
        self.terminate()
        self.assert_turned_away(client)
        failed = self.godwit.wait_event("check_failed", check="http:hook")
        self.assertEqual((failed["verdict"], failed["reason"]), ("defer", "no answer before the daemon stops"))

    def test_an_http_hook_hangs_at_a_message(self):
        hook = Hook(self, script={"end": HANG})
        client = self.begin("http:hook", http_hooks=[
            hook.config(timeout="2m", on_failure="accept", stages=["end"])])
        client.envelope("mod@abc.example", TO, hello="EHLO mail.abc.example")
        client.say("DATA", "354")
        client.send(MESSAGE + b".\r\n")
        wait_until(lambda: hook.requests, "the question is at the hook")
        self.terminate()
        self.assert_turned_away(client)
        self.godwit.start()
        self.assertEqual(self.godwit.queued() + self.godwit.mailbox(TO).count(), 0)

    def test_a_policy_server_hangs(self):
        server = ScriptedPolicyServer(self, script={"RCPT": HANG})
        client = self.begin("delegate:scripted", delegates=[server.config(timeout="2m", on_failure="accept")])
        self.ask_for_recipient(client)
        wait_until(lambda: server.requests, "the question is at the server")
        self.terminate()
        self.assert_turned_away(client)

    def test_a_callout_hangs(self):
        peer = ScriptedPeer(self, 5, "mx.next.example", script={"RCPT": STALL})
        client = self.begin(
            callout={"timeout": "1m", "on_failure": "accept"}, delivery={"timeouts": {"command": "5m"}},
            domains={"next.example": {"deliver": f"smtp:[{peer.address}]:{peer.port}", "recipients": "callout"}})
        client.say("EHLO mail.abc.example", "250")
        client.say("MAIL FROM:<mod@abc.example>", "250")
        client.send(b"RCPT TO:<user@next.example>\r\n")
        wait_until(lambda: any(line.startswith("RCPT") for line in peer.commands), "the next hop is asked")
        self.terminate()
        client.expect("451 4.3.0")
        client.expect("421 4.3.2")
        self.assert_ends_soon()

    def test_what_answers_in_time_counts(self):
        hook = Hook(self)
        client = self.begin("http:hook", http_hooks=[hook.config(on_failure="tempfail", stages=["rcpt", "end"])])
        client.envelope("mod@abc.example", TO, hello="EHLO mail.abc.example")
        client.say("DATA", "354")
        self.terminate()
        client.send(MESSAGE + b".\r\n")
        client.expect("250 2.0.0")
        client.expect("421 4.3.2")
        self.assert_ends_soon()

    def test_a_client_waits_for_its_errors(self):
        client = self.begin(limits={"error_delay": "1m"})
        for _ in range(3):
            client.say("WHAT", "500")
        self.terminate()
        client.expect("421 4.3.2")
        client.expect_close()
        self.assert_ends_soon()

    def test_a_client_is_read_slowly(self):
        client = self.begin(limits={"command_rate": "1/5m"})
        client.say("NOOP", "250")
        client.say("NOOP", "250")
        client.send(b"NOOP\r\n")
        self.terminate()
        client.expect("421 4.3.2")
        client.expect_close()
        self.assert_ends_soon()


if __name__ == "__main__":
    main()
