# SPDX-License-Identifier: Apache-2.0
"""A host whose configuration `godwitctl import postfix` made of Postfix's files, on loopback addresses and high ports."""

import json

from .godwit import Godwit
from .scenario import BIN, MX_PORT


class ImportedHost:
    """`files`: of /etc/postfix, by name; "{etc}", "{address}" and "{mx}" in them stand for the folder, the address and its port."""

    def __init__(self, case, files, host=1, name="imported"):
        self.case, self.name, self.address = case, name, case.net.host(host)
        self.etc = case.folder / f"{name}-postfix"
        self.etc.mkdir()
        self.folder = case.folder / f"{name}-godwit"
        self.output = self.folder / "godwit.yaml"
        for file, text in files.items():
            self.put(file, text)

    def put(self, file, text):
        for word, value in (("{etc}", self.etc), ("{address}", self.address), ("{mx}", MX_PORT)):
            text = text.replace(word, str(value))
        (self.etc / file).write_text(text)

    def run(self, *words, check=True, **options):
        self.printed = self.case.run_program(BIN / "godwitctl", "import", "postfix", self.etc, "--output", self.output, *words,
                                             check=check, **options)
        return self

    def remarks(self):
        """The kinds of those about each setting or entry."""
        told = json.loads(self.case.run_program(BIN / "godwitctl", "--json", "import", "postfix", self.etc).stdout)
        found = {}
        for remark in told["remarks"]:
            found.setdefault(remark["what"], []).append(remark["kind"])
        return found

    @property
    def text(self):
        return self.output.read_text()

    def replace(self, *pairs):
        """What the test's machine has elsewhere."""
        text = self.text
        for old, new in pairs:
            if old not in text:
                raise AssertionError(f"{old} is not in {self.output}")
            text = text.replace(old, new)
        self.output.write_text(text)
        return self

    def daemon(self, **more):
        return ImportedDaemon(self, more)


class ImportedDaemon(Godwit):
    """The daemon of an ImportedHost: its configuration includes the imported one as it is."""

    def __init__(self, imported, more):
        self.imported, self.more = imported, more
        super().__init__(imported.case, f"{imported.name}-daemon", hostname="mail.xyz.example", address=imported.address)

    def write_config(self):
        own = {key: self.config[key] for key in ("user", "spool", "state", "control", "log")}
        self.config_file.write_text(json.dumps({"include": str(self.imported.output), **own, **self.more}, indent=2))

    def check(self):
        self.write_config()
        return self.case.run_program(BIN / "godwitd", "--config", self.config_file, "--check", timeout=60)
