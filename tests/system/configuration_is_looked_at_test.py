#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`godwitctl config` checks a configuration, says what it comes to and where that was set, and explains its keys."""

import json

from support.certificate import Certificate
from support.scenario import BIN, Scenario, main


class ConfigurationIsLookedAt(Scenario):
    def setUp(self):
        super().setUp()
        self.file = self.folder / "godwit.yaml"
        self.write("limits: {recipients: 7}", "stop_grace: 30s", "threads: 3")

    def write(self, *lines):
        self.file.write_text("\n".join([
            "hostname: mail.example.com", 'user: ""', f"spool: {{directory: {self.folder}/spool}}",
            f"state: {{directory: {self.folder}/state}}", f"control: {{socket: {self.folder}/control.sock}}", *lines]) + "\n")

    def config(self, *words, status=0, json_=False):
        done = self.run_program(BIN / "godwitctl", *(["--json"] if json_ else []), "config", *words, "--config", self.file, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return json.loads(done.stdout) if json_ else done.stdout + done.stderr

    def test_a_sound_one_is_right(self):
        self.assertIn("The configuration is right.", self.config("check"))

    def test_check_says_what_the_daemon_says(self):
        certificate = Certificate(self, "mail.example.com", days=-1)
        other = Certificate(self, "other.example.com")
        (self.folder / "bad.key").write_text("no key")
        (self.folder / "bad.key").chmod(0o600)
        (self.folder / "accounts.yaml").write_text("alice: {}\n")
        expired, mixed = certificate.as_config(), {**other.as_config(), "private_key": str(certificate.private_key)}
        for lines in (["limits: {recipient: 7}"], [f"tls: {{certificates: [{json.dumps(expired)}]}}"],
                      [f"tls: {{certificates: [{json.dumps(mixed)}]}}"], ["tls: {certificates: [{certificate: /no/c, private_key: /no/k}]}"],
                      [f"dkim: {{keys: [{{domain: example.com, selector: s, private_key: {self.folder}/bad.key}}]}}"],
                      [f"accounts: {self.folder}/accounts.yaml"]):
            with self.subTest(lines=lines):
                self.write(*lines)
                said = self.config("check", status=2)
                daemon = self.run_program(BIN / "godwitd", "--config", self.file, "--check", check=False)
                self.assertEqual(daemon.returncode, 2, said)
                # The same places; the words are theirs.
                self.assertEqual([line.split(": ")[0] for line in said.splitlines() if str(self.file) in line],
                                 [line.split(": ")[0] for line in daemon.stderr.splitlines() if str(self.file) in line], said)

    def test_check_as_json(self):
        sound = self.config("check", json_=True)
        self.assertEqual(sound["errors"], [])
        self.assertEqual([warning["message"].split(":")[0] for warning in sound["warnings"]], ["no tls.certificates, no tls.acme"])
        (self.folder / "accounts.yaml").write_text("\nalice: {}\n")
        self.write("limits: {recipient: 7}")
        (error,) = self.config("check", status=2, json_=True)["errors"]
        self.assertEqual((error["file"], error["line"], error["column"]), (str(self.file), 6, 10))
        self.assertIn("did you mean", error["message"])
        self.assertNotIn(str(self.file), error["message"])
        self.write(f"accounts: {self.folder}/accounts.yaml")
        (error,) = self.config("check", status=2, json_=True)["errors"]
        self.assertEqual((error["file"], error["line"]), (f"{self.folder}/accounts.yaml", 2))
        self.assertTrue(error["message"])

    def test_what_is_not_as_by_default(self):
        found = {each["key"]: each for each in self.config("diff", json_=True)}
        self.assertEqual((found["limits.recipients"]["before"], found["limits.recipients"]["after"]), ("1000", "7"))
        self.assertFalse(found["limits.recipients"]["needs_restart"])
        self.assertTrue(found["threads"]["needs_restart"])
        self.assertNotIn("stop_grace", found)  # set to its default
        self.assertNotIn("limits.connections", found)

    def test_what_differs_between_two(self):
        other = self.folder / "other.yaml"
        other.write_text(self.file.read_text().replace("recipients: 7", "recipients: 8"))
        self.assertEqual([(each["key"], each["before"], each["after"]) for each in self.config("diff", other, json_=True)],
                         [("limits.recipients", "7", "8")])
        self.assertIn("There is no difference.", self.config("diff", self.file))
        other.write_text("hostnam: x\n")
        self.assertIn(f"{other}:1:1: ", self.config("diff", other, status=2))

    def test_where_values_were_set(self):
        found = {each["key"]: each for each in self.config("show-effective", json_=True)}
        self.assertEqual((found["limits.recipients"]["value"], found["limits.recipients"]["set_at"]), ("7", f"{self.file}:6"))
        self.assertEqual(found["limits.connections"]["set_at"], "default")
        self.assertRegex(self.config("show-effective"), r"(?m)^threads +3 +\S+:8$")

    def test_keys_are_explained(self):
        self.assertIn("452 4.5.3", self.config("explain", "limits.recipients"))
        self.assertIn("after a restart", self.config("explain", "listeners[0].tls"))
        (key,) = self.config("explain", "domains.example.com.deliver", json_=True)
        self.assertEqual(key["key"], "domains.DOMAIN.deliver")
        self.assertGreater(len(self.config("explain", "tls", json_=True)), 2)
        self.assertIn("did you mean limits.recipients?", self.config("explain", "limits.recipient", status=2))


if __name__ == "__main__":
    main()
