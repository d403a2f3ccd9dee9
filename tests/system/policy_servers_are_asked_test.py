#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Policy servers made for Postfix: every action, what they are told at each stage, kept connections; a scripted one and postgrey."""

import socket
import subprocess
import threading

from support.dialogue import Dialogue, queued_id
from support.judged_host import MESSAGE, TO, JudgedHost
from support.policy_server import ScriptedPolicyServer
from support.scenario import DNS_PORT, kill_after, listening, main, wait_until

SENDER = "mod@abc.example"

# Debian's policyd-spf, which asks the DNS of the test.
POLICYD_SPF = """
import sys
import dns.resolver
dns.resolver.default_resolver = dns.resolver.Resolver(configure=False)
dns.resolver.default_resolver.nameservers, dns.resolver.default_resolver.port = [sys.argv.pop(1)], int(sys.argv.pop(1))
from spf_engine import policyd_spf
policyd_spf.main()
"""


class PolicyServersAreAsked(JudgedHost):
    def ask(self, *servers, **changes):
        """Starts the daemon, which asks these."""
        self.judge(*(f"delegate:{one.name}" for one in servers), delegates=[one.config(**changes) for one in servers])

    def stored(self):
        return self.godwit.mailbox(TO).messages()[-1].raw.decode()

    def test_each_action(self):
        server = ScriptedPolicyServer(self)
        self.ask(server)
        # action, the reply to RCPT
        table = [
            ("DUNNO", "250"), ("OK", "250"), ("1730000000", "250"), ("WARN look", "250"), ("INFO look", "250"),
            ("REJECT", "554 5.7.1 Access denied"), ("REJECT Go away", "554 5.7.1 Go away"),
            ("reject 5.1.8 Who are you", "554 5.1.8 Who are you"), ("550 5.7.23 SPF fail", "550 5.7.23 SPF fail"),
            ("DEFER", "450 4.7.1"), ("451 4.7.1 Later", "451 4.7.1 Later"), ("421 4.7.0 Bye", "421 4.7.0 Bye"),
            ("DEFER_IF_PERMIT Greylisted", "450 4.7.1 Greylisted"), ("DEFER_IF_REJECT later", "250"),
            ("DISCARD", "250"), ("HOLD", "250"), ("PREPEND X-Seen: yes", "250"),
            ("REJECT a\rb", r"554 5.7.1 a\?b$"), ("REJECT " + "x" * 2000, "554 5.7.1 xxx"), ("REJECT Zo\u00eb", r"554 5.7.1 Zo\?\?$"),
        ]
        for action, expected in table:
            with self.subTest(action=action[:40]):
                server.script = {"RCPT": action}
                reply = self.rcpt(expected)
                self.assertLessEqual(len(reply), 512)
        for action in ("REDIRECT spam@xyz.example", "FILTER smtp:[127.0.0.1]:25", "BCC a@xyz.example", "permit_mynetworks"):
            server.script = {"RCPT": action}
            self.rcpt("451 4.3.0 Service unavailable, try again later")
            failed = self.godwit.wait_event("check_failed", reason=f"its action {action.split()[0]} is not supported here")
            self.assertEqual((failed["check"], failed["verdict"]), ("delegate:scripted", "defer"))

    def test_what_becomes_of_messages(self):
        server = ScriptedPolicyServer(self, script={"RCPT": "PREPEND X-Seen: yes\rBcc: evil@xyz.example"})
        self.ask(server, stages=["rcpt", "end"])
        identity = queued_id(self.deliver())
        self.godwit.mailbox(TO).wait(1)
        self.assertIn("\r\nX-Seen: yes Bcc: evil@xyz.example\r\n", self.stored())
        accepted = self.godwit.wait_event("accepted", id=identity)
        self.assertTrue(accepted["check_delegate_scripted"].startswith("none PREPEND X-Seen: yes"), accepted)
        server.script = {"END-OF-MESSAGE": "HOLD looks odd"}
        identity = queued_id(self.deliver())
        self.assertIn("looks odd", self.godwit.control("queue", "show", identity).stdout)
        self.assertEqual(self.godwit.status()["queue"]["held"], 1)
        server.script = {"END-OF-MESSAGE": "DISCARD"}
        self.godwit.wait_event("discarded", id=queued_id(self.deliver()))
        server.script = {"END-OF-MESSAGE": "REJECT 5.6.0 Not this"}
        self.assertIn("5.6.0 Not this", self.deliver("554"))
        rejected = self.godwit.wait_event("rejected")
        self.assertEqual(rejected["check_delegate_scripted"], "none; reject 554 5.6.0 Not this")
        self.assertEqual(self.godwit.mailbox(TO).count(), 1)

    def test_decisions_are_in_the_trace_a_line_each(self):
        server = ScriptedPolicyServer(self, script={"RCPT": "WARN looks odd"})
        self.ask(server, stages=["rcpt", "end"])
        identity = queued_id(self.deliver())
        events = self.wait_until(lambda: len(found := [event for event in self.godwit.control_json("trace", identity)["events"]
                                                       if event.get("check") == "delegate:scripted"]) == 2 and found, "both are in the trace")
        self.assertEqual([(one["check"], one["stage"], one["verdict"], one["evidence"]) for one in events],
                         [("delegate:scripted", "rcpt", "none", "WARN looks odd"), ("delegate:scripted", "end", "none", "")])
        text = self.godwit.control("trace", identity).stdout
        self.assertEqual(len([line for line in text.splitlines() if "delegate:scripted" in line and "checked" in line]), 2, text)

    def test_what_is_told_at_each_stage(self):
        server = ScriptedPolicyServer(self)
        self.ask(server, stages=["connect", "helo", "mail", "rcpt", "data", "end"], context="of this listener")
        with Dialogue(self.godwit.address, source=self.client) as client:
            client.say("EHLO mail.abc.example", "250")
            client.say(f"MAIL FROM:<{SENDER}> SIZE=1000", "250")
            client.say(f"RCPT TO:<{TO}>", "250")
            client.say("RCPT TO:<postmaster@xyz.example>", "250")
            identity = queued_id(client.data(MESSAGE))
            first = server.requests
            self.assertEqual([one["protocol_state"] for one in first],
                             ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END-OF-MESSAGE"], "none for the postmaster")
            common = {"request": "smtpd_access_policy", "protocol_name": "ESMTP", "client_address": self.client,
                      "client_name": "mail.abc.example", "reverse_client_name": "mail.abc.example",
                      "server_address": self.godwit.address, "policy_context": "of this listener"}
            for one in first:
                self.assertEqual({name: one[name] for name in common}, common)
                self.assertEqual(one["helo_name"], "" if one["protocol_state"] == "CONNECT" else "mail.abc.example")
            rcpt, end = first[3], first[5]
            self.assertEqual((rcpt["sender"], rcpt["recipient"], rcpt["size"], rcpt["recipient_count"]), (SENDER, TO, "1000", "0"))
            self.assertEqual((end["recipient"], end["recipient_count"], end["queue_id"]), ("", "2", identity))
            self.assertGreater(int(end["size"]), len(MESSAGE) - 10)
            client.say("MAIL FROM:<>", "250")
            client.say(f"RCPT TO:<{TO}>", "250")
        self.assertEqual(server.requests[-1]["sender"], "")
        instances = [one["instance"] for one in server.requests]
        self.assertEqual(len(set(instances[:6])), 1, "one message")
        self.assertNotEqual(instances[0], instances[-1])

    def test_connections_are_kept_and_bounded(self):
        server = ScriptedPolicyServer(self, path=self.folder / "policy.sock")
        self.ask(server, connections=1)
        for _ in range(10):
            self.rcpt("250")
        self.assertEqual(len(server.requests), 10)
        self.assertLessEqual(server.connections, 2, "one a thread")
        server.hang_up()
        for _ in range(4):
            self.rcpt("250")
        self.assertFalse(self.godwit.events("check_failed"))

    def test_those_behind_may_refuse_for_good(self):
        first = ScriptedPolicyServer(self, "first", script={"RCPT": "DEFER_IF_PERMIT Greylisted"})
        second = ScriptedPolicyServer(self, "second", host=51, script={"RCPT": "REJECT Never"})
        self.ask(first, second)
        self.rcpt("554 5.7.1 Never")
        second.script = {"RCPT": "OK"}
        self.rcpt("450 4.7.1 Greylisted")
        first.script, second.script = {"RCPT": "DEFER_IF_REJECT"}, {"RCPT": "REJECT Never"}
        self.rcpt("450 4.7.1 Never")
        first.script = {"RCPT": "OK"}
        self.rcpt("250")

    def test_users_and_neighbours_are_asked_about_where_configured(self):
        server = ScriptedPolicyServer(self, script={"RCPT": "REJECT"})
        self.judge("delegate:scripted", delegates=[server.config(clients="strangers")], trusted=["127.0.0.0/8"])
        self.rcpt("250")
        self.assertFalse(server.requests)
        self.godwit.config["policy"]["delegates"] = [server.config()]
        self.godwit.write_config()
        self.godwit.control("reload")
        self.rcpt("554")

    def test_postgrey(self):
        address, port = self.net.host(60), 20923
        folder = self.folder / "postgrey"
        folder.mkdir()
        (folder / "none").touch()
        process = subprocess.Popen(["/usr/sbin/postgrey", f"--inet={address}:{port}", "--delay=2", f"--dbdir={folder}", "--user=root",
                                    "--group=root", f"--whitelist-clients={folder}/none", f"--whitelist-recipients={folder}/none"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        kill_after(self, process, "postgrey")
        wait_until(lambda: listening(address, port), "postgrey listens")
        self.judge("delegate:postgrey", delegates=[{"name": "postgrey", "address": f"inet:{address}:{port}"}])
        self.assertIn("Greylisted", self.rcpt("450 4.2.0"))
        self.assertEqual(self.godwit.wait_event("rejected")["check_delegate_postgrey"].split()[:3], ["defer", "450", "4.2.0"])
        self.wait_until(lambda: self.rcpt("").startswith("250"), "a later attempt is taken")
        self.deliver()
        self.godwit.mailbox(TO).wait(1)

    def spawn_for_each(self, words, path):
        """A program for each connection, which is its input and output, as Postfix's spawn(8) has it."""
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(16)
        self.addCleanup(listener.close)

        def serve():
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client, open(self.folder / "policyd-spf.err", "ab") as errors:
                    process = subprocess.Popen(words, stdin=client, stdout=client, stderr=errors)
                    kill_after(self, process, "policyd-spf")

        threading.Thread(target=serve, daemon=True).start()
        return f"unix:{path}"

    def test_policyd_spf(self):
        config = self.folder / "policyd-spf.conf"
        config.write_text("debugLevel = 1\nTestOnly = 1\nHELO_reject = Fail\nMail_From_reject = Fail\nPermError_reject = False\n"
                          "TempError_Defer = False\nskip_addresses = ::1\n")
        self.dns.txt("abc.example", f"v=spf1 ip4:{self.client} -all")
        words = ["/usr/bin/python3", "-c", POLICYD_SPF, self.dns.address, str(DNS_PORT), str(config)]
        address = self.spawn_for_each(words, self.folder / "spf.sock")
        self.judge("delegate:spf", delegates=[{"name": "spf", "address": address}])
        identity = queued_id(self.deliver())
        self.godwit.mailbox(TO).wait(1)
        self.assertRegex(self.stored(), rf"(?s)Received-SPF: Pass \(mailfrom\).*client-ip={self.client}")
        self.assertIn("none PREPEND Received-SPF: Pass", self.godwit.wait_event("accepted", id=identity)["check_delegate_spf"])
        self.assertIn("550 5.7.23", self.rcpt("550", client=self.net.host(9)))


if __name__ == "__main__":
    main()
