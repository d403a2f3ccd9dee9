#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Private keys are in a small process of their own, and nowhere in the one that faces the network; what needs them works as before."""

import os
import re
import shutil
import signal
import ssl
from pathlib import Path

from support.certificate import Certificate
from support.dialogue import Dialogue
from support.kernel import why_not_shut_in
from support.message import dot_stuffed
from support.scenario import SUBMISSION_PORT, main
from support.signing_host import ALICE, BOB, CONTENT, SigningHost

NAME = "mail.example.com"


LARGEST_HEAP = 1 << 30  # what is larger is a sanitizer's shadow
BLOCK = 1 << 14


def without_zeros(memory):
    """Most of a heap has not been used, and takes long to search."""
    return b"".join(block for at in range(0, len(memory), BLOCK) if (block := memory[at:at + BLOCK]).strip(b"\0"))


def memory_of(process):
    """Everything that it has in memory, but for what is zeros."""
    pieces = []
    with open(f"/proc/{process}/mem", "rb", 0) as memory:
        for line in Path(f"/proc/{process}/maps").read_text().splitlines():
            begin, end, access = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
            if not access.startswith("r") or line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            begin, end = int(begin, 16), int(end, 16)
            if end - begin > LARGEST_HEAP:
                continue
            try:
                memory.seek(begin)
                pieces.append(without_zeros(memory.read(end - begin)))
            except OSError:
                continue  # of a device, or gone meanwhile
    return b"\0".join(pieces)


