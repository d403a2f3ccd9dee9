#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The log's schema is one, and holds what the daemon writes; every other scenario's log is held to it, too (support/godwit.py)."""

import json

import jsonschema

from support.log_schema import SCHEMA, fault_of, faults_in
from support.receiving_host import SENDER, ReceivingHost
from support.scenario import main


class LogIsAsDocumented(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))

    def test_schema_is_one(self):
        jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA.read_text()))

    def test_lines_of_a_running_host_are_valid(self):
        self.start()
        self.send()
        client = self.connect()
        client.say("EHLO client.abc.example", "250")
        client.say(f"MAIL FROM:<{SENDER}>", "250")
        client.say("RCPT TO:<nobody@xyz.example>", "550")
        client.quit()
        self.godwit.wait_event("delivered")
        self.assertEqual(self.godwit.stop(), 0)
        for entry in self.godwit.events():
            self.validator.validate(entry)

    # The quick check of every scenario and the validator find the same.
    def test_what_is_not_documented_is_found(self):
        good = {"time": "2026-11-23T09:35:55.123Z", "level": "info", "event": "released", "id": "06ZQ3W8K1M4TR"}
        self.assertEqual(fault_of(good), "")
        self.validator.validate(good)
        for change in ({"event": "unheard_of"}, {"level": "error"}, {"secret": "x"}, {"id": 1}, {"id": None}):
            bad = {name: value for name, value in {**good, **change}.items() if value is not None}
            self.assertNotEqual(fault_of(bad), "", bad)
            self.assertFalse(self.validator.is_valid(bad), bad)
        log = self.folder / "bad.txt"
        log.write_text(json.dumps(good) + "\n" + json.dumps({**good, "secret": "x"}) + "\n{\"cut")
        self.assertEqual(len(faults_in(log)), 1)


if __name__ == "__main__":
    main()
