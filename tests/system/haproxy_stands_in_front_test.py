#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Behind the real HAProxy, with both versions of the PROXY protocol: the client is who connected to HAProxy."""

import subprocess

from support.dialogue import Dialogue
from support.message import message
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import kill_after, listening, main

CONFIGURATION = """\
global
    maxconn 100
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen smtp
    bind {front}:10025
    server mail {back} {send_proxy}
"""


class HaproxyStandsInFront(ReceivingHost):
    def start_behind_haproxy(self, send_proxy, checks=""):
        self.godwit = self.host(trusted_proxies=["127.0.0.0/8"], trusted_networks=[f"{self.net.host(9)}/32"])
        listener = self.godwit.config["listeners"][0]
        listener["proxy_protocol"] = True
        self.godwit.start()
        self.front = self.net.host(2)
        path = self.folder / "haproxy.cfg"
        path.write_text(CONFIGURATION.format(front=self.front, back=listener["address"], send_proxy=f"{send_proxy} {checks}"))
        kill_after(self, subprocess.Popen(["haproxy", "-db", "-q", "-f", str(path)], stdin=subprocess.DEVNULL,
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), "haproxy")
        self.wait_until(lambda: listening(self.front, 10025), "HAProxy listens")

    def assert_knows_clients(self):
        with Dialogue(self.front, 10025, source=self.net.host(7)) as stranger:
            stranger.envelope(SENDER, TO)
            stranger.say("RCPT TO:<user@elsewhere.example>", "554 5.7.1")
            stranger.data(message())
        self.assertEqual(self.godwit.wait_event("accepted")["client"], self.net.host(7))
        with Dialogue(self.front, 10025, source=self.net.host(9)) as trusted:
            trusted.envelope(SENDER, "user@elsewhere.example")

    def test_version_1(self):
        self.start_behind_haproxy("send-proxy")
        self.assert_knows_clients()

    def test_version_2(self):
        self.start_behind_haproxy("send-proxy-v2")
        self.assert_knows_clients()

    def test_its_health_checks_are_nobody(self):
        self.start_behind_haproxy("send-proxy-v2", checks="check inter 100ms")
        self.assert_knows_clients()
        self.assertTrue(self.godwit.alive())
        self.assertEqual(self.godwit.events("accepted", client=self.net.host(2)), [])


if __name__ == "__main__":
    main()
