#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A host with an address that never answers gets its mail at another one at once, not after a whole timeout."""

import socket
import time

from support.peer import ScriptedPeer
from support.scenario import MX_PORT, main
from support.sending_host import SendingHost

DOMAINS = 6  # the order of a host's addresses is random: sooner or later the silent one is first
TIMEOUT = 60


class SilentAddressCostsMoments(SendingHost):
    def silence(self, number):
        """An address whose queue of connections is full, so that the kernel drops the next ones."""
        listener = socket.create_server((self.net.host(number), MX_PORT), backlog=0)
        self.addCleanup(listener.close)
        for _ in range(4):
            client = socket.socket()
            self.addCleanup(client.close)
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        return self.net.host(number)

    def test_the_next_address_is_tried_beside_it(self):
        peer = ScriptedPeer(self, 2, "mx.far.example")
        silent = self.silence(3)
        for number in range(DOMAINS):
            self.dns.mx(f"d{number}.example", 10, f"mx{number}.far.example", peer.address, silent)
        self.start(delivery={"timeouts": {"connect": f"{TIMEOUT}s"}})
        began = time.monotonic()
        for number in range(DOMAINS):
            self.send(f"user@d{number}.example")
        peer.wait(DOMAINS)
        self.assertLess(time.monotonic() - began, TIMEOUT / 2)
        self.assertEqual(self.godwit.events("deferred"), [])


if __name__ == "__main__":
    main()
