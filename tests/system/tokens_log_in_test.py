#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OAUTHBEARER and XOAUTH2: tokens that an authorization server vouches for, asked by RFC 7662."""

import base64
import http.server
import json
import threading
import time
import urllib.parse

from support.certificate import Certificate
from support.message import message
from support.programs import curl, msmtp
from support.scenario import SUBMISSION_PORT, SUBMISSIONS_PORT, main
from support.submitting_host import SubmittingHost

ALICE = "alice@example.com"
HASH = "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g."


class AuthorizationServer:
    """Knows tokens; `asked` are the requests' forms and headers."""

    def __init__(self, case, host, certificate=None):
        self.tokens, self.asked, self.status, self.raw = {}, [], 200, None
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                server.asked.append((self.path, form, self.headers))
                answer = server.raw or json.dumps(server.tokens.get(form["token"], {"active": False})).encode()
                self.send_response(server.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer((case.net.host(host), 0), Handler)
        scheme = "http"
        if certificate:
            self.http.socket = certificate.server_context().wrap_socket(self.http.socket, server_side=True)
            scheme = "https"
        address, port = self.http.server_address
        self.url = f"{scheme}://{address}:{port}/introspect?x=y"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        case.addCleanup(self.stop)

    def stop(self):
        self.http.shutdown()
        self.http.server_close()


def oauthbearer(token, user=ALICE):
    header = f"n,a={user}," if user else "n,,"
    return base64.b64encode(f"{header}\x01host=mail.example.com\x01port=587\x01auth=Bearer {token}\x01\x01".encode()).decode()


def xoauth2(token, user=ALICE):
    return base64.b64encode(f"user={user}\x01auth=Bearer {token}\x01\x01".encode()).decode()


class TokensLogIn(SubmittingHost):
    def serve(self, *accounts, certificate=None, failures=6, **introspection):
        self.server = AuthorizationServer(self, 9, certificate)
        self.server.tokens["good"] = {"active": True, "username": ALICE, "scope": "openid mail", "exp": int(time.time()) + 3600}
        secret = self.folder / "secret"
        secret.write_text("s:cret\n")
        self.start(*accounts, authentication={"delay": "0s", "exempt": [], "failures": failures, "introspection": {
            "url": self.server.url, "client_id": "god wit", "client_secret_file": str(secret), "timeout": "20s", **introspection}})

    def token(self, mechanism, response):
        """The last reply."""
        with self.secure() as client:
            reply = client.say(f"AUTH {mechanism} {response}")
            if reply.startswith("334 "):
                self.failure = json.loads(base64.b64decode(reply[4:]))
                reply = client.say("AQ==")
            return reply

    def test_good_tokens_log_in(self):
        self.serve()
        self.assertEqual(self.token("OAUTHBEARER", oauthbearer("good"))[:9], "235 2.7.0")
        self.assertTrue(self.offer.endswith("AUTH OAUTHBEARER XOAUTH2"), self.offer)
        self.assertEqual(self.token("XOAUTH2", xoauth2("good"))[:3], "235")
        self.assertEqual(self.token("OAUTHBEARER", oauthbearer("good", user=""))[:3], "235")
        with self.secure() as client:
            client.say(f"AUTH XOAUTH2 {xoauth2('good')}", "235")
            client.submit(ALICE, ["bob@example.com"], message(sender=ALICE, to="bob@example.com"), hello=None)
        self.godwit.mailbox("bob@example.com").wait()
        path, form, headers = self.server.asked[0]
        self.assertEqual((path, form), ("/introspect?x=y", {"token": "good", "token_type_hint": "access_token"}))
        self.assertEqual(base64.b64decode(headers["Authorization"].split()[1]), b"god%20wit:s%3Acret")
        self.assertEqual(len(self.server.asked), 1, "a good token is remembered")

    def test_beside_passwords(self):
        accounts = self.folder / "accounts.yaml"
        accounts.write_text(f'{ALICE}: {{password: "{HASH}"}}\n')
        self.serve(str(accounts))
        self.assert_logs_in(ALICE, "password")
        self.assertTrue(self.offer.endswith("AUTH PLAIN LOGIN OAUTHBEARER XOAUTH2"), self.offer)
        self.assertEqual(self.token("OAUTHBEARER", oauthbearer("good"))[:3], "235")

    def test_other_tokens_do_not(self):
        self.serve(scope="mail", failures=100)
        self.server.tokens.update({
            "old": {"active": True, "username": ALICE, "scope": "mail", "exp": int(time.time()) - 5},
            "scopeless": {"active": True, "username": ALICE, "scope": "mailing"},
            "nameless": {"active": True, "scope": "mail"},
            "revoked": {"active": False, "username": ALICE, "scope": "mail"}})
        self.assertEqual(self.token("OAUTHBEARER", oauthbearer("good"))[:3], "235")
        for token in ("old", "scopeless", "nameless", "revoked", "unknown"):
            self.assertEqual(self.token("OAUTHBEARER", oauthbearer(token)), "535 5.7.8 Authentication credentials invalid", token)
            self.assertEqual(self.failure, {"status": "invalid_token", "schemes": "bearer", "scope": "mail"})
            self.assertEqual(self.token("XOAUTH2", xoauth2(token))[:9], "535 5.7.8", token)
        self.assertEqual(self.token("OAUTHBEARER", oauthbearer("good", user="bob@example.com"))[:9], "535 5.7.8", "another's token")
        self.assertEqual(self.token("OAUTHBEARER", base64.b64encode(b"n,,").decode())[:9], "501 5.5.2")
        self.assertTrue(self.godwit.events("login_failed", mechanism="OAUTHBEARER", reason="rejected"))

    def test_a_program_with_an_old_token_is_not_locked_out(self):
        self.serve()
        for _ in range(8):
            self.assertEqual(self.token("XOAUTH2", xoauth2("old"))[:3], "535")
        self.assertEqual(self.token("XOAUTH2", xoauth2("good"))[:3], "235")
        for number in range(5):  # with the old one six
            self.assertEqual(self.token("XOAUTH2", xoauth2(f"guess{number}"))[:3], "535")
        self.assertEqual(self.token("XOAUTH2", xoauth2("good"))[:9], "454 4.7.0")

    def test_a_revoked_token_is_good_only_as_long_as_it_is_remembered(self):
        self.serve(cache="0s")
        self.assertEqual(self.token("OAUTHBEARER", oauthbearer("good"))[:3], "235")
        self.server.tokens["good"]["active"] = False
        self.assertEqual(self.token("OAUTHBEARER", oauthbearer("good"))[:3], "535")

    def test_a_server_that_cannot_be_asked_is_no_bad_token(self):
        self.serve()
        self.server.status = 503
        self.assertEqual(self.token("OAUTHBEARER", oauthbearer("good")), "454 4.7.0 Temporary authentication failure")
        self.server.status = 200
        for nonsense in (b"<html>", b"[]", b"{}", b'{"active":"yes"}'):
            self.server.raw = nonsense
            self.assertEqual(self.token("OAUTHBEARER", oauthbearer("good"))[:9], "454 4.7.0", nonsense)
        self.server.raw = None
        self.assertEqual(self.token("OAUTHBEARER", oauthbearer("good"))[:3], "235")
        self.server.stop()
        self.assertEqual(self.token("OAUTHBEARER", oauthbearer("other"))[:9], "454 4.7.0")
        self.assertIn("authentication.introspection: ", self.check().stderr)

    def test_over_https(self):
        certificate = Certificate(self, "login.example.com", self.net.host(9))
        self.serve(certificate=certificate, ca_file=str(certificate.certificate))
        self.assertEqual(self.token("OAUTHBEARER", oauthbearer("good"))[:3], "235")
        self.assertNotIn("introspection", self.check().stderr)

    def test_a_server_that_is_not_trusted_gets_no_token(self):
        self.serve(certificate=Certificate(self, "login.example.com", self.net.host(9)), ca_file=str(self.certificate.certificate))
        self.assertEqual(self.token("OAUTHBEARER", oauthbearer("good"))[:9], "454 4.7.0")
        self.assertEqual(self.server.asked, [])

    def test_a_url_in_the_clear_is_refused(self):
        self.serve()
        self.godwit.config["authentication"]["introspection"]["url"] = "http://login.example.com/"
        done = self.check()
        self.assertEqual(done.returncode, 2)
        self.assertIn("authentication.introspection.url", done.stderr)

    def test_curl_and_msmtp(self):
        self.serve()
        file = self.folder / "message"
        file.write_bytes(message(sender=ALICE, to="bob@example.com"))
        curl(self, "--url", f"smtps://{self.address}:{SUBMISSIONS_PORT}", "--cacert", self.certificate.certificate, "--user", ALICE,
             "--oauth2-bearer", "good", "--mail-from", ALICE, "--mail-rcpt", "bob@example.com", "--upload-file", file)
        for mechanism in ("oauthbearer", "xoauth2"):
            msmtp(self, self.address, SUBMISSION_PORT, self.certificate.certificate, mechanism, ALICE, "good", ["bob@example.com"],
                  file.read_bytes())
        self.godwit.mailbox("bob@example.com").wait(3)


if __name__ == "__main__":
    main()
