#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/openapi.yaml, held against what a daemon answers."""

import json
import pathlib

import jsonschema

from support import api_answers
from support.certificate import Certificate
from support.godwit import ControlConnection
from support.receiving_host import SENDER, TO, ReceivingHost
from support.scenario import main

# What needs a file of another host, a stopped account, an authority or much time is asked by other scenarios, whose
# answers are held to the page, too.
ASKED_ELSEWHERE = {"/v1/queue/import": "queue_moves_between_running_hosts", "/v1/accounts/release": "account_is_stopped",
                   "/v1/accounts/purge": "account_is_stopped", "/v1/events": "events_are_followed", "/v1/tls/renew": "certificate_is_renewed",
                   "/v1/limits/reset": "limits_are_kept", "/v1/lockouts/unlock": "login_is_locked_out"}


class ApiIsAsDocumented(ReceivingHost):
    def setUp(self):
        super().setUp()
        self.api = api_answers.page()
        self.asked = set()

    def ask(self, method, path, query="", status=200, message=None, **names):
        """Asks, which holds the answer to the page; gives its body."""
        connection = ControlConnection(self.godwit.control_socket)
        self.addCleanup(connection.close)
        connection.request(method, path.format(**names) + query, **(message or {}))
        answer = connection.getresponse()
        body = answer.read().decode()
        self.assertEqual(answer.status, status, body)
        if status < 400:
            self.asked.add(path)
        return json.loads(body) if answer.getheader("Content-Type") == "application/json" else body

    def test_answers_are_those_of_the_page(self):
        certificate = Certificate(self, "mail.xyz.example")
        self.start(certificate=certificate, suppression={"enabled": True}, dmarc_reports={"enabled": True, "contact": TO},
                   routes=[{"domains": ["held.example"], "hold": True}])
        delivered, _ = self.send()
        self.godwit.wait_event("delivered")
        held = [self.send("bob@held.example")[0] for _ in range(4)]
        for id in held:
            self.godwit.wait_event("held", id=id)

        self.assertIn("godwit_healthy", self.ask("GET", "/metrics"))
        self.assertTrue(self.ask("GET", "/v1/status")["tls"]["certificates"])
        self.assertEqual(self.ask("GET", "/v1/access")["scopes"], ["read", "queue", "admin", "submit"])
        self.assertTrue(self.ask("GET", "/v1/busiest")["destinations"])
        self.assertTrue(self.ask("GET", "/v1/log", "?level=info&limit=10")["lines"])
        configuration = self.ask("GET", "/v1/configuration")
        self.assertEqual(configuration["files"][0]["path"], configuration["file"])
        self.assertEqual(self.ask("POST", "/v1/configuration/check")["differences"], [])
        self.ask("GET", "/v1/configuration/replay", status=404)
        number = self.ask("POST", "/v1/configuration/replay", "?last=10", status=202)["number"]
        self.wait_until(lambda: self.ask("GET", "/v1/configuration/replay")["state"] == "done", "it was replayed")
        replayed = self.ask("GET", "/v1/configuration/replay")
        self.assertEqual((replayed["number"], replayed["report"]["accepted"]), (number, 5))
        page = self.ask("GET", "/v1/queue", "?limit=2")
        self.assertEqual([message["id"] for message in page["messages"]], held[:2])
        self.assertEqual(page["next"], held[1])
        self.ask("GET", "/v1/queue/{id}", id=held[0])
        self.ask("GET", "/v1/queue/{id}", id=delivered, status=404)
        self.ask("GET", "/v1/queue/{id}", id="0", status=400)
        self.assertTrue(self.ask("GET", "/v1/trace/{id}", id=delivered)["events"])
        self.assertTrue(self.ask("GET", "/v1/trace/{id}", id=held[0])["message"])
        self.assertTrue(self.ask("GET", "/v1/history", f"?sender={SENDER}&outcome=delivered")["messages"])
        for address in (TO, "bob@held.example", "nobody@xyz.example"):
            self.ask("GET", "/v1/route", f"?address={address}")
        self.assertTrue(self.ask("GET", "/v1/why", "?name=held.example")["waiting"])

        self.ask("POST", "/v1/delivery/suspend", "?destination=a.example&for=2h&reason=test")
        self.assertTrue(self.ask("GET", "/v1/destinations")["suspensions"])
        self.ask("POST", "/v1/delivery/resume", "?destination=a.example")
        self.ask("GET", "/v1/limits")
        self.ask("POST", "/v1/limits/reset", "?name=nobody.example", status=404)
        self.ask("GET", "/v1/lockouts")
        self.ask("POST", "/v1/lockouts/unlock", "?name=192.0.2.1", status=404)
        self.ask("POST", "/v1/suppression/add", "?name=x@a.example&for=2h")
        self.assertTrue(self.ask("GET", "/v1/suppression")["suppressions"])
        self.ask("POST", "/v1/suppression/remove", "?name=x@a.example")
        self.ask("POST", "/v1/dns/flush")
        self.ask("POST", "/v1/tls/renew", status=404)
        self.ask("POST", "/v1/tlsrpt/send")
        self.ask("GET", "/v1/dmarc/reports")
        self.ask("POST", "/v1/dmarc/send")
        self.ask("GET", "/v1/dmarc/summary", "?name=a.example&for=7d")

        letter = {"from": SENDER, "to": [{"name": "Somchai", "address": TO}], "subject": "s", "text": "t", "notify": ["failure"],
                  "attachments": [{"content_base64": "aGk=", "filename": "f"}]}
        schema = {"$ref": "#/components/schemas/NewMessage", "components": self.api["components"]}
        jsonschema.Draft202012Validator(schema).validate(letter)
        as_json = {"Content-Type": "application/json", "Idempotency-Key": "k"}
        for body, status in ((letter, 202), (letter, 202), ({**letter, "to": TO}, 422)):
            self.ask("POST", "/v1/messages", message={"body": json.dumps(body), "headers": as_json}, status=status)
        as_json.pop("Idempotency-Key")
        self.ask("POST", "/v1/messages", message={"body": json.dumps({**letter, "x": 1}), "headers": as_json}, status=400)
        refused = {"body": f"From: {SENDER}\n\nhi\n", "headers": {"Content-Type": "message/rfc822"}}
        answer = self.ask("POST", "/v1/messages", "?to=nobody@xyz.example&notify=never", message=refused, status=422)
        self.assertEqual(answer["recipients"][0]["status"], "refused")

        for verb in ("retry", "hold", "release", "bounce"):
            self.ask("POST", f"/v1/queue/{verb}", "?sender=nobody@nowhere.example")
        self.ask("POST", "/v1/queue/retry", status=400)
        for verb in ("retry", "hold", "release"):
            self.ask("POST", "/v1/queue/{id}/" + verb, id=held[0])
        self.ask("POST", "/v1/queue/{id}/bounce", "?reason=test", id=held[1])
        self.ask("POST", "/v1/queue/{id}/delete", id=held[2])
        self.ask("DELETE", "/v1/queue/{id}", id=held[3])
        self.assertEqual(self.ask("POST", "/v1/queue/delete", "?all=true")["done"], "delete")

        self.ask("POST", "/v1/reload")
        self.godwit.config["hostname"] = "no name"
        self.godwit.write_config()
        self.ask("POST", "/v1/reload", status=422)
        self.ask("POST", "/v1/configuration/replay", status=422)
        self.ask("POST", "/v1/stop", status=202)
        self.assertEqual(self.godwit.process.wait(30), 0)
        self.assertEqual(set(self.api["paths"]) - self.asked, set(ASKED_ELSEWHERE))

    def test_what_is_asked_elsewhere_is(self):
        for path, scenario in ASKED_ELSEWHERE.items():
            self.assertIn(f'"{path}', pathlib.Path(__file__).with_name(scenario + "_test.py").read_text().replace('f"', '"'))

    def test_another_answer_is_found(self):
        status = {"name": "a", "done": "unlock"}
        for changed in ({"name": 1}, {"done": "hidden"}, {"count": "many"}):
            with self.assertRaises(AssertionError):
                api_answers.check_answer("POST", "/v1/lockouts/unlock?name=a", 200, "application/json", json.dumps({**status, **changed}))
        with self.assertRaises(AssertionError):
            api_answers.check_answer("GET", "/v1/nowhere", 200, "application/json", "{}")
        with self.assertRaises(AssertionError):
            api_answers.check_answer("POST", "/v1/tls/renew", 200, "application/json", "{}")
        api_answers.check_answer("POST", "/v1/lockouts/unlock?name=a", 200, "application/json", json.dumps(status))

    def test_the_page_is_whole(self):
        def references(node):
            if isinstance(node, dict):
                yield from ([node["$ref"]] if "$ref" in node else [])
                for child in node.values():
                    yield from references(child)
            elif isinstance(node, list):
                for child in node:
                    yield from references(child)

        for reference in set(references(self.api)):
            api_answers.resolve({"$ref": reference})
        for name, schema in self.api["components"]["schemas"].items():
            with self.subTest(name):
                jsonschema.Draft202012Validator.check_schema(schema)


if __name__ == "__main__":
    main()
