#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real testssl.sh against port 465 finds no fault but the CBC suites that are there for old clients."""

import json

from support.certificate import Certificate
from support.godwit import Godwit
from support.scenario import SUBMISSIONS_PORT, Scenario, main

# What it asks, of all that it can; half of its time would go into lists of ciphers, which tls_is_modern_test.py tries.
QUESTIONS = ("--fast", "--protocols", "--std", "--fs", "--server-preference", "--vulnerable")
FAULTS = ("LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL")
CBC = {"cipherlist_AVERAGE", "LUCKY13"}  # the alternative of such clients is clear text
SEEN = {"SSLv2", "SSLv3", "TLS1_2", "TLS1_3", "cipherlist_NULL", "cipherlist_aNULL", "cipherlist_EXPORT", "cipherlist_LOW", "cipherlist_STRONG",
        "heartbleed", "CCS", "secure_renego", "secure_client_renego", "CRIME_TLS", "POODLE_SSL", "SWEET32", "FREAK", "DROWN", "LOGJAM", "BEAST",
        "cipher_order"}


class TestsslFindsNothing(Scenario):
    def test_it(self):
        host = self.net.host(1)
        certificate = Certificate(self, "mail.example.com", host)
        Godwit(self, hostname="mail.example.com", address=host, certificate=certificate).with_submission().add_account(
            "alice@example.com", "secret").start()
        report = self.folder / "testssl.json"
        self.run_program("testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", *QUESTIONS, "--jsonfile", report,
                         f"{host}:{SUBMISSIONS_PORT}", check=False, timeout=550)
        found = json.loads(report.read_text())
        self.assertEqual({entry["id"] for entry in found if entry["severity"] in FAULTS}, CBC, found)
        good = {entry["id"] for entry in found if entry["severity"] == "OK"}
        self.assertEqual(SEEN - good, set(), "it has looked")
        old = {entry["id"]: entry["finding"] for entry in found if entry["id"] in ("TLS1", "TLS1_1")}
        self.assertEqual(old, {"TLS1": "not offered", "TLS1_1": "not offered"})


if __name__ == "__main__":
    main()
