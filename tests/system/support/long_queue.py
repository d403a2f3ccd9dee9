# SPDX-License-Identifier: Apache-2.0
"""A host beside whose 100,000 waiting messages, and their history, every route of the API and every command is used."""

import contextlib
import itertools
import pathlib
import re
import subprocess
import time

import yaml

from .certificate import Certificate
from .godwit import ControlConnection, Godwit
from .scenario import BIN, MX_PORT, Scenario, wait_until

OPENAPI = pathlib.Path(__file__).parents[3] / "docs" / "openapi.yaml"
MESSAGES = 100_000
NOT_INDEXED = 2 << 20  # bytes of events that the index leaves for later
HTTP_PORT = 20825
TOKEN = "chief-0123456789abcdef"
LATE = "user77@d77.example"

# What routes are asked; others that need nothing are asked bare.  Several words: each.
QUERIES = {
    "/v1/queue": ["", "?limit=1000", "?sender=last%40source.example", "?sender=nobody%40*", "?recipient=%40d77.example", "?state=held",
                  "?destination=d499.example&older=1s", "?older=1h"],
    "/v1/history": ["", "?limit=1000", "?sender=last%40source.example", "?sender=%40source.example", "?sender=nobody%40nowhere.example",
                    "?sender=sender99*", "?sender=*99%40source.example", f"?recipient={LATE}", "?recipient=%40d77.example&outcome=deferred",
                    "?destination=d77.example", "?outcome=bounced", "?message_id=77%40source.example", "?message_id=*99999%40*",
                    "?subject=*invoice*", "?since=2026-01-01T00:00:00Z&sender=sender7%40*"],
    "/v1/route": [f"?address={LATE}"],
    "/v1/why": ["?name=d77.example", f"?name={LATE}", "?name={id}"],
    "/v1/destinations": ["", "?limit=1000"],
    "/v1/dmarc/summary": ["?name=xyz.example"],
}
ORDERS = {
    "/v1/queue/{id}/retry": "", "/v1/queue/{id}/hold": "", "/v1/queue/{id}/release": "", "/v1/queue/{id}/bounce": "?reason=test",
    "/v1/queue/{id}/delete": "",
    # Page after page, each of which tells how many it was.
    "/v1/queue/hold": "?sender=sender1%40source.example&limit=100", "/v1/queue/release": "?sender=sender1%40source.example&limit=100",
    "/v1/queue/retry": "?sender=sender2%40source.example&limit=100", "/v1/queue/delete": "?sender=sender3%40source.example&limit=100",
    "/v1/queue/bounce": "?sender=sender4%40source.example&limit=100",
    "/v1/delivery/suspend": "?destination=d1.example&for=2h", "/v1/delivery/resume": "?destination=d1.example",
    "/v1/suppression/add": "?name=x@a.example", "/v1/suppression/remove": "?name=x@a.example",
    "/v1/dns/flush": "", "/v1/tlsrpt/send": "", "/v1/dmarc/send": "", "/v1/configuration/check": "", "/v1/reload": "",
}
COMMANDS = ["status", "queue", "queue list --sender last@source.example", "queue list --limit 10", "queue show {id}", "queue retry {id}",
            "queue hold {id}", "queue release {id}", "queue bounce {id}", "queue delete {id}", "queue retry --sender sender5@source.example",
            "trace {id}", "history search", "history search --recipient " + LATE, "history search --message-id 77@source.example",
            "history search --outcome bounced", "history search --since 1h --limit 1000", "route " + LATE, "why {id}", "why d77.example",
            "destinations", "tls", "delivery suspend --destination d2.example",
            "delivery resume --destination d2.example", "limits", "suppression list", "suppression add y@a.example",
            "suppression remove y@a.example", "dns flush", "account list --file {accounts}", "account lockouts", "account stopped", "tlsrpt send",
            "dmarc reports", "dmarc send", "dmarc summary", "account release x@xyz.example", "account purge x@xyz.example", "account unlock 192.0.2.1", "limits reset x@xyz.example",
            "spool export {id}", "spool check", "dkim list", "dkim record", "config check", "config diff", "config show-effective",
            "config explain history", "reload", "doctor --zone {zone}", "config test-replay", "top --once --interval 200ms"]
# Of the manual's commands those that are not among them, and why.
NOT_TIMED = {
    **dict.fromkeys(["account add", "account passwd", "account remove"], "changes the accounts' file, and asks no daemon"),
    **dict.fromkeys(["dkim generate", "dkim rotate"], "makes keys, and asks no daemon"),
    **dict.fromkeys(["init", "import postfix"], "makes a configuration, and asks no daemon"),
    "tls renew": "asks an authority outside",
    "spool import": "changes the queue by what stands in files",
    "events": "says nothing before something happens; /v1/events is timed",
    "stop": "ends the host; it is timed last",
}
# Of COMMANDS: what finds nothing to do, or something wrong, and says so.
COMPLAINTS = {"doctor --zone {zone}", "dkim record", "delivery resume --destination d2.example", "dmarc send",
              "account release x@xyz.example", "account purge x@xyz.example", "account unlock 192.0.2.1", "limits reset x@xyz.example", "suppression remove y@a.example"}


