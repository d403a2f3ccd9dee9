#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""big: 5 mx1 … 5 mx4.  Over 40 messages every host gets some."""

from support.scenario import main, wait_until
from support.sending_host import SendingHost


class EqualPreferenceIsSpread(SendingHost):
    def test_every_host_gets_some_of_40_messages(self):
        peers = [self.mx("big.example", 5, f"mx{i}.big.example", 1 + i) for i in range(1, 5)]
        # One message a connection, so that no kept connection draws the next one.
        self.start(delivery={"messages_per_connection": 1})
        for _ in range(40):
            self.send("someone@big.example")
        wait_until(lambda: sum(len(peer.transactions) for peer in peers) == 40, "40 messages", 40)
        counts = [len(peer.transactions) for peer in peers]
        self.assertTrue(all(counts), counts)


if __name__ == "__main__":
    main()
