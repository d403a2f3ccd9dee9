#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mail that is late: one warning after delivery.retry.warn, a failure report after expire, each only if it is wanted."""

import email
import email.utils
from datetime import timedelta

from support.dialogue import Dialogue, queued_id
from support.message import message
from support.scenario import main
from support.sending_host import SENDER, SendingHost

TO = "user@busy.example"


class LateMailIsReported(SendingHost):
    def setUp(self):
        super().setUp()
        self.peer = self.mx("busy.example", 10, "mx.busy.example", 2, script={"RCPT": "451 4.3.0 come back later"})

    def start(self, routes=(), **retry):
        return super().start(delivery={"retry": {"first": "500ms", "max": "500ms", **retry}}, routes=list(routes))

    def send(self, parameters="", sender=SENDER):
        with Dialogue(self.godwit.address) as client:
            client.say("EHLO client.abc.example", "250")
            client.say(f"MAIL FROM:<{sender}>", "250")
            client.say(f"RCPT TO:<{TO}>{parameters}", "250")
            return queued_id(client.data(message(sender=sender)))

    def reports(self, count):
        found = []
        for stored in self.godwit.mailbox(SENDER).wait(count):
            fields = {}
            for block in email.message_from_bytes(stored.content).get_payload()[1].get_payload():
                fields.update({key.lower(): value for key, value in block.items()})
            found.append(fields)
        return sorted(found, key=lambda fields: fields["action"])

    def attempts(self, identity, count):
        self.wait_until(lambda: len(self.godwit.events("deferred", id=identity)) >= count, f"{count} attempts")

    def test_one_warning_then_the_failure(self):
        self.start(warn="1s", expire="4s")
        identity = self.send()
        delayed, failed = self.reports(2)
        self.assertEqual((delayed["action"], failed["action"]), ("delayed", "failed"))
        self.assertIn("will-retry-until", delayed)
        self.assertEqual(delayed["status"], "4.3.0")
        self.assertIn("come back later", delayed["diagnostic-code"])
        self.assertNotIn("will-retry-until", failed)
        self.godwit.wait_event("expired", id=identity)
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.mailbox(SENDER).count(), 2)

    @staticmethod
    def promised(fields):
        """For how long a warning says that the message is tried."""
        until, arrived = (email.utils.parsedate_to_datetime(fields[name]) for name in ("will-retry-until", "arrival-date"))
        return until - arrived

    def test_a_route_has_its_own_schedule(self):
        own = {"first": "500ms", "max": "500ms", "warn": "1s", "expire": "2h"}
        self.start(first="1h", max="1h", routes=[{"domains": ["busy.example"], "retry": own}])
        identity = self.send()
        [delayed] = self.reports(1)
        self.assertEqual(delayed["action"], "delayed")
        self.assertEqual(self.promised(delayed), timedelta(hours=2))
        self.attempts(identity, 3)

    def test_a_reload_changes_what_a_warning_promises(self):
        self.start(warn="1s", expire="5d")
        self.godwit.config["delivery"]["retry"]["expire"] = "3d"
        self.godwit.write_config()
        self.godwit.control("reload")
        self.send()
        [delayed] = self.reports(1)
        self.assertEqual(self.promised(delayed), timedelta(days=3))

    def test_a_warning_is_not_repeated_after_a_restart(self):
        self.start(warn="1s", expire="1h")
        identity = self.send()
        self.reports(1)
        self.assertEqual(self.godwit.stop(), 0)  # a crash right now may warn twice, never not at all
        self.godwit.start()
        self.attempts(identity, len(self.godwit.events("deferred", id=identity)) + 3)
        self.assertEqual(self.godwit.mailbox(SENDER).count(), 1)

    def test_who_did_not_ask_for_delays_is_told_of_the_failure_only(self):
        self.start(warn="1s", expire="3s")
        self.send(" NOTIFY=FAILURE")
        [failed] = self.reports(1)
        self.assertEqual(failed["action"], "failed")
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.mailbox(SENDER).count(), 1)

    def test_soft_bounce_keeps_what_would_bounce(self):
        self.peer.script["RCPT"] = iter(["550 5.1.1 no such user", "550 5.1.1 no such user"] + ["250 2.1.5 Ok"] * 10)
        SendingHost.start(self, delivery={"soft_bounce": True, "retry": {"first": "500ms", "max": "500ms"}})
        identity = self.send()
        self.peer.wait()
        deferred = self.godwit.events("deferred", id=identity)
        self.assertEqual([str(event["code"]) for event in deferred], ["550", "550"])
        self.godwit.wait_empty_queue()
        self.assertEqual(self.godwit.events("bounced"), [])
        self.assertEqual(self.godwit.mailbox(SENDER).count(), 0)


if __name__ == "__main__":
    main()
