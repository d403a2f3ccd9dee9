#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""godwitctl status and queue list, show, retry, delete."""

from support.scenario import main
from support.sending_host import SENDER, SendingHost

TO = "user@busy.example"


class QueueIsManaged(SendingHost):
    def setUp(self):
        super().setUp()
        self.peer = self.mx("busy.example", 10, "mx.busy.example", 2, up=False)
        self.start(delivery={"retry": {"first": "1h", "max": "1h"}})
        self.identity, self.content = self.send(TO)
        self.godwit.wait_event("deferred", id=self.identity)

    def test_status(self):
        status = self.godwit.status()
        self.assertEqual(status["queue"]["messages"], 1)
        for key in ("waiting", "active", "held"):
            self.assertIn(key, status["queue"])
        for key in ("in", "out"):
            self.assertIn(key, status["connections"])
        self.assertIn("uptime", status)
        self.assertRegex(status["version"], r"\d+\.\d+")
        self.assertIn("1", self.godwit.control("status").stdout)

    def test_list_and_show(self):
        text = self.godwit.control("queue", "list").stdout
        self.assertIn(self.identity, text)
        self.assertIn(SENDER, text)
        listed = self.godwit.control_json("queue", "list")
        entries = listed if isinstance(listed, list) else listed["messages"]
        self.assertEqual([entry["id"] for entry in entries], [self.identity])
        shown = self.godwit.control("queue", "show", self.identity).stdout
        self.assertIn(TO, shown)
        self.assertIn("efused", shown)  # why it waits

    def test_retry_delivers_now(self):
        self.peer.up()
        self.godwit.control("queue", "retry", self.identity)
        self.assert_arrived(self.peer, self.content)
        self.godwit.wait_empty_queue()

    def test_delete_removes_without_a_report(self):
        self.godwit.control("queue", "delete", self.identity)
        self.godwit.wait_empty_queue()
        self.godwit.wait_event("deleted", id=self.identity)
        self.godwit.restart()
        self.assertEqual(self.godwit.queued(), 0)
        self.assertEqual(self.godwit.mailbox(SENDER).count(), 0)

    def test_an_unknown_id_fails_and_wrong_usage_is_2(self):
        for verb in ("show", "retry", "delete"):
            self.assertEqual(self.godwit.control("queue", verb, "0000000000000", check=False).returncode, 1, verb)
            self.assertIn(self.godwit.control("queue", verb, "nonsense", check=False).returncode, (1, 2), verb)
        self.assertEqual(self.godwit.control("queue", "frobnicate", check=False).returncode, 2)
        self.assertEqual(self.godwit.queued(), 1)

    def test_no_daemon_is_an_error(self):
        self.godwit.stop()
        self.assertEqual(self.godwit.control("status", check=False).returncode, 1)


if __name__ == "__main__":
    main()
