#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A host without a certificate gets one from a real authority (ACME), by each challenge, and offers it without a restart."""

import functools
import http.server
import json
import os
import pathlib
import shutil
import socket
import stat
import threading

from support.certified_host import HOST, CertifiedHost
from support.dialogue import Dialogue
from support.pebble import HTTP_PORT
from support.scenario import SUBMISSION_PORT, SUBMISSIONS_PORT, listening, main

NET_BIND_SERVICE = 1 << 10  # CAP_NET_BIND_SERVICE


class Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def read_start(client):
    try:
        return client.recv(12)
    except ConnectionResetError:
        return b""


class CertificateIsObtained(CertifiedHost):
    def assert_certified(self):
        self.wait_obtained()
        with self.secured() as client:
            names = {value for _, value in client.socket.getpeercert()["subjectAltName"]}
        self.assertEqual(names, {HOST})
        self.assert_still_works()

    def test_by_http(self):
        self.authority.start()
        self.certified().start()
        self.assert_certified()
        self.assertEqual(self.godwit.events("certificate_ordered")[0]["reason"], "none")
        # The port is ours only while an order is under way.
        self.assertFalse(listening(self.godwit.address, HTTP_PORT))
        self.assertIsNone(self.acme()["error"])
        self.assertEqual(self.acme()["names"], [HOST])

    def test_by_tls_alpn(self):
        self.authority.start()
        self.certified("tls-alpn-01", key_type="rsa2048").start()
        self.assert_certified()
        self.assertIn("RSA", self.run_program("openssl", "x509", "-in", self.folder_of_acme / "certificate.pem", "-noout",
                                              "-text").stdout)

    def test_through_the_folder_of_a_web_server(self):
        self.authority.start()
        root = self.folder / "www"
        root.mkdir()
        modes = {}

        class Watched(Files):
            def do_GET(self):
                path = pathlib.Path(self.translate_path(self.path))
                for entry in (path, *path.parents):
                    if entry == root:
                        break
                    modes[entry.name if entry.is_dir() else "answer"] = stat.S_IMODE(entry.stat().st_mode)
                super().do_GET()

        web = http.server.ThreadingHTTPServer((self.net.host(1), HTTP_PORT), functools.partial(Watched, directory=str(root)))
        threading.Thread(target=web.serve_forever, args=(0.05,), daemon=True).start()
        self.addCleanup(web.server_close)
        self.addCleanup(web.shutdown)
        self.addCleanup(os.umask, os.umask(0o027))  # as systemd starts it
        self.certified(webroot=str(root)).start()
        self.assert_certified()
        self.assertEqual(modes, {".well-known": 0o755, "acme-challenge": 0o755, "answer": 0o644})
        self.assertEqual([path for path in root.rglob("*") if path.is_file()], [])

    def test_with_nonces_that_are_refused_and_waits(self):
        self.authority.start(wfe_noncereject="50", va_nosleep="", va_sleeptime="2")
        self.certified().start()
        self.assert_certified()

    def test_strangers_at_the_port_learn_nothing_and_hold_nothing_up(self):
        self.authority.start(va_nosleep="", va_sleeptime="5")
        self.certified().start()
        place = (self.godwit.address, HTTP_PORT)
        self.wait_until(lambda: listening(*place), "the answer can be had")
        for request, answer in [(b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 404"), (b"POST / HTTP/1.1\r\n\r\n", b"HTTP/1.1 405"),
                                (b"GET\r\n\r\n", b"HTTP/1.1 404"), (b"x" * 20_000, b"")]:
            with socket.create_connection(place, timeout=5) as client:
                client.sendall(request)
                self.assertEqual(read_start(client), answer)
        for _ in range(30):
            self.addCleanup(socket.create_connection(place, timeout=5).close)  # silent
        self.assert_certified()

    def test_for_several_names(self):
        other = "mx.xyz.example"
        self.dns.host(other, self.net.host(1)).change()
        self.authority.start()
        self.certified(names=[HOST, other]).start()
        self.wait_obtained()
        with self.connect() as client:
            client.say("EHLO client.example", "250")
            client.starttls(self.authority.client_context(), other)

    def test_after_a_restart_where_the_right_to_the_port_was_given_up(self):
        if int(pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 80:
            self.skipTest("here everybody may bind low ports")
        self.authority.start()
        self.certified(listen=f"{self.net.host(1)}:80")
        self.godwit.config["listeners"][0]["tls"] = "none"
        self.godwit.config["sandbox"] = {"enabled": False}  # it would not let in the authority's certificate either
        wanted = self.godwit.config.pop("tls")
        self.godwit.start(("setpriv", "--inh-caps=-net_bind_service", "--bounding-set=-net_bind_service"))
        self.godwit.config["tls"] = wanted
        self.godwit.write_config()
        self.assertEqual(self.godwit.control_json("config", "test-replay")["restart_needed"], ["tls.acme"])
        checked = json.loads(self.godwit.ask("POST", "/v1/configuration/check"))["differences"]
        self.assertEqual({one["needs_restart"] for one in checked if one["key"].startswith("tls.acme.")}, {True}, checked)
        for _ in range(2):
            said = self.godwit.control("reload")
            self.assertIn("tls.acme", said.stdout + said.stderr)
        self.godwit.wait_event("restart_needed", key="tls.acme")
        self.assertIsNone(self.acme())
        self.assertEqual(self.godwit.events("certificate_ordered"), [])
        wanted["acme"]["listen"] = f"{self.net.host(1)}:{HTTP_PORT}"  # needs no right
        self.godwit.write_config()
        self.godwit.control("reload")
        self.wait_obtained()

    def capabilities(self, process):
        """Of each of its threads: those that it may take, has, and hands on."""
        kinds = "CapPrm", "CapEff", "CapInh", "CapAmb"
        states = [dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
                  for task in pathlib.Path(f"/proc/{process}/task").iterdir()]
        return {tuple(int(state[kind], 16) for kind in kinds) for state in states}

    def start_as_root(self, port):
        if os.geteuid() != 0:
            self.skipTest("only root can become somebody else")
        self.certified(listen=f"{self.net.host(1)}:{port}")
        self.godwit.config["user"] = "nobody"
        self.folder.chmod(0o777)
        for path in [self.godwit.folder, *self.godwit.folder.rglob("*")]:
            shutil.chown(path, "nobody")
        self.godwit.start()
        status = pathlib.Path(f"/proc/{self.godwit.process.pid}/status").read_text()
        self.assertNotRegex(status, r"(?m)^Uid:.*\t0\b")

    def test_of_the_rights_of_root_only_that_to_low_ports_is_kept(self):
        self.authority.start(va_nosleep="", va_sleeptime="5")
        self.start_as_root(port=80)
        self.assertEqual(self.capabilities(self.godwit.process.pid), {(NET_BIND_SERVICE, NET_BIND_SERVICE, 0, 0)})
        self.wait_until(lambda: listening(self.godwit.address, 80), "it is used")
        self.assert_still_works()

    def test_of_the_rights_of_root_none_is_kept_that_is_not_needed(self):
        self.authority.start()
        self.start_as_root(port=HTTP_PORT)
        self.assertEqual(self.capabilities(self.godwit.process.pid), {(0, 0, 0, 0)})
        self.assert_certified()

    def test_its_files_are_for_nobody_else(self):
        self.authority.start()
        self.certified().start()
        self.wait_obtained()
        self.assertEqual(stat.S_IMODE(self.folder_of_acme.stat().st_mode), 0o700)
        files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in self.folder_of_acme.iterdir()}
        self.assertLessEqual({"account.key", "account", "private_key.pem", "certificate.pem"}, set(files))
        self.assertEqual(set(files.values()), {0o600})

    def test_until_then_nothing_that_needs_it_is_offered(self):
        self.certified()
        self.godwit.with_submission().add_account("somchai@xyz.example", "secret")
        self.godwit.start()
        self.godwit.wait_event("certificate_failed")
        self.assertFalse(self.offers_starttls())
        with Dialogue(self.godwit.address, SUBMISSION_PORT, greeting="421 4.3.2") as client:
            client.expect_close()
        with Dialogue(self.godwit.address, SUBMISSIONS_PORT, greeting=None) as client:
            client.expect_close()
        self.assert_still_works()
        self.assertIn("There is no certificate yet", self.godwit.control("tls").stdout)
        self.authority.start()
        self.assertIn("being ordered", self.godwit.control("tls", "renew").stdout)
        self.assert_certified()
        context = self.authority.client_context()
        with Dialogue(self.godwit.address, SUBMISSIONS_PORT, context=context, server_hostname=HOST) as client:
            self.assertIn("AUTH", client.say("EHLO client.example", "250"))


class AuthorityForCustomers(CertifiedHost):
    secret = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    authority_settings = {"externalAccountBindingRequired": True, "externalAccountMACKeys": {"kid-1": secret}}

    def test_serves_who_has_an_account_with_it(self):
        self.authority.start()
        file = self.folder / "mac.key"
        file.write_text(self.secret + "\n")
        self.certified(external_account={"key_id": "kid-1", "hmac_key_file": str(file)}).start()
        self.wait_obtained()
        self.assertTrue(self.offered())

    def test_tells_the_others_why_not(self):
        self.authority.start()
        self.certified().start()
        self.assertIn("tls.acme.external_account", self.godwit.wait_event("certificate_failed")["reason"])


if __name__ == "__main__":
    main()
