#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What testssl.sh would look for: protocols, ciphers, forward secrecy, order, renegotiation, compression, tickets, SNI."""

import re
import socket
import ssl
import struct
import subprocess

from support.certificate import Certificate
from support.dialogue import Dialogue
from support.godwit import Godwit
from support.scenario import MX_PORT, SUBMISSIONS_PORT, Scenario, main

HANDSHAKE, ALERT = 0x16, 0x15
# Suites as in the registry of TLS, each of a kind that nobody shall get.
WEAK_SUITES = {
    "RC4": (0x0004, 0x0005, 0xC007, 0xC011),
    "3DES": (0x000A, 0x0016, 0xC008, 0xC012),
    "EXPORT": (0x0003, 0x0006, 0x0008, 0x0014),
    "anonymous": (0x0034, 0x006C, 0x00A6, 0xC018),
    "NULL": (0x0001, 0x0002, 0x003B, 0xC010),
    "without forward secrecy": (0x002F, 0x0035, 0x003C, 0x009C, 0x009D),
    "DSS, SEED, CAMELLIA, IDEA": (0x0032, 0x0096, 0x0084, 0x0007),
}


def client_hello(version, suites, name=b"mail.example.com", curves=(0x17, 0x18, 0x19)):
    """A ClientHello of SSL 3.0 to TLS 1.2 with nothing but these suites."""
    extensions = b""
    if version > 0x0300:
        formats, signatures = b"\1\0", b"\0\x0c\4\1\4\3\5\1\6\1\2\1\2\3"
        groups = struct.pack(f">{len(curves) + 1}H", 2 * len(curves), *curves)
        server_name = struct.pack(">HBH", len(name) + 3, 0, len(name)) + name
        for kind, body in (0, server_name), (10, groups), (11, formats), (13, signatures):
            extensions += struct.pack(">HH", kind, len(body)) + body
        extensions = struct.pack(">H", len(extensions)) + extensions
    listed = b"".join(struct.pack(">H", suite) for suite in suites)
    body = struct.pack(">H", version) + bytes(32) + b"\0" + struct.pack(">H", len(listed)) + listed + b"\1\0" + extensions
    message = b"\1" + struct.pack(">I", len(body))[1:] + body
    return struct.pack(">BHH", HANDSHAKE, min(version, 0x0301), len(message)) + message


