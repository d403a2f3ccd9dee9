#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Failed logins are slowed, counted and lead to a lock-out, which godwitctl shows and lifts and Fail2Ban finds in the log."""

import base64
import pathlib
import re
import time

from support.certificate import Certificate
from support.dialogue import Dialogue
from support.godwit import Godwit
from support.scenario import SUBMISSIONS_PORT, Scenario, main
from support.scram import ScramClient

ALICE, PASSWORD = "alice@example.com", "correct horse"
FILTER = pathlib.Path(__file__).parents[2] / "conf" / "fail2ban" / "filter.d" / "godwit.conf"


def plain(user, password):
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


class LoginIsLockedOut(Scenario):
    def start(self, **config):
        host = self.net.host(1)
        self.certificate = Certificate(self, "mail.example.com", host)
        rules = {"failures": 3, "account_failures": 5, "delay": "0s", "exempt": [], **config.pop("authentication", {})}
        self.godwit = Godwit(self, hostname="mail.example.com", address=host, domains={"example.com": "accounts"},
                             certificate=self.certificate, trusted_networks=[], authentication=rules, **config)
        self.godwit.with_submission().add_account(ALICE, PASSWORD).add_account("bob@example.com", "another").start()

    def secure(self, number):
        client = Dialogue(self.godwit.address, SUBMISSIONS_PORT, context=self.certificate.client_context(),
                          server_hostname="mail.example.com", source=self.net.host(number))
        client.say("EHLO pc.example.com", "250")
        return client

    def log_in(self, number, user, password):
        with self.secure(number) as client:
            return client.say(f"AUTH PLAIN {plain(user, password)}")

    def guess(self, number, times, user=ALICE):
        for attempt in range(times):
            self.assertEqual(self.log_in(number, user, f"wrong{number}{attempt}")[:9], "535 5.7.8")

    def lockouts(self):
        return {one["name"].split("/")[0]: one for one in self.godwit.control_json("account", "lockouts")["lockouts"]}

    def test_a_network_is_locked_out_and_unlocked(self):
        self.start()
        client = self.net.host(10)
        self.guess(10, 3)
        self.assertEqual(self.log_in(10, ALICE, PASSWORD), "454 4.7.0 Too many failed logins; try again later")
        with self.secure(10) as dialogue:
            self.assertEqual(ScramClient("bob@example.com", "another").log_in(dialogue)[:9], "454 4.7.0")
        self.assertEqual(self.log_in(11, ALICE, PASSWORD)[:3], "235", "others are not")
        self.assertEqual(self.lockouts()[client]["kind"], "network")
        self.assertIn(client, self.godwit.control("account", "lockouts").stdout)
        self.assertTrue(self.godwit.events("login_locked_out", client=client))
        self.assertEqual(self.godwit.order("/v1/lockouts/unlock?name=" + client), {"name": client, "done": "unlock"})
        self.assertEqual(self.lockouts(), {})
        self.assertEqual(self.log_in(10, ALICE, PASSWORD)[:3], "235")
        self.assertEqual(self.godwit.control("account", "unlock", client, check=False).returncode, 1)

    def test_a_restart_forgets_no_lock_out(self):
        self.start()
        self.assertEqual(self.log_in(20, ALICE, PASSWORD)[:3], "235")
        self.guess(10, 3)
        for number in (11, 12):
            self.guess(number, 1)
        locked = self.lockouts()
        self.assertIn(ALICE, locked)
        self.godwit.stop()
        self.godwit.start()
        self.assertEqual(self.lockouts().keys(), locked.keys())
        self.assertEqual(self.log_in(10, "bob@example.com", "another")[:9], "454 4.7.0")
        self.assertEqual(self.log_in(16, ALICE, PASSWORD)[:9], "454 4.7.0")
        self.assertEqual(self.log_in(20, ALICE, PASSWORD)[:3], "235", "it is still known from where she logged in")

    def test_a_lock_out_ends(self):
        self.start(authentication={"lockout": "1s"})
        self.guess(10, 3)
        self.wait_until(lambda: self.log_in(10, ALICE, PASSWORD).startswith("235"), "the lock-out ends")

    def test_an_account_is_locked_out_for_strangers_only(self):
        self.start()
        self.assertEqual(self.log_in(20, ALICE, PASSWORD)[:3], "235")
        for number in (10, 11, 12, 13, 14):
            self.guess(number, 1)
        self.assertEqual(self.log_in(15, ALICE, PASSWORD)[:9], "454 4.7.0")
        with self.secure(15) as dialogue:
            self.assertEqual(ScramClient(ALICE, PASSWORD).log_in(dialogue)[:9], "454 4.7.0")
        self.assertEqual(self.log_in(20, ALICE, PASSWORD)[:3], "235", "she has logged in from there")
        self.assertEqual(self.log_in(15, "bob@example.com", "another")[:3], "235")
        self.assertEqual(self.lockouts()[ALICE]["kind"], "account")

    def test_whether_an_account_exists_makes_no_difference(self):
        self.start()
        for number in (10, 11, 12, 13, 14):
            self.guess(number, 1, "nobody@example.com")
        self.assertEqual(self.log_in(15, "nobody@example.com", "any")[:9], "454 4.7.0")

    def test_a_program_with_an_old_password_is_not_locked_out(self):
        self.start()
        for _ in range(6):
            self.assertEqual(self.log_in(10, ALICE, "the old one")[:3], "535")
        self.assertEqual(self.log_in(10, ALICE, PASSWORD)[:3], "235")

    def test_failures_by_scram_count(self):
        self.start()
        for _ in range(3):
            with self.secure(10) as client:
                self.assertEqual(ScramClient(ALICE, "wrong").log_in(client)[:3], "535")
        self.assertEqual(self.log_in(10, ALICE, PASSWORD)[:3], "454")

    def test_failures_are_answered_slowly(self):
        self.start(authentication={"delay": "200ms"})
        times = []
        for attempt in range(2):
            with self.secure(10) as client:
                begun = time.monotonic()
                client.say(f"AUTH PLAIN {plain(ALICE, f'wrong{attempt}')}", "535")
                times.append(time.monotonic() - begun)
        self.assertGreaterEqual(times[0], 0.2)
        self.assertGreaterEqual(times[1], 0.4)
        with self.secure(11) as client:
            begun = time.monotonic()
            client.say(f"AUTH PLAIN {plain(ALICE, PASSWORD)}", "235")
            self.assertLess(time.monotonic() - begun, 0.2 + times[0], "success is not held back")

    def test_a_stop_does_not_wait_for_held_back_answers(self):
        self.start(authentication={"delay": "10s"}, stop_grace="1s")
        with self.secure(10) as client:
            client.send(f"AUTH PLAIN {plain(ALICE, 'wrong')}\r\n".encode())
            self.godwit.wait_event("login_failed")
            begun = time.monotonic()
            self.assertEqual(self.godwit.stop(), 0)
            self.assertLess(time.monotonic() - begun, 8)

    # ---- Fail2Ban -----------------------------------------------------------------------------------------------------

    def found_by_fail2ban(self, mode="normal"):
        """The addresses that the filter finds in the log."""
        done = self.run_program("fail2ban-regex", "--out", "<ip>", self.godwit.log_file, f"{FILTER}[mode={mode}]")
        return re.findall(r"^127\.[0-9.]+$", done.stdout, re.MULTILINE)

    def fail2ban_finds_failures(self, **log):
        self.start(log=log)
        self.guess(10, 3)
        self.guess(11, 1, 'x" client=192.0.2.1 user=y')
        self.assertEqual(self.log_in(10, ALICE, PASSWORD)[:3], "454")
        self.assertEqual(self.log_in(12, ALICE, PASSWORD)[:3], "235")
        attacker, liar = self.net.host(10), self.net.host(11)
        self.assertEqual(sorted(self.found_by_fail2ban()), sorted([attacker] * 4 + [liar]))
        self.assertEqual(self.found_by_fail2ban("lockout"), [attacker])

    def test_fail2ban_finds_failures_in_json(self):
        self.fail2ban_finds_failures(format="json")

    def test_fail2ban_finds_failures_in_text(self):
        self.fail2ban_finds_failures(format="text")

    def test_fail2ban_finds_failures_in_what_syslog_writes(self):
        self.fail2ban_finds_failures(format="text")
        lines = self.godwit.log_file.read_text().splitlines()
        self.godwit.log_file.write_text("".join(f"Nov 28 12:00:00 mail godwitd[4711]: {line}\n" for line in lines))
        self.assertEqual(sorted(self.found_by_fail2ban()), sorted([self.net.host(10)] * 4 + [self.net.host(11)]))


if __name__ == "__main__":
    main()
