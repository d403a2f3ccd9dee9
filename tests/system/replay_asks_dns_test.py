#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`godwitctl config test-replay --dns` asks DNS what SPF, lists and MX hosts would say; without it nobody is asked."""

import json

from support.judged_host import JudgedHost
from support.scenario import main

LIST = {"zone": "bad.example"}


class ReplayAsksDns(JudgedHost):
    def setUp(self):
        super().setUp()
        self.dns.listed(LIST["zone"], "127.0.0.2").listed(LIST["zone"], self.client)
        self.dns.txt("abc.example", "v=spf1 -all").mx("far.example", 10, "mx.far.example", self.net.host(9))
        self.judge(dns_lists={"lists": [LIST]})
        self.deliver()
        self.deliver(client=self.net.host(3))

    def replay(self, change, *words):
        config = json.loads(json.dumps(self.godwit.config))
        change(config)
        path = self.folder / "draft.yaml"
        path.write_text(json.dumps(config))
        return self.godwit.control_json("config", "test-replay", "--config", path, *words)

    @staticmethod
    def rejected(report):
        return [(group["recipients"], group["after"]) for group in report["changes"]["newly_rejected"]["groups"]]

    def test_a_list(self):
        def change(config):
            config["policy"]["checks"]["mx"] = ["dns_lists", "greylist"]

        self.assertEqual(self.rejected(self.replay(change)), [])
        report = self.replay(change, "--dns")
        self.assertEqual(self.rejected(report), [(1, "checks.dns_lists: 550 5.7.1")])
        example = report["changes"]["newly_rejected"]["groups"][0]["examples"][0]
        self.assertEqual(example["client"], self.client)
        self.assertIn("is listed at bad.example", example["after"])
        self.assertEqual([one["state"] for one in self.godwit.status()["dns_lists"]], ["untested"], "what is in force learns nothing of it")

    def test_spf(self):
        def change(config):
            config["verification"] = {"spf_fail": "reject"}

        self.assertEqual(self.rejected(self.replay(change)), [])
        self.assertEqual(self.rejected(self.replay(change, "--dns")), [(2, "spf: 550 5.7.23")])

    def test_mx(self):
        def change(config):
            config["aliases"] = {"somchai@xyz.example": ["bob@far.example"]}

        ((_, _, route),) = self.routes(self.replay(change))
        self.assertEqual(route, "mx")
        ((_, _, route),) = self.routes(self.replay(change, "--dns"))
        self.assertEqual(route, "mx:mx.far.example")

    @staticmethod
    def routes(report):
        return [(group["recipients"], group["before"], group["after"]) for group in report["changes"]["route"]["groups"]]


if __name__ == "__main__":
    main()
