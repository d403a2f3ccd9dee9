# SPDX-License-Identifier: Apache-2.0
"""The loopback of IPv6, which has one address only."""

import errno
import random
import socket

from .peer import ScriptedPeer


def free_port():
    """On ::1, which all scenarios share: one that nobody listens on, and that no connection of theirs is given meanwhile."""
    for port in random.sample(range(10000, 30000), 100):
        with socket.socket(socket.AF_INET6) as probe, socket.socket() as probe4:
            try:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(("::", port))
                probe4.bind(("0.0.0.0", port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                continue
            return port
    raise OSError("no free port")


def free_ports(case, count):
    """So many of them; where the machine has no IPv6, the test is skipped."""
    try:
        return [free_port() for _ in range(count)]
    except OSError as error:
        case.skipTest(f"this machine has no IPv6: {error}")


class PeerOnIpv6(ScriptedPeer):
    family = socket.AF_INET6
