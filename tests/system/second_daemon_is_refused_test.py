#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second daemon on the same spool or the same port says so and ends; the first goes on."""

from support.receiving_host import ReceivingHost
from support.scenario import main


class SecondDaemonIsRefused(ReceivingHost):
    def ends(self, second):
        process = second.spawn()
        status = process.wait(20)
        text = second.errors() + (second.log_file.read_text() if second.log_file.exists() else "")
        self.assertEqual(status, 1, text)
        self.assert_still_works()
        return text

    def test_same_spool(self):
        self.start()
        second = self.host("second", listeners=[{"address": f"{self.net.host(2)}:20025", "service": "mx", "tls": "none"}],
                           spool={"directory": str(self.godwit.spool)})
        text = self.ends(second)
        self.assertIn(str(self.godwit.spool), text)

    def test_same_port(self):
        self.start()
        text = self.ends(self.host("second"))
        self.assertIn("20025", text)

    def test_both(self):
        self.start()
        second = self.host("second", spool={"directory": str(self.godwit.spool)})
        self.ends(second)


if __name__ == "__main__":
    main()