class TlsIsModern(Scenario):
    def start(self, **tls):
        self.host = self.net.host(1)
        self.ecdsa = Certificate(self, "mail.example.com", self.host)
        self.rsa = Certificate(self, "rsa.example.com", key="rsa:2048")
        self.godwit = Godwit(self, hostname="mail.example.com", address=self.host, certificate=self.ecdsa)
        self.godwit.config["tls"]["certificates"].append(self.rsa.as_config())
        self.godwit.config["tls"].update(tls)
        self.godwit.with_submission().add_account("alice@example.com", "secret").start()

    # ---- tools ----------------------------------------------------------------------------------------------------

    def raw(self, hello):
        """The type of the record that answers, and its body; empty: closed."""
        with socket.create_connection((self.host, SUBMISSIONS_PORT), 20) as client:
            client.sendall(hello)
            answer = b""
            try:
                while data := client.recv(65536):
                    answer += data
                    if len(answer) >= 5 and len(answer) >= 5 + struct.unpack(">H", answer[3:5])[0]:
                        break
            except ConnectionResetError:
                pass
        return answer[:1], answer[5:]

    def context(self, most=ssl.TLSVersion.TLSv1_3, ciphers=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = most
        if ciphers:
            context.set_ciphers(ciphers)
        return context

    def connect(self, context, name="mail.example.com", session=None):
        """A session on 465 that has read the greeting, and so, in TLS 1.3, its ticket."""
        raw = socket.create_connection((self.host, SUBMISSIONS_PORT), 20)
        self.addCleanup(raw.close)
        secured = context.wrap_socket(raw, server_hostname=name, session=session)
        self.addCleanup(secured.close)
        self.assertTrue(secured.recv(1000).startswith(b"220 "))
        return secured

    def chosen(self, suites, name):
        """The suite of TLS 1.2 that the server takes of these; None: none."""
        try:
            return self.connect(self.context(ssl.TLSVersion.TLSv1_2, ":".join(suites) + ":@SECLEVEL=0"), name).cipher()[0]
        except ssl.SSLError:
            return None

    def order(self, suites, name):
        """All that it takes, the best first."""
        taken, left = [], list(suites)
        while suite := self.chosen(left, name):
            taken.append(suite)
            left.remove(suite)
        return taken

    def s_client(self, *options, port=MX_PORT, check=True, text=""):
        words = ["openssl", "s_client", "-connect", f"{self.host}:{port}", "-ign_eof", *options]
        if port == MX_PORT:
            words += ["-starttls", "smtp"]
        done = subprocess.run(words, input=text + "QUIT\r\n", capture_output=True, text=True, timeout=30)
        if check:
            self.assertEqual(done.returncode, 0, done.stderr)
        return done

    # ---- what is spoken -------------------------------------------------------------------------------------------

    def test_versions(self):
        self.start()
        for version in "-tls1", "-tls1_1":
            done = self.s_client(version, "-cipher", "ALL:@SECLEVEL=0", check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("alert protocol version", done.stderr)
        for version, name in ("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3"):
            self.assertIn(f"New, {name}, Cipher is ", self.s_client(version).stdout)
        kind, alert = self.raw(client_hello(0x0300, (0x002F, 0x0035, 0x000A)))
        self.assertTrue(kind == b"" or (kind[0] == ALERT and alert[0] == 2), "SSL 3.0")
        # An SSL 2.0 hello is no TLS record at all.
        kind, _ = self.raw(b"\x80\x2e\1\0\2\0\x15\0\0\0\x10\1\0\x80\2\0\x80\3\0\x80\4\0\x80\5\0\x80\6\0\x40\7\0\xc0" + bytes(16))
        self.assertIn(kind, (b"", bytes([ALERT])), "SSL 2.0")

    def test_minimum_version(self):
        self.start(minimum_version="1.3")
        self.assertIn("alert protocol version", self.s_client("-tls1_2", check=False).stderr)
        self.assertIn("New, TLSv1.3", self.s_client().stdout)

    def test_fallback_is_noticed(self):
        self.start()
        self.assertIn("inappropriate fallback", self.s_client("-tls1_2", "-fallback_scsv", check=False).stderr)

    # ---- ciphers --------------------------------------------------------------------------------------------------

    def test_no_weak_suite(self):
        self.start()
        for server in b"mail.example.com", b"rsa.example.com":
            kind, _ = self.raw(client_hello(0x0303, (0xC02B, 0xC02F), server))
            self.assertEqual(kind[0], HANDSHAKE, "a hello of this form is understood")
            for name, suites in WEAK_SUITES.items():
                kind, alert = self.raw(client_hello(0x0303, suites, server))
                self.assertEqual((kind, alert), (bytes([ALERT]), b"\2\x28"), name)  # handshake_failure

    def test_forward_secrecy_and_order(self):
        self.start()
        known = self.run_program("openssl", "ciphers", "-s", "-tls1_2", "ALL:COMPLEMENTOFALL:@SECLEVEL=0").stdout.strip().split(":")
        self.assertIn("AES128-SHA", known)  # so that the refusal of such means something
        for name, own in ("mail.example.com", "ECDSA"), ("rsa.example.com", "RSA"):
            taken = self.order(known, name)
            self.assertGreater(len(taken), 6)
            for suite in taken:
                self.assertRegex(suite, rf"^(ECDHE-{own}|DHE-RSA)-(AES|CHACHA20)")
            aead = [bool(re.search("GCM|CHACHA20", suite)) for suite in taken]
            self.assertEqual(aead, sorted(aead, reverse=True), f"AEAD first: {taken}")
            # The server's order, not the client's.
            self.assertEqual(self.chosen(list(reversed(known)), name), taken[0])

    def test_groups(self):
        self.start()
        done = self.s_client("-tls1_2", "-cipher", "DHE", "-servername", "rsa.example.com")
        bits = re.search(r"Server Temp Key: DH, (\d+) bits", done.stdout)
        self.assertGreaterEqual(int(bits.group(1)), 2048)
        self.assertIn("Server Temp Key: X25519", self.s_client("-servername", "rsa.example.com").stdout)
        # Curves of less than 256 bits, and those of characteristic two.
        kind, alert = self.raw(client_hello(0x0303, (0xC02B, 0xC02F), curves=[*range(1, 0x16)]))
        self.assertEqual((kind, alert), (bytes([ALERT]), b"\2\x28"))

    # ---- the session ----------------------------------------------------------------------------------------------

    def test_renegotiation_and_compression(self):
        self.start()
        done = self.s_client("-tls1_2")
        self.assertIn("Secure Renegotiation IS supported", done.stdout)
        self.assertIn("Compression: NONE", done.stdout)
        done = subprocess.run(["openssl", "s_client", "-connect", f"{self.host}:{SUBMISSIONS_PORT}", "-tls1_2"], input="R\n",
                              capture_output=True, text=True, timeout=30)
        self.assertIn("RENEGOTIATING", done.stdout + done.stderr)
        self.assertRegex(done.stderr, "no renegotiation|unexpected record", "it is refused, or broken off")

    def test_sessions_are_resumed_on_every_reactor(self):
        self.start()
        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            context = self.context(version)
            first = self.connect(context)
            self.assertTrue(first.session.has_ticket)
            # The kernel spreads them over two reactors.
            for _ in range(16):
                self.assertTrue(self.connect(context, session=first.session).session_reused, version)
            self.assertFalse(self.connect(self.context(version)).session_reused)

    def test_a_ticket_ends_with_its_key(self):
        self.start()
        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            context = self.context(version)
            first = self.connect(context)
            self.assertTrue(self.connect(context, session=first.session).session_reused)
            self.godwit.control("reload")  # makes new keys, as time does
            again = self.connect(context, session=first.session)
            self.assertFalse(again.session_reused)
            self.assertTrue(self.connect(context, session=again.session).session_reused)

    def test_the_name_chooses_the_certificate(self):
        self.start()
        for name, expected in (("rsa.example.com", "rsa"), ("mail.example.com", "mail"), ("RSA.example.com", "rsa"),
                               ("else.example.net", "mail"), (None, "mail")):
            options = ["-noservername"] if name is None else ["-servername", name]
            self.assertRegex(self.s_client(*options).stdout, rf"subject=CN = {expected}\.example\.com")

    def test_tls_is_the_same_behind_starttls(self):
        self.start()
        with Dialogue(self.host) as client:
            client.say("EHLO client.abc.example", "250")
            client.starttls(self.ecdsa.client_context(), "mail.example.com")
            self.assertEqual(client.socket.version(), "TLSv1.3")
            self.assertIsNone(client.socket.compression())
            client.say("EHLO client.abc.example", "250")


if __name__ == "__main__":
    main()
