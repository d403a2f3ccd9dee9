#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same bytes are said to a real Postfix and to the daemon: their replies differ only where docs/protocol.md says so, and why.

After a change, of the table in comparison/differences.py or of the conversations, run this with GODWIT_UPDATE_DOCS=1."""

import os
import pathlib
from concurrent.futures import ThreadPoolExecutor

from comparison import document
from comparison.compared import expected, unlike
from comparison.player import Player
from comparison.security import PASSWORD, USER
from comparison.themes import THEMES
from support import postfix, unpacked
from support.account_servers import Dovecot
from support.certificate import Certificate
from support.godwit import Godwit
from support.scenario import Scenario, main

SIZE = 50 << 20
RECIPIENTS = 100
ERRORS = 10
AT_ONCE = 6  # conversations
ADVERTISED = "192.0.2.25"  # of both hosts, as behind NAT
PAGE = pathlib.Path(__file__).parents[2] / "docs" / "protocol.md"


class PostfixIsCompared(Scenario):
    def test_replies_differ_only_where_the_table_says_so(self):
        players = self.start()
        conversations = [conversation for theme in THEMES for conversation in theme.conversations]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            outcomes = [pool.map(player.play, conversations) for player in players]
        wrong = []
        for theme in THEMES:
            for conversation in theme.conversations:
                found = unlike(conversation, *map(next, outcomes))
                wrong += self.deviations(f"{theme.title}: {conversation.name}", expected(theme)[conversation.name], found)
        self.assertFalse(wrong, "comparison/differences.py does not say what was seen:\n" + "\n".join(wrong))

    @staticmethod
    def deviations(where, listed, found):
        for label in sorted({*listed, *found}):
            if listed.get(label) != found.get(label):
                yield f"  {where}: {label}: listed {listed.get(label, 'as alike')}, seen {found.get(label, 'alike')}"

    def test_the_document_shows_the_table(self):
        page = PAGE.read_text()
        if os.environ.get("GODWIT_UPDATE_DOCS"):
            PAGE.write_text(document.updated(page))
        self.assertTrue(PAGE.read_text() == document.updated(page),
                        f"{PAGE} is not what the table says: run this with GODWIT_UPDATE_DOCS=1")

    def start(self):
        """Both servers, alike; a Player for each, Postfix first."""
        reason = unpacked.obstacle()
        if reason:
            self.skipTest(reason)
        certificate = Certificate(self, "mail.xyz.example", self.net.host(1), self.net.host(2))
        servers = self.postfix(certificate), self.godwit(certificate)
        for server in servers:
            server.start()
        return [Player(server.address, self.net.host(8), self.net.host(9), certificate.client_context()) for server in servers]

    def godwit(self, certificate):
        return Godwit(self, hostname="mail.xyz.example", address=self.net.host(1), certificate=certificate,
                      domains={"xyz.example": ["somchai", "malee"]}, postmaster="somchai@xyz.example", own_addresses=[ADVERTISED],
                      trusted_networks=[self.net.host(9) + "/32"], routes=[{"domains": ["*"], "next_hop": "[127.0.0.1]:1", "hold": True}],
                      limits={"message_size": f"{SIZE >> 20}MiB", "recipients": RECIPIENTS, "errors": ERRORS},
                      ).with_submission().add_account(USER, PASSWORD)

    def postfix(self, certificate):
        dovecot = Dovecot(self, {USER: PASSWORD}).start()
        settings = {
            "myhostname": "mail.xyz.example",
            "mydestination": "xyz.example, $myhostname",
            "proxy_interfaces": ADVERTISED,
            "mynetworks": self.net.host(9),
            "local_recipient_maps": "inline:{somchai=x, malee=x, postmaster=x}",
            "local_transport": "discard:",
            "default_transport": "discard:",
            "recipient_delimiter": "+",
            "smtpd_relay_restrictions": "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination",
            "smtpd_helo_required": "yes",
            "smtpd_forbid_bare_newline": "yes",
            "smtpd_forbid_unauth_pipelining": "yes",
            "message_size_limit": SIZE,
            "smtpd_recipient_limit": RECIPIENTS,
            "smtpd_hard_error_limit": ERRORS,
            "smtpd_error_sleep_time": 0,
            "smtpd_tls_security_level": "may",
            "smtpd_tls_cert_file": certificate.certificate,
            "smtpd_tls_key_file": certificate.private_key,
            "smtpd_sasl_type": "dovecot",
            "smtpd_sasl_path": dovecot.socket,
            "smtpd_sender_login_maps": "inline:{%s=%s, malee@xyz.example=malee@xyz.example}" % (USER, USER),
        }
        submission = {
            "smtpd_tls_security_level": "encrypt",
            "smtpd_sasl_auth_enable": "yes",
            "smtpd_tls_auth_only": "yes",
            "smtpd_client_restrictions": "permit_sasl_authenticated, reject",
            "smtpd_sender_restrictions": "reject_sender_login_mismatch",
            "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
        }
        return postfix.Postfix(self, self.net.host(2), settings, submission)


if __name__ == "__main__":
    main()
