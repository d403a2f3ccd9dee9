#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""REQUIRETLS and TLS-Required: No (RFC 8689): over verified TLS to hosts that promise the same, or back; or rather in any way than not at all."""

import itertools

from support.certificate import Certificate
from support.dialogue import Dialogue, queued_id
from support.godwit import Godwit
from support.message import message
from support.scenario import main
from support.sending_host import SENDER, SendingHost
from support.signed_dns import SignedDns, tlsa

PLAIN = ("PIPELINING", "8BITMIME", "SIZE 100000000")
PROMISES = (*PLAIN, "REQUIRETLS")
WAIVED = b"TLS-Required: No\r\n"


class RequiretlsIsKept(SendingHost):
    def setUp(self):
        super().setUp()
        self.dns = SignedDns(self)
        self.numbers = itertools.count(2)
        self.ours, self.other, self.mine = (Certificate(self, name) for name in ("ours.example", "other.example", "mail.abc.example"))

    def host(self, domain, record=None, preference=10, name=None, certificate="ours", **options):
        """A scripted MX host of the domain; `record` says in signed DNS what it must show."""
        name = name or f"mx.{domain}"
        offered = self.ours if certificate == "ours" else certificate
        peer = self.mx(domain, preference, name, next(self.numbers), certificate=offered, **options)
        if record:
            self.dns.tlsa(name, record)
        return peer

    def start(self, **config):
        return super().start(certificate=self.mine, **config)

    def connect(self):
        client = Dialogue(self.godwit.address)
        self.addCleanup(client.close)
        return client

    def secured(self):
        client = self.connect()
        client.say("EHLO client.abc.example", "250")
        client.starttls(self.mine.client_context(), "mail.abc.example")
        return client

    def send_required(self, to, content=None, sender=SENDER, parameters="REQUIRETLS"):
        content = content or message(sender=sender, to=to)
        with self.secured() as client:
            client.say("EHLO client.abc.example", "250")
            client.say(f"MAIL FROM:<{sender}> {parameters}", "250")
            client.say(f"RCPT TO:<{to}>", "250")
            self.queued_as = queued_id(client.data(content))
        return content

    def report(self):
        """The one in the sender's mailbox."""
        mailbox = self.godwit.mailbox(SENDER)
        self.wait_until(mailbox.messages, "a report is there")
        return mailbox.messages()[0].content.decode()

    def another_daemon(self, domain, name, **config):
        """The domain's only host, a godwitd whose certificate is in signed DNS."""
        certificate = Certificate(self, name)
        address = self.net.host(next(self.numbers))
        self.dns.mx(domain, 10, name, address).tlsa(name, tlsa(certificate))
        return Godwit(self, "another", hostname=name, address=address, dns=self.dns, certificate=certificate, **config)

    def test_it_is_offered_under_tls_only(self):
        self.start()
        with self.connect() as client:
            self.assertNotIn("REQUIRETLS", client.say("EHLO client.abc.example", "250"))
            client.say(f"MAIL FROM:<{SENDER}> REQUIRETLS", "555 5.5.4")
        with self.secured() as client:
            self.assertIn("REQUIRETLS", client.say("EHLO client.abc.example", "250"))
            client.say(f"MAIL FROM:<{SENDER}> REQUIRETLS=yes", "501 5.5.4")

    def test_it_is_passed_on_over_verified_tls(self):
        peer = self.host("good.example", tlsa(self.ours), capabilities=PROMISES)
        self.start()
        content = self.send_required("user@good.example")
        self.assertIn("REQUIRETLS", self.assert_arrived(peer, content).mail_line.split())
        self.assertEqual(self.godwit.wait_event("delivered")["tls"], "TLSv1.3 dane")

    def test_it_goes_from_daemon_to_daemon_into_a_mailbox(self):
        self.start_both(domains={"far.example": ["user"]})
        content = self.send_required("user@far.example")
        mailbox = self.far.mailbox("user@far.example")
        self.wait_until(mailbox.messages, "it is delivered")
        self.assertTrue(mailbox.messages()[0].content.endswith(content))
        said = self.godwit.control("trace", self.queued_as).stdout
        self.assertRegex(said, rf"MAIL FROM:<{SENDER}> SIZE=\d+ REQUIRETLS")

    def test_another_daemon_keeps_it_and_tells_who_asked(self):
        lacking = self.host("last.example", tlsa(self.ours))
        self.dns.mx("abc.example", 10, "mail.abc.example", self.net.host(1)).tlsa("mail.abc.example", tlsa(self.mine))
        self.start_both(domains={"far.example": ["user"]}, aliases={"on@far.example": "user@last.example"})
        self.send_required("on@far.example", message("secret", sender=SENDER) + b"the body\r\n", parameters="REQUIRETLS RET=FULL")
        report = self.report()
        self.assertIn("Reporting-MTA: dns; mx.far.example", report)
        self.assertIn("Status: 5.7.30", report)
        self.assertNotIn("the body", report)
        self.assertEqual(lacking.transactions, [])

    def start_both(self, **config):
        self.far = self.another_daemon("far.example", "mx.far.example", **config)
        self.start()
        self.far.start()

    def test_it_is_shown_and_outlives_a_restart(self):
        peer = self.host("held.example", tlsa(self.ours), capabilities=PROMISES)
        self.start(routes=[{"domains": ["held.example"], "hold": True}])
        content = self.send_required("user@held.example")
        self.godwit.wait_event("held")
        self.godwit.restart()
        self.assertEqual(self.godwit.control_json("queue", "show", self.queued_as)["tls"], "required")
        self.assertIn("required", self.godwit.control("queue", "show", self.queued_as).stdout)
        self.godwit.control("queue", "release", self.queued_as)
        self.assertIn("REQUIRETLS", self.assert_arrived(peer, content).mail_line.split())

    def test_another_host_may_promise_it(self):
        first = self.host("two.example", tlsa(self.ours))
        second = self.host("two.example", tlsa(self.ours), 20, "mx2.two.example", capabilities=PROMISES)
        self.start()
        self.assert_arrived(second, self.send_required("user@two.example"))
        self.assertEqual(first.transactions, [])

    def test_a_host_that_is_away_is_waited_for(self):
        away = self.host("away.example", tlsa(self.ours), capabilities=PROMISES, up=False)
        self.host("away.example", tlsa(self.ours), 20, "mx2.away.example")
        self.start()
        content = self.send_required("user@away.example")
        self.assertIn("mx.away.example", self.godwit.wait_event("deferred")["relay"])
        away.up()
        self.assert_arrived(away, content)

    def test_who_promises_nothing_gets_nothing(self):
        peer = self.host("lacking.example", tlsa(self.ours))
        in_clear = self.host("clear.example", certificate=None, capabilities=PROMISES)
        self.start()
        for to, status in (("user@lacking.example", "5.7.30"), ("user@clear.example", "5.7.10")):
            self.send_required(to)
            bounced = self.godwit.wait_event("bounced", to=f"<{to}>")
            self.assertIn(f"554 {status}", bounced["reply"], bounced)
        self.assertIn("Status: 5.7.30", self.report())
        self.assertEqual(peer.transactions + in_clear.transactions, [])
        self.assertFalse([line for line in peer.commands + in_clear.commands if line.startswith("MAIL")])

    def test_who_cannot_be_verified_gets_nothing(self):
        untrusted = self.host("untrusted.example", capabilities=PROMISES)
        mismatched = self.host("mismatched.example", tlsa(self.other), capabilities=PROMISES)
        unsigned = self.host(f"a.{self.dns.unsigned}", capabilities=PROMISES)
        self.start()
        for to in ("user@untrusted.example", "user@mismatched.example", f"user@a.{self.dns.unsigned}"):
            self.send_required(to)
            bounced = self.godwit.wait_event("bounced", to=f"<{to}>")
            self.assertIn("554 5.7.10", bounced["reply"], bounced)
        self.assertEqual(untrusted.transactions + mismatched.transactions + unsigned.transactions, [])

    def test_a_trusted_name_from_signed_dns_is_enough(self):
        certificate = Certificate(self, "mx.pkix.example")
        peer = self.host("pkix.example", certificate=certificate, capabilities=PROMISES)
        self.start(tls={"ca_file": str(certificate.certificate)})
        self.assert_arrived(peer, self.send_required("user@pkix.example"))
        self.assertEqual(self.godwit.wait_event("delivered")["tls"], "TLSv1.3 verified")

    def test_reports_carry_it_where_they_can(self):
        self.host("lacking.example", tlsa(self.ours))
        promising = self.host("promising.example", capabilities=PROMISES)
        usual = self.host("usual.example")
        self.start()
        for home in (promising, usual):
            self.send_required("user@lacking.example", sender=f"me@{home.name.removeprefix('mx.')}")
        self.assertEqual(promising.wait()[0].mail_line.split()[1], "FROM:<>")
        self.assertIn("REQUIRETLS", promising.transactions[0].mail_line.split())
        self.assertNotIn("REQUIRETLS", usual.wait()[0].mail_line.split())

    def test_tls_may_be_of_no_importance(self):
        peer = self.host("mismatched.example", tlsa(self.other))
        self.start()
        plain = message(sender=SENDER)
        self.send("user@mismatched.example", WAIVED + plain)
        self.assert_arrived(peer, WAIVED + plain)
        self.send("user@mismatched.example", plain)
        self.godwit.wait_event("deferred")

    def test_what_the_administrator_demands_is_of_importance(self):
        peer = self.host("clear.example", certificate=None)
        self.start(routes=[{"domains": ["clear.example"], "tls": "require"}])
        self.send("user@clear.example", WAIVED + message(sender=SENDER))
        self.assertIn("TLS required", self.godwit.wait_event("deferred")["reply"])
        self.assertEqual(peer.transactions, [])

    def test_required_beats_not_required(self):
        peer = self.host("mismatched.example", tlsa(self.other), capabilities=PROMISES)
        self.start()
        self.send_required("user@mismatched.example", WAIVED + message(sender=SENDER))
        self.godwit.wait_event("bounced")
        self.assertEqual(peer.transactions, [])


if __name__ == "__main__":
    main()
