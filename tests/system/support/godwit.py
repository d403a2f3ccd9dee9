# SPDX-License-Identifier: Apache-2.0
"""A godwitd of the tests: its folder, its configuration, its life, its log and its queue."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

from .scenario import (BIN, DNS_PORT, MX_PORT, PATIENCE, SUBMISSION_PORT, SUBMISSIONS_PORT, kill_after, listening,
                       wait_until)
from .api_answers import check_answer
from .log_schema import faults_in
from .maildir import Maildir


LINES_GATHER = 0.005  # before the daemon writes them (src/log/line_queue.cpp)
CONFESSIONS = ["task_failed", "queue_forgot", "queue_inconsistent"]  # what it never says, whatever happens to it


def merge(base, changes):
    """`base` with the nested values of `changes` set in it; a None removes."""
    for key, value in changes.items():
        if value is None:
            base.pop(key, None)
        elif isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = value
    return base


class ApiConnection(http.client.HTTPConnection):
    """HTTP to the control API, whose answers, where they are read whole, are held to docs/openapi.yaml."""

    checks = True

    def putrequest(self, method, url, *words, **options):
        self.asked = method, url
        super().putrequest(method, url, *words, **options)

    def getresponse(self):
        answer = super().getresponse()
        if not self.checks:
            return answer
        read = answer.read

        def checked(amount=None):
            body = read(amount)
            if amount is None:
                answer.read = read
                check_answer(*self.asked, answer.status, answer.getheader("Content-Type", ""), body)
            return body

        answer.read = checked
        return answer


class ControlConnection(ApiConnection):
    """Over the control socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=20 * PATIENCE)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Godwit:
    """One daemon.  `config` is merged into a default that suits a test: quick retries, own folders, log in JSON.

    Not started at construction; start() returns when every listener is there and the control socket answers.
    """

    def __init__(self, case, name="godwit", *, hostname, address, domains=None, dns=None, dns_settings=None, certificate=None,
                 **config):
        self.case, self.name, self.hostname, self.address = case, name, hostname, address
        self.folder = case.folder / name
        self.folder.mkdir()
        self.config_file = self.folder / "godwit.yaml"
        self.control_socket = self.folder / "control.sock"
        self.accounts_file = self.folder / "accounts.yaml"
        self.log_file = case.folder / f"{name}.log"
        self.error_file = case.folder / f"{name}.err"
        self.vmail = self.folder / "vmail"
        self.spool = self.folder / "spool"
        self.process = None
        self.launcher = []  # the words before its own command, of every start
        case.addCleanup(self._check_log)
        self.config = merge(
            {
                "hostname": hostname,
                "user": "",
                "threads": 2,
                "listeners": [{"address": f"{address}:{MX_PORT}", "service": "mx",
                               "tls": "starttls" if certificate else "none"}],
                "trusted_networks": ["127.0.0.0/8"],
                "limits": {"connections_per_client": 500},
                "authentication": {"delay": "0s"},
                "domains": {},
                "delivery": {"port": MX_PORT, "timeouts": {"connect": "5s", "greeting": "5s", "command": "5s", "data": "20s"},
                             "retry": {"first": "1s", "factor": 1, "max": "1s", "expire": "2d", "warn": "0s"}},
                "spool": {"directory": str(self.spool), "min_free": "1MiB", "segment_size": "4MiB"},
                "state": {"directory": str(self.folder / "state")},
                "control": {"socket": str(self.control_socket)},
                "log": {"file": str(self.log_file), "format": "json", "level": "debug"},
            },
            config,
        )
        for domain, recipients in (domains or {}).items():
            self.config["domains"][domain] = {"deliver": f"maildir:{self.vmail}/{{domain}}/{{local}}", "recipients": recipients}
        if dns:
            self.config["dns"] = {"servers": [f"{dns.address}:{DNS_PORT}"], "timeout": "2s", **(dns_settings or {})}
        if certificate:
            self.config.setdefault("tls", {})["certificates"] = [certificate.as_config()]

    # ---- configuration --------------------------------------------------------------------------------------------

    def with_submission(self):
        """Listeners on the submission ports beside the one for MX."""
        self.config["listeners"] += [
            {"address": f"{self.address}:{SUBMISSION_PORT}", "service": "submission"},
            {"address": f"{self.address}:{SUBMISSIONS_PORT}", "service": "submission", "tls": "implicit"},
        ]
        return self

    def add_account(self, address, password):
        """An account made as an administrator makes it."""
        self.config["accounts"] = str(self.accounts_file)
        self.write_config()
        self.control("account", "add", address, "--file", self.accounts_file, "--password-stdin", input=password + "\n")
        return self

    def write_config(self):
        # JSON is YAML.
        self.config_file.write_text(json.dumps(self.config, indent=2))

    # ---- life -----------------------------------------------------------------------------------------------------

    def spawn(self, launcher=(), pass_fds=()):
        """Starts the process, through the words of a launcher if there is one, without waiting for anything."""
        self.write_config()
        with open(self.error_file, "ab") as errors:
            process = subprocess.Popen([*launcher, *self.launcher, str(BIN / "godwitd"), "--config", str(self.config_file)], stdout=errors,
                                       stderr=errors, stdin=subprocess.DEVNULL, cwd=self.folder, pass_fds=pass_fds)
        return kill_after(self.case, process, self.name)

    def start(self, launcher=()):
        self.process = self.spawn(launcher)
        wait_until(self._ready, f"{self.name} listens", timeout=30)
        return self

    def _ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} exited {self.process.returncode}: {self.errors()}")
        return self._control_answers() and all(
            listening(*self._endpoint(listener["address"])) for listener in self.config["listeners"])

    def _control_answers(self):
        # A socket has its name a moment before it listens, and listens before there is somebody to answer.
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            try:
                probe.connect(str(self.control_socket))
                probe.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                return probe.recv(1) != b""
            except OSError:
                return False

    @staticmethod
    def _endpoint(text):
        address, port = text.rsplit(":", 1)
        return address.strip("[]"), int(port)

    def stop(self, timeout=40):
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout * PATIENCE)

    def kill(self):
        self.process.kill()
        self.process.wait(10)
        # What tells a later start() that this one is ready must be its own.
        self.control_socket.unlink(missing_ok=True)

    def restart(self):
        self.kill()
        return self.start()

    def alive(self):
        return self.process.poll() is None

    def most_memory(self):
        """KiB that were resident at most since forget_most_memory()."""
        return int(re.search(r"VmHWM:\s+(\d+) kB", self._process_file("status").read_text()).group(1))

    def forget_most_memory(self):
        self._process_file("clear_refs").write_text("5")

    def _process_file(self, name):
        return Path(f"/proc/{self.process.pid}/{name}")

    def errors(self):
        return self.error_file.read_text(errors="replace")[-4000:] if self.error_file.exists() else ""

    # ---- what it says ---------------------------------------------------------------------------------------------

    def events(self, event=None, **fields):
        """The log's lines as dictionaries, those of `event` and with these fields, also what is about to be written."""
        if self.process and self.alive():
            time.sleep(4 * LINES_GATHER)
        return self._logged(event, **fields)

    def _logged(self, event=None, **fields):
        found = []
        for line in self.log_file.read_text(errors="replace").splitlines() if self.log_file.exists() else []:
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                continue  # a line cut by a kill
            if (event is None or entry.get("event") == event) and all(entry.get(k) == v for k, v in fields.items()):
                found.append(entry)
        return found

    def _check_log(self):
        confessed = [line for event in CONFESSIONS for line in self._logged(event)]
        if confessed:
            raise AssertionError(f"{self.name} says that it is wrong itself: {confessed}")
        faults = faults_in(self.log_file) if self.log_file.exists() else []
        if faults:
            raise AssertionError("docs/log.schema.json does not know: " + "\n".join(faults))

    def wait_event(self, event, timeout=20, **fields):
        return wait_until(lambda: self._logged(event, **fields), f"{self.name} logs {event} {fields}", timeout)[-1]

    def control(self, *words, check=True, **options):
        """godwitctl against this daemon."""
        environment = {**os.environ, "GODWIT_SOCKET": str(self.control_socket)}
        return self.case.run_program(BIN / "godwitctl", *words, check=check, env=environment, **options)

    def control_json(self, *words):
        return json.loads(self.control("--json", *words).stdout)

    def ask(self, method, target, body=None):
        """The answer of the control API, as text."""
        connection = ControlConnection(self.control_socket)
        try:
            connection.request(method, target, body)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def order(self, target, body=None):
        """What an order came to."""
        return json.loads(self.ask("POST", target, body))

    def status(self):
        """As `godwitctl --json status` has it; asked directly, because tests ask often."""
        return json.loads(self.ask("GET", "/v1/status"))

    def metrics(self):
        """The text that Prometheus gets."""
        return self.ask("GET", "/metrics")

    def queued(self):
        return self.status()["queue"]["messages"]

    def wait_empty_queue(self, timeout=30):
        wait_until(lambda: self.queued() == 0, f"{self.name}'s queue is empty", timeout)

    def mailbox(self, address):
        local, domain = address.split("@")
        return Maildir(self.vmail / domain / local)