def commands_of_manual():
    """Those that do something: not the names of groups."""
    page = subprocess.run([BIN / "godwitctl", "--man", "godwitctl"], check=True, capture_output=True, text=True).stdout
    found = [match.strip() for match in re.findall(r"(?m)^\.SS \\fBgodwitctl ([a-z -]+)\\fR", page.replace("\\-", "-"))]
    return {one for one in found if one in ("queue", "tls", "limits") or not any(other.startswith(one + " ") for other in found)}


def commands_in(lines, manual):
    """Which of the manual's commands these are."""
    return {max((one for one in manual if f"{line} ".startswith(one + " ")), key=len) for line in lines}


class LongQueueHost(Scenario):
    def setUp(self):
        super().setUp()
        (self.folder / "zone").write_text("xyz.example. IN MX 10 mail.xyz.example.\n")
        (self.folder / "accounts.yaml").write_text("x@xyz.example:\n  password: \"!\"\n")
        token = self.folder / "chief.token"
        token.write_text(TOKEN + "\n")
        token.chmod(0o600)
        address = self.net.host(1)
        self.url = f"http://{address}:{HTTP_PORT}/"
        self.godwit = Godwit(self, hostname="mail.xyz.example", address=address,
                             domains={"xyz.example": ["somchai"]}, certificate=Certificate(self, "mail.xyz.example", address),
                             routes=[{"domains": ["*"], "next_hop": f"[{self.net.host(9)}]:{MX_PORT}"}],
                             suppression={"enabled": True}, delivery={"retry": {"first": "4h", "max": "4h"}},
                             log={"level": "info"}, spool={"segment_size": "64MiB"},
                             control={"http": f"{address}:{HTTP_PORT}", "tokens": [{"file": str(token), "scopes": ["read", "admin"]}]})
        self.godwit.config["domains"]["drop.example"] = {"deliver": "discard:", "recipients": "any"}
        self.run_program(BIN / "fill_host", self.godwit.spool, self.godwit.folder / "state", str(MESSAGES))
        self.godwit.start()
        wait_until(lambda: self.godwit.queued() >= MESSAGES, "all are queued", timeout=60)
        wait_until(self.is_indexed, "the history is indexed", timeout=60)
        listed = self.godwit.control_json("queue", "list", "--limit", "1000")["messages"]
        self.ids = itertools.cycle([message["id"] for message in listed])

    def is_indexed(self):
        history = self.godwit.status()["history"]
        return history["index_bytes"] > 0 and history["not_indexed"] < NOT_INDEXED

    # ---- the API

    def first_byte(self, method, target):
        """Of an answer; that it is one of those that are meant."""
        with contextlib.closing(ControlConnection(self.godwit.control_socket)) as connection:
            connection.checks = False  # that takes time
            began = time.perf_counter()
            connection.request(method, target)
            answer = connection.getresponse()
            took = time.perf_counter() - began
            # An order may come too late for a message: the one before it was delete.
            self.assertIn(answer.status, (200, 404, 409), f"{method} {target}")
            if "event-stream" not in answer.getheader("Content-Type"):
                answer.read()
                took = time.perf_counter() - began
        return took

    def asked(self):
        api = yaml.safe_load(OPENAPI.read_text())["paths"]
        self.assertLessEqual({*QUERIES, *ORDERS}, {*api})
        for path, operations in api.items():
            if "get" in operations:
                parameters = [operations["get"].get("parameters", [])]
                needs = any(one.get("required") and one.get("in") == "query" for one in parameters[0])
                for query in QUERIES.get(path, [] if needs else [""]):
                    yield "GET", path + query
            if "post" in operations and path in ORDERS:
                yield "POST", path + ORDERS[path]

    # ---- godwitctl

    def first_word(self, words, statuses=(0,)):
        """How long it took; also where it tells what it does, before it has done it."""
        began = time.perf_counter()
        with subprocess.Popen([BIN / "godwitctl", "--socket", self.godwit.control_socket, *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, bufsize=0) as process:
            first = process.stdout.read(1)
            took = time.perf_counter() - began
            rest = process.stdout.read()
        self.assertTrue(first, f"{words} says nothing")
        self.assertIn(process.returncode, statuses, f"{words}: {(first + rest)[:2000]}")
        return took

    def command(self, words):
        filled = [word.format(id=next(self.ids), zone=self.folder / "zone", accounts=self.folder / "accounts.yaml") for word in words.split()]
        if filled[0] in ("config", "dkim", "doctor"):
            filled += ["--config", str(self.godwit.config_file)]
        return self.first_word(filled, (0, 1) if words in COMPLAINTS else (0,))