class KeysAreKeptApart(SigningHost):
    def setUp(self):
        super().setUp()
        self.rsa = Certificate(self, "rsa.example.com", self.net.host(1), key="rsa:2048")
        self.godwit.config["tls"]["certificates"].append(self.rsa.as_config())
        self.godwit.config["tls"]["check_interval"] = "200ms"

    def secrets_of(self, path):
        """What nobody may see of a private key: the text of its file, and its numbers as OpenSSL keeps them, either way round."""
        shown = self.run_program("openssl", "pkey", "-in", path, "-noout", "-text").stdout
        numbers = [bytes.fromhex("".join(number.split()).replace(":", "")).lstrip(b"\0") for number in
                   re.findall(r"^(?:priv|privateExponent|prime1|prime2|exponent1|exponent2|coefficient):\n((?: +[0-9a-f:]+\n)+)", shown, re.M)]
        self.assertTrue(numbers, shown)
        text = "".join(Path(path).read_text().split("\n")[1:-2])
        begin = 600 if len(text) > 1000 else 50 if len(text) > 100 else 24  # of what is private: RSA, EC, Ed25519
        return [text[begin:begin + 40].encode()] + numbers + [number[::-1] for number in numbers]

    def found_in(self, process, paths):
        memory = memory_of(process)
        return {str(path) for path in paths for secret in self.secrets_of(path) if secret in memory}

    def key_process(self):
        (child,) = self.run_program("pgrep", "-P", self.godwit.process.pid).stdout.split()
        self.assertEqual(Path(f"/proc/{child}/cmdline").read_bytes().strip(b"\0"), b"godwitd: keys")
        return int(child)

    def offered(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with Dialogue(self.godwit.address, SUBMISSION_PORT) as client:
            client.say("EHLO client.abc.example", "250")
            client.starttls(context, name)
            return ssl.DER_cert_to_PEM_cert(client.socket.getpeercert(binary_form=True))

    def is_offered(self, certificate):
        return self.offered(certificate.certificate.stem).strip() in certificate.certificate.read_text()

    def start_with_keys(self):
        keys = [self.generate("example.com", "r1"), self.generate("example.com", "e1", "--type", "ed25519")]
        self.start(*keys)
        return [self.certificate.private_key, self.rsa.private_key] + [key["private_key"] for key in keys]

    def test_no_key_is_in_the_memory_of_who_faces_the_network(self):
        paths = self.start_with_keys()
        self.assertTrue(self.is_offered(self.certificate))
        self.assertTrue(self.is_offered(self.rsa))
        self.assertEqual(self.verified(self.send()), [True, True])
        self.godwit.control("reload")
        self.assertEqual(self.found_in(self.godwit.process.pid, paths), set())
        self.assertEqual(self.found_in(self.key_process(), paths), {str(path) for path in paths})

    def test_without_it_they_are(self):
        self.godwit.config["sandbox"] = {"key_process": False}
        paths = self.start_with_keys()
        self.assertIn(b"DKIM-Signature", self.send())
        self.assertEqual(self.found_in(self.godwit.process.pid, paths), {str(path) for path in paths})

    def test_it_is_shut_in(self):
        self.start_with_keys()
        child = self.key_process()
        states = [dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
                  for task in Path(f"/proc/{child}/task").iterdir()]
        self.assertEqual({state["NoNewPrivs"] for state in states}, {"1"})
        if not why_not_shut_in():
            self.assertEqual({state["Seccomp"] for state in states}, {"2"})
        sockets = [os.readlink(entry) for entry in Path(f"/proc/{child}/fd").iterdir() if int(entry.name) > 2]
        self.assertEqual({kind.split(":")[0] for kind in sockets}, {"socket"})
        listening = {line.split()[9] for table in ("tcp", "tcp6") for line in
                     Path(f"/proc/{self.godwit.process.pid}/net/{table}").read_text().splitlines()[1:]}
        self.assertFalse(listening & {kind[8:-1] for kind in sockets})

    def test_certificates_are_renewed(self):
        self.start_with_keys()
        for new in (Certificate(self, "new.example.com"), Certificate(self, "newer.example.com", key="rsa:2048")):
            os.replace(new.certificate, self.certificate.certificate)
            os.replace(new.private_key, self.certificate.private_key)
            self.godwit.wait_event("certificate_reloaded", subject=f"CN={new.certificate.stem}")
            self.wait_until(lambda: self.offered("new.example.com").strip() in self.certificate.certificate.read_text(), "it is offered")
        self.assertEqual(self.found_in(self.godwit.process.pid, [self.certificate.private_key]), set())

    def test_its_end_ends_the_daemon_in_order(self):
        paths = self.start_with_keys()
        self.send()
        os.kill(self.key_process(), signal.SIGKILL)
        self.assertEqual(self.godwit.process.wait(40), 1)
        (lost,) = self.godwit.events("keys_lost")
        self.assertEqual(lost["reason"], "it was killed by signal 9")
        self.assertTrue(self.godwit.events("stopped"))
        self.godwit.start()
        self.send()
        self.assertEqual(len(self.godwit.mailbox(BOB).messages()), 2)
        self.assertEqual(self.found_in(self.godwit.process.pid, paths), set())

    def test_its_end_is_noticed_by_one_whose_starter_ignores_children(self):
        self.godwit.launcher = ("env", "--ignore-signal=CHLD")
        self.start_with_keys()
        os.kill(self.key_process(), signal.SIGKILL)
        self.assertEqual(self.godwit.process.wait(40), 1)
        (lost,) = self.godwit.events("keys_lost")
        self.assertEqual(lost["reason"], "it was killed by signal 9")

    def test_one_that_hangs_is_given_up(self):
        self.start_with_keys()
        process = self.key_process()
        os.kill(process, signal.SIGSTOP)
        # One of its threads has to hear of it first, and the others answer until then.
        self.wait_until(lambda: all("State:\tT" in status.read_text() for status in Path(f"/proc/{process}/task").glob("*/status")),
                        "it is stopped")
        with self.assertRaises((ssl.SSLError, OSError)):
            self.offered(NAME)
        self.assertEqual(self.godwit.process.wait(40), 1)
        self.assertTrue(self.godwit.events("keys_lost"))

    def test_mail_that_cannot_be_signed_is_not_taken(self):
        self.start_with_keys()
        with Dialogue(self.godwit.address, SUBMISSION_PORT) as client:
            self.log_in(client)
            client.say(f"MAIL FROM:<{ALICE}>", "250")
            client.say(f"RCPT TO:<{BOB}>", "250")
            client.say("DATA", "354")
            os.kill(self.key_process(), signal.SIGKILL)
            client.send(dot_stuffed(CONTENT))
            client.expect("451 4.3.0 Cannot sign the message now")
        self.assertEqual(self.godwit.process.wait(40), 1)
        self.assertEqual(self.godwit.mailbox(BOB).messages(), [])

    def test_it_ends_with_the_daemon(self):
        self.start_with_keys()
        child = self.key_process()
        self.godwit.kill()
        self.wait_until(lambda: not Path(f"/proc/{child}").exists() or
                        "Z" in re.search(r"State:\t(\w)", Path(f"/proc/{child}/status").read_text())[1], "it has ended")
        self.godwit.start()
        child = self.key_process()
        os.kill(child, signal.SIGTERM)  # systemd says it to all of a service
        self.send()
        self.assertEqual(self.godwit.stop(), 0)

    def test_keys_of_root_are_read_at_a_reload(self):
        if os.geteuid() != 0:
            self.skipTest("only root has such keys")
        for path in (self.certificate.private_key, self.certificate.certificate):
            path.chmod(0o600)
        self.godwit.config["user"] = "nobody"
        self.folder.chmod(0o777)
        for path in [self.godwit.folder, *self.godwit.folder.rglob("*")]:
            shutil.chown(path, "nobody")
        self.start_with_keys()
        status = Path(f"/proc/{self.godwit.process.pid}/status").read_text()
        self.assertNotRegex(status, r"(?m)^Uid:\t0\t")
        self.assertRegex(status, r"(?m)^CapPrm:\t0+$")
        self.assertRegex(Path(f"/proc/{self.key_process()}/status").read_text(), r"(?m)^CapPrm:\t0*4$")
        self.godwit.control("reload")
        new = Certificate(self, "new.example.com")
        for path in (new.private_key, new.certificate):
            path.chmod(0o600)
        os.replace(new.certificate, self.certificate.certificate)
        os.replace(new.private_key, self.certificate.private_key)
        self.godwit.wait_event("certificate_reloaded", subject="CN=new.example.com")


if __name__ == "__main__":
    main()
