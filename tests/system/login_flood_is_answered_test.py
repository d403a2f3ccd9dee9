#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""More logins at once than may wait for the password pool: some are put off, none is taken for wrong, and it is over when they end."""

import base64

from support.scenario import main
from support.submitting_host import SubmittingHost

ALICE, PASSWORD = "alice@example.com", "correct horse"
CLIENTS = 300  # of which 200 may wait


class LoginFloodIsAnswered(SubmittingHost):
    def test_who_finds_no_place_is_put_off(self):
        accounts = self.folder / "made.yaml"
        self.run_program(self.programs / "godwitctl", "account", "add", ALICE, "--file", accounts, "--password-stdin", input=PASSWORD + "\n")
        self.start(str(accounts))
        clients = [self.secure() for _ in range(CLIENTS)]
        line = b"AUTH PLAIN " + base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()) + b"\r\n"
        for client in clients:
            client.send(line)
        replies = [client.reply() for client in clients]
        for client in clients:
            client.close()
        put_off = replies.count("454 4.7.0 Temporary authentication failure")
        self.assertEqual(replies.count("235 2.7.0 Authentication successful") + put_off, CLIENTS, set(replies))
        self.assertGreaterEqual(put_off, 1)
        self.assertGreaterEqual(CLIENTS - put_off, 200)
        self.assertTrue(self.godwit.events("login_unavailable", account=ALICE))
        self.assert_logs_in(ALICE, PASSWORD)


if __name__ == "__main__":
    main()
