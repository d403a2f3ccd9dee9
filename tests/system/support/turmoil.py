# SPDX-License-Identifier: Apache-2.0
"""A daemon under load among moody peers, and the account of every message at the end."""

import collections
import os
import random
import re
import threading

from .dns import Dns
from .godwit import Godwit
from .message import large_body, message
from .peer import DROP, STALL, ScriptedPeer, Transaction
from .programs import SmtpSink
from .scenario import Scenario
from .senders import Senders

SENDERS = 8
# Deliveries under way at once: to each destination, and local ones (reports).
CONNECTIONS = 8
STAGES = ("banner", "EHLO", "MAIL", "RCPT", "DATA", "dot")
MARK = re.compile(rb"^Subject: (load-\d+-\d+)\r?$", re.M)
END = b"this is the end"
REPORTED = re.compile(rb"^Final-Recipient: rfc822;\s*(\S+?)\r?$", re.M)


class MoodyPeer(ScriptedPeer):
    """Takes most mail, and otherwise does whatever a peer can do; healthy once `calm` is set."""

    def __init__(self, case, host, name, seed):
        self.moods = random.Random(seed)
        self.calm = threading.Event()
        super().__init__(case, host, name)

    def scripted(self, stage, usual):
        with self.lock:
            if self.calm.is_set() or stage not in STAGES or self.moods.random() < 0.93:
                return usual
            return self.moods.choice([DROP, DROP, STALL, "421 4.3.2 going down", "450 4.2.0 later", "451 4.3.0 busy",
                                      "552 5.2.2 full" if stage != "banner" else "554 5.3.2 not today", "550 5.7.1 no"])


class SinkPeer(SmtpSink):
    """A process of its own, which takes everything, and can be stopped."""

    recipient = re.compile(rb"^X-Rcpt-Args: <(\S+)>", re.M)

    def __init__(self, case, host):
        super().__init__(case, host)
        self.calm = threading.Event()

    @property
    def transactions(self):
        """Those that are there to their end."""
        return [self.transaction(content) for content in self.messages() if content.rstrip().endswith(END)]

    def transaction(self, content):
        taken = Transaction(None, False)
        taken.content, taken.answered = content, True
        taken.recipients = [found.decode() for found in self.recipient.findall(content)]
        return taken


