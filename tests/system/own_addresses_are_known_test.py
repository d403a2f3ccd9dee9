#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A backup MX that listens on all addresses finds itself in the list of MX hosts by its interfaces' addresses, and never sends there.

Runs in a network namespace of its own, which has one more address on its loopback interface.
"""

import ctypes
import fcntl
import socket
import struct
import unittest

from support.dialogue import send
from support.dns import Dns
from support.godwit import Godwit
from support.message import message
from support.scenario import Scenario, main

OURS, PREFERRED, BEHIND = "192.0.2.1", "203.0.113.8", "203.0.113.9"
CLONE_NEWNET, SIOCSIFFLAGS, SIOCSIFADDR, IFF_UP_RUNNING = 0x40000000, 0x8914, 0x8916, 0x41


def give_address(name, address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        wanted = struct.pack("16sH2x4s8x", name.encode(), socket.AF_INET, socket.inet_aton(address))
        fcntl.ioctl(control, SIOCSIFADDR, wanted)
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", name.encode(), IFF_UP_RUNNING))


def setUpModule():
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise unittest.SkipTest("a network namespace is not permitted here")
    give_address("lo", "127.0.0.1")


class OwnAddressesAreKnown(Scenario):
    def relay(self):
        """A backup MX of backup.example; its own DNS name is the second of three."""
        dns = Dns(self).mx("backup.example", 10, "mx1.backup.example", PREFERRED)
        dns.mx("backup.example", 20, "mail.abc.example", OURS).mx("backup.example", 30, "mx3.backup.example", BEHIND).start()
        self.godwit = Godwit(self, hostname="relay.abc.example", address="0.0.0.0", dns=dns)
        self.godwit.config["domains"]["backup.example"] = {"deliver": "mx", "recipients": "any"}
        self.godwit.start()

    def attempt(self):
        identity = send("127.0.0.1", "mod@abc.example", "user@backup.example", message())
        return self.godwit.wait_event("deferred", id=identity)

    def test_the_list_is_cut_at_ourselves(self):
        give_address("lo:1", OURS)
        self.relay()
        self.assertIn(PREFERRED, self.attempt()["relay"])
        self.assertEqual(len(self.godwit.events("accepted")), 1, "nothing came back")

    def test_a_new_address_is_known_after_a_reload(self):
        give_address("lo:1", "198.51.100.1")
        self.relay()
        give_address("lo:1", OURS)
        self.godwit.control("reload")
        self.assertIn(PREFERRED, self.attempt()["relay"])
        self.assertEqual(len(self.godwit.events("accepted")), 1, "nothing came back")


if __name__ == "__main__":
    main()
