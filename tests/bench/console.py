#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The web console and what it asks, beside a long queue: how long each answer takes, and each page until it is seen.

    tests/bench/console.py [MESSAGES]        default 100000; takes about 1 GB of disk and two minutes

The messages wait for a next hop that is down.
"""

import http.client
import json
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from support.browser import Browser  # noqa: E402
from support.godwit import Godwit  # noqa: E402
from support.programs import smtp_source  # noqa: E402
from support.scenario import MX_PORT, Scenario, wait_until  # noqa: E402

PORT = 20825
TOKEN = "chief-0123456789abcdef"
TIMES = 10
ASKED = ["/", "/v1/status", "/v1/busiest", "/v1/queue?limit=50", "/v1/queue?limit=50&sender=other%40abc.example",
         "/v1/queue?limit=50&sender=nobody%40abc.example", "/v1/queue?limit=50&state=held", "/v1/trace/{id}", "/v1/history?limit=100",
         "/v1/history?limit=100&outcome=bounced", "/v1/destinations", "/v1/log?level=info&limit=12", "/v1/route?address=x@busy.example",
         "/v1/why?name=busy.example", "/v1/configuration"]


class Console(Scenario):
    count = 100_000

    def ask(self, path):
        self.http.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
        answer = self.http.getresponse()
        body = answer.read()
        self.assertEqual(answer.status, 200, body)
        return body

    def test_a_long_queue(self):
        token = self.folder / "chief.token"
        token.write_text(TOKEN + "\n")
        token.chmod(0o600)
        address = self.net.host(1)
        self.godwit = Godwit(self, hostname="mail.xyz.example", address=address,
                             routes=[{"domains": ["*"], "next_hop": f"[{self.net.host(9)}]:{MX_PORT}"}],
                             delivery={"retry": {"first": "4h", "max": "4h"}}, spool={"segment_size": "64MiB"},
                             log={"level": "info", "format": "text"},
                             control={"http": f"{address}:{PORT}", "tokens": [{"file": str(token), "scopes": ["read", "admin"]}]}).start()
        for sender, part in (("news@abc.example", self.count // 2), ("other@abc.example", self.count - self.count // 2)):
            smtp_source(self, address, "-s", "20", "-d", "-m", part, "-l", 4096, "-f", sender, "-t", "a@busy.example", timeout=3600)
        wait_until(lambda: self.godwit.queued() >= self.count, "all are queued", timeout=120)
        self.http = http.client.HTTPConnection(address, PORT)
        self.addCleanup(self.http.close)
        first = json.loads(self.ask("/v1/queue?limit=1"))["messages"][0]["id"]
        for path in ASKED:
            took = []
            for _ in range(TIMES):
                began = time.perf_counter()
                body = self.ask(path.format(id=first))
                took.append((time.perf_counter() - began) * 1000)
            print(f"{path:50} median {sorted(took)[TIMES // 2]:7.1f} ms   most {max(took):7.1f} ms   {len(body):6} bytes", flush=True)
        page = Browser(self).page()
        page.open(f"http://{address}:{PORT}/")
        page.wait("document.querySelector('#token')")
        page.type(TOKEN)
        page.press("Enter")
        page.wait_text("healthy")
        for name in ("queue", "history", "destinations", "configuration", "overview"):
            began = time.perf_counter()
            page.run(f"location.hash = '#/{name}'")
            page.wait(f"document.querySelector('.page.{name} table')")
            print(f"page {name:45} seen after {(time.perf_counter() - began) * 1000:4.0f} ms", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Console.count = int(sys.argv.pop())
    unittest.main()
