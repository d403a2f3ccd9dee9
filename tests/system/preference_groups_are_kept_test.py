#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""combo: 10 a, 10 d, 20 b, 20 c.  Both tens (in random order) before any twenty."""

from support.scenario import main, wait_until
from support.sending_host import SendingHost


class PreferenceGroupsAreKept(SendingHost):
    def test_both_tens_are_tried_before_a_twenty_takes_it(self):
        refusals = {"a": {"MAIL": "451 4.3.0 later"}, "d": {"MAIL": "451 4.3.0 later"}, "b": {}, "c": {}}
        for number, (name, script) in enumerate(refusals.items(), 2):
            self.mx("combo.example", 10 if name in "ad" else 20, f"{name}.combo.example", number, script=script)
        self.start(delivery={"messages_per_connection": 1})
        first, last = {"a": 0, "d": 0}, {"b": 0, "c": 0}
        for count in range(1, 25):
            before = {name: self.peers[f"{name}.combo.example"].connections for name in "ad"}
            identity, _ = self.send("someone@combo.example")
            delivered = self.godwit.wait_event("delivered", id=identity)
            relay = delivered["relay"].split(".")[0]
            last[relay] += 1
            for name in "ad":
                self.assertEqual(self.peers[f"{name}.combo.example"].connections, before[name] + 1, (count, name))
            attempt = self.godwit.wait_event("attempt", id=identity)
            first[attempt["transcript"].split("connecting to ", 1)[1][0]] += 1
        self.assertTrue(all(last.values()), f"one twenty never got a message: {last}")
        self.assertTrue(first["a"] and first["d"], f"one ten never came first: {first}")

    def test_the_tens_share_when_both_are_up(self):
        peers = {name: self.mx("combo.example", 10 if name in "ad" else 20, f"{name}.combo.example", number)
                 for number, name in enumerate("adbc", 2)}
        self.start(delivery={"messages_per_connection": 1})
        for _ in range(24):
            self.send("someone@combo.example")
        wait_until(lambda: sum(len(peer.transactions) for peer in peers.values()) == 24, "24 messages")
        counts = {name: len(peer.transactions) for name, peer in peers.items()}
        self.assertTrue(counts["a"] and counts["d"], counts)
        self.assertEqual((counts["b"], counts["c"]), (0, 0))


if __name__ == "__main__":
    main()
