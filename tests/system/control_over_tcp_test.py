#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""control.http: the API over TCP and TLS, for who shows a token; what becomes of those who do not."""

import http.client
import json
import socket

from support.certificate import Certificate
from support.godwit import ApiConnection
from support.receiving_host import ReceivingHost
from support.scenario import main

PORT = 20825
READER, OPERATOR, CHIEF = "reader-0123456789", "operator-0123456789", "chief-0123456789"


class ControlOverTcp(ReceivingHost):
    def token_file(self, token, mode=0o640):
        path = self.folder / token
        path.write_text(token + "\n")
        path.chmod(mode)
        return str(path)

    def control(self, **more):
        tokens = [{"file": self.token_file(READER)}, {"file": self.token_file(OPERATOR), "scopes": ["read", "queue"]},
                  {"file": self.token_file(CHIEF), "scopes": "admin"}]
        return {"http": f"{self.net.host(1)}:{PORT}", "tokens": tokens, **more}

    def ask(self, method, path, token=None, context=None):
        connection = (http.client.HTTPSConnection(self.net.host(1), PORT, timeout=20, context=context) if context
                      else ApiConnection(self.net.host(1), PORT, timeout=20))
        self.addCleanup(connection.close)
        connection.request(method, path, headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def test_a_token_opens_what_its_scopes_say(self):
        self.start(control=self.control())
        self.assertEqual(self.ask("GET", "/v1/status")[0], 401)
        self.assertEqual(self.ask("GET", "/v1/status", "reader-0123456780")[0], 401)
        status, body = self.ask("GET", "/v1/status", READER)
        self.assertEqual((status, json.loads(body)["healthy"]), (200, True))
        self.assertIn("godwit_healthy 1", self.ask("GET", "/metrics", READER)[1])
        self.assertEqual(self.ask("POST", "/v1/queue/retry?all=true", READER)[0], 403)
        self.assertEqual(self.ask("POST", "/v1/queue/retry?all=true", OPERATOR)[0], 200)
        self.assertEqual(self.ask("POST", "/v1/reload", OPERATOR)[0], 403)
        self.assertEqual(self.ask("POST", "/v1/reload", CHIEF)[0], 200)
        self.godwit.wait_event("control_refused", client="127.0.0.1", status=403, target="/v1/reload")
        self.assertNotIn("0123456789", self.godwit.log_file.read_text())

    def test_tls_hides_the_token(self):
        certificate = Certificate(self, "mail.xyz.example", self.net.host(1))
        self.start(certificate=certificate, control=self.control(http_tls=True))
        self.assertEqual(self.ask("GET", "/v1/status", READER, certificate.client_context())[0], 200)
        with self.assertRaises((http.client.HTTPException, OSError)):
            self.ask("GET", "/v1/status", READER)
        self.godwit.wait_event("tls_failed")

    def test_tokens_change_with_a_reload(self):
        self.start(control=self.control())
        (self.folder / READER).write_text("another-0123456789\n")
        self.godwit.control("reload")
        self.assertEqual(self.ask("GET", "/v1/status", READER)[0], 401)
        self.assertEqual(self.ask("GET", "/v1/status", "another-0123456789")[0], 200)

    # Sixty strangers, silent or in the middle of a handshake: neither those with a token nor the Unix socket wait.
    def test_strangers_keep_nobody_out(self):
        certificate = Certificate(self, "mail.xyz.example", self.net.host(1))
        self.start(certificate=certificate, control=self.control(http_tls=True))
        for i in range(60):
            stranger = socket.create_connection((self.net.host(1), PORT), timeout=20)
            self.addCleanup(stranger.close)
            if i % 2:
                stranger.sendall(b"\x16\x03\x01\x02\x00\x01")
        self.assertEqual(self.ask("GET", "/v1/status", READER, certificate.client_context())[0], 200)
        self.assertTrue(self.godwit.status()["healthy"])

    def test_what_is_no_token_file_is_refused(self):
        for token, mode, why in (("short", 0o600, "less than 16 characters"), ("world-0123456789", 0o644, "chmod o="),):
            with self.subTest(token):
                path = self.token_file(token, mode)
                godwit = self.host(f"host-{token[:5]}", control={"http": f"{self.net.host(1)}:{PORT}", "tokens": [{"file": path}]})
                process = godwit.spawn()
                self.assertEqual(process.wait(20), 2)
                self.assertIn(why, godwit.errors())
                self.assertIn("control.tokens[0].file", godwit.errors())


if __name__ == "__main__":
    main()