class Turmoil(Scenario):
    """GODWIT_CHAOS_SECONDS says for how long, GODWIT_CHAOS_SEED repeats the choices of a run."""

    usual_seconds = 40.0

    def setUp(self):
        super().setUp()
        self.seconds = float(os.environ.get("GODWIT_CHAOS_SECONDS", self.usual_seconds))
        self.seed = int(os.environ.get("GODWIT_CHAOS_SEED", random.randrange(1 << 32)))
        print(f"seed {self.seed}, {self.seconds:g} s")
        self.random = random.Random(self.seed)
        self.kills = 0
        self.stops = 0  # of the process of a peer
        self.dns = Dns(self)
        self.peers = []
        self.domains = []
        self.add_peers()
        self.dns.start()
        timeouts = {"connect": "2s", "greeting": "2s", "command": "2s", "data": "3s"}
        self.godwit = Godwit(
            self, hostname="mail.abc.example", address=self.net.host(1), dns=self.dns,
            domains={"abc.example": [f"sender{number}" for number in range(SENDERS)]},
            spool={"segment_size": "1MiB"},
            delivery={"timeouts": timeouts, "connections_per_destination": CONNECTIONS,
                      "retry": {"first": "1s", "factor": 1.5, "max": "4s", "expire": "1h", "bounce_expire": "1h"}})

    def add_peers(self):
        for number in range(4):
            domain = f"d{number}.example"
            self.domains.append(domain)
            for preference in (10, 20):
                host = 2 + len(self.peers)
                name = f"mx{preference}.{domain}"
                self.dns.mx(domain, preference, name, self.net.host(host))
                self.peers.append(MoodyPeer(self, host, name, self.random.random()))

    def begin(self, **options):
        """Starts the daemon, and the load."""
        self.godwit.start()
        self.senders = Senders(self, self.godwit.address, SENDERS, self.compose, seed=self.seed, pause=0.08, **options).start()
        return self.senders

    def compose(self, sender, mark):
        choices = sender.random
        domains = choices.sample(self.domains, choices.choice([1, 1, 1, 2]))
        size = choices.choice([500, 500, 3000, 20_000, 300_000 if choices.random() < 0.2 else 1000])
        return f"sender{sender.number}@abc.example", [f"{mark}@{domain}" for domain in domains], message(
            mark, body=large_body(size) + END + b"\r\n")

    def kill(self):
        """kill -9."""
        self.godwit.kill()
        self.kills += 1

    def arrived(self):
        """Copies by recipient address: all, and those the peer said 250 for; and the recipients that senders were told of."""
        copies, answered, reports = collections.Counter(), collections.Counter(), collections.Counter()
        for peer in self.peers:
            for transaction in peer.transactions:
                mark = MARK.search(transaction.content).group(1).decode()
                for recipient in transaction.recipients:
                    self.assertEqual(recipient.split("@")[0], mark, "a message went to somebody else")
                    copies[recipient] += 1
                    answered[recipient] += transaction.answered
        for number in range(SENDERS):
            for stored in self.godwit.mailbox(f"sender{number}@abc.example").messages():
                reports.update(found.decode() for found in REPORTED.findall(stored.raw))
        return copies, answered, reports

    def account(self, is_damaged=False):
        """Everything calms down; then every acknowledged message has arrived, or its sender has a report that names the recipient.
        `is_damaged`: the spool was, by the test."""
        self.senders.stop()
        for peer in self.peers:
            peer.calm.set()
        self.godwit.wait_empty_queue(120)

        copies, answered, reports = self.arrived()
        acknowledged, unanswered = self.senders.acknowledged(), self.senders.unanswered()
        wanted = [recipient for recipients in acknowledged.values() for recipient in recipients]
        lost = [recipient for recipient in wanted if not copies[recipient] and not reports[recipient]]
        both = sum(1 for recipient in copies if reports[recipient])
        kept = sum(copies.values()) - sum(answered.values())
        # What a kill repeats: copies that the peer had said 250 for, and reports.
        repeated = sum(count - 1 for count in answered.values() if count > 1)
        repeated_reports = sum(count - 1 for count in reports.values())
        print(f"{len(wanted)} recipients acknowledged in {len(acknowledged)} messages, {self.kills} kills: "
              f"{len(lost)} lost, {sum(1 for to in wanted if copies[to])} arrived, {sum(1 for to in wanted if reports[to])} reported, "
              f"{both} both; {kept} copies kept by peers that gave no reply; repeated by kills: {repeated} deliveries, "
              f"{repeated_reports} reports; {len(unanswered)} messages without a reply to their sender")
        self.assertEqual(lost, [])
        # At a kill each connection has at most one delivery whose outcome is not durable yet; at a peer that is stopped, one that it
        # has and gives no reply to.
        under_way = (self.kills * len(self.domains) + self.stops) * CONNECTIONS
        self.assertLessEqual(repeated, under_way)
        self.assertLessEqual(repeated_reports, under_way)
        # A copy that was kept without a reply, or whose outcome a kill took, may meet a refusal at the next try.
        self.assertLessEqual(both, kept + under_way)
        sent = set(wanted)
        strangers = [to for to in set(copies) | set(reports) if to not in sent and to.split("@")[0] not in unanswered]
        self.assertEqual(strangers, [], "mail that nobody sent")
        quarantine = [path.name for path in (self.godwit.spool / "quarantine").iterdir()]
        self.assertEqual(bool(quarantine), is_damaged, f"a crash is no damage: {quarantine}")
        self.assertEqual(self.godwit.stop(), 0)
        self.godwit.control("spool", "check", "--directory", self.godwit.spool, check=not is_damaged)
