#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Peers that stall, drop and refuse at random, and kill -9 every few seconds: every acknowledged message is accounted for."""

import time

from support.scenario import main
from support.turmoil import Turmoil


class ChaosIsSurvived(Turmoil):
    def test_everything_is_accounted_for(self):
        self.begin()
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            time.sleep(self.random.uniform(1, 4))
            self.senders.wait_for_more()
            self.kill()
            self.godwit.start()
        self.account()


if __name__ == "__main__":
    main()
