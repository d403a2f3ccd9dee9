#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`godwitctl doctor` finds nothing wrong with a host that is in order, and each fault of one that is not."""

import ipaddress
import json
import re
import socket

from support.certificate import Authority
from support.ipv6 import PeerOnIpv6, free_ports
from support.made_host import MadeHost, dns_servers
from support.peer import ScriptedPeer
from support.scenario import BIN, DNS_PORT, MX_PORT, Scenario, main
from support.signed_dns import SignedDns
from support.web import HTTPS_PORT, Web

POLICY = "/.well-known/mta-sts.txt"
LIST = "list.example"


class HostIsExamined(Scenario):
    def setUp(self):
        super().setUp()
        self.host = MadeHost(self)
        self.reverse = ipaddress.ip_address(self.host.address).reverse_pointer
        self.listed = self.reverse.removesuffix(".in-addr.arpa") + "." + LIST

    def made(self):
        """A host whose certificate everybody trusts, as far as `authority` is everybody."""
        self.authority = Authority(self)
        issued = self.authority.issue("issued", "mail.example.com", days=60)
        (self.host.folder / "tls").mkdir(parents=True)
        for kind, path in ("fullchain", issued.certificate), ("privkey", issued.private_key):
            (self.host.folder / "tls" / f"{kind}.pem").write_bytes(path.read_bytes())
        (self.host.folder / "tls/privkey.pem").chmod(0o600)
        return self.host.first()

    def examine(self, *words):
        return self.host.doctor("--address", self.host.address, "--blocklist", LIST, *words)

    def verdicts(self, checks):
        return {name: max((finding["verdict"] for finding in findings), key=["ok", "warning", "problem"].index)
                for name, findings in checks.items()}

    # ---- against DNS ----------------------------------------------------------------------------------------------

    def test_a_host_in_order(self):
        self.made()
        dns = SignedDns(self)
        for name, kind, data in self.host.records():
            dns.add(name, kind, data)
        web = Web(self, 100, self.authority.issue("web", "mta-sts.example.com"))
        web.pages[POLICY] = (200, "text/plain", (self.host.folder / "publish/example.com.mta-sts.txt").read_bytes().decode())
        far = ScriptedPeer(self, 60, "mx.far.example")
        dns.mx("far.example", 10, "mx.far.example", far.address)
        dns.host("mta-sts.example.com", web.address).add(self.reverse, "PTR", "mail.example.com.").start()
        self.host.settle(dns=dns_servers(dns), tls={"ca_file": str(self.authority.certificate)},
                         delivery={"https_port": HTTPS_PORT, "port": MX_PORT},
                         spool={"min_free": "1MiB"}, limits={"connections": 100})
        daemon = self.host.start()
        status, checks = self.examine("--destination", "far.example")
        verdicts = self.verdicts(checks)
        verdicts.pop("clock")  # of the machine that runs the test
        self.assertEqual(verdicts, dict.fromkeys(
            ["disk", "files", "certificate", "resolver", "ptr", "helo", "mx", "spf", "dkim", "dmarc", "mta-sts", "tlsrpt", "tlsa",
             "listener", "outgoing", "relay", "blocklist"], "ok"), json.dumps(checks, indent=1))
        self.assertEqual(status, 0)
        self.assertEqual(len(checks["listener"]), 3)
        self.assertIn("is refused", checks["relay"][0]["evidence"])
        self.assertEqual(daemon.queued(), 0)

        web.pages[POLICY] = (404, "text/plain", "gone")
        daemon.stop()
        status, checks = self.examine()
        verdicts = self.verdicts(checks)
        self.assertEqual(status, 1)
        self.assertEqual((verdicts["listener"], verdicts["daemon"], verdicts["mta-sts"], verdicts["spf"]),
                         ("problem", "problem", "problem", "ok"))
        self.assertIn("404", checks["mta-sts"][0]["evidence"])

    def test_a_resolver_that_does_not_answer(self):
        self.made().settle(dns={"servers": [f"{self.net.host(250)}:{DNS_PORT}"], "timeout": "100ms"})
        status, checks = self.examine()
        verdicts = self.verdicts(checks)
        self.assertEqual(status, 1)
        self.assertEqual(verdicts["resolver"], "problem")
        # What is not known is no fault of the records.
        for check in "ptr", "helo", "mx", "spf", "dkim", "dmarc", "mta-sts", "tlsrpt", "tlsa", "outgoing", "blocklist":
            self.assertEqual(verdicts[check], "warning", checks[check])

    def said_of_resolver(self, dns, **settings):
        self.made().settle(dns={**dns_servers(dns.start()), **settings})
        checks = self.examine()[1]
        self.assertEqual(self.verdicts(checks)["resolver"], "warning")
        return checks["resolver"][0]["evidence"]

    def test_a_resolver_that_does_not_validate(self):
        self.assertIn("does not validate", self.said_of_resolver(SignedDns(self, validates=False)))

    def test_a_resolver_that_is_not_trusted(self):
        self.assertIn("not trusted to validate", self.said_of_resolver(SignedDns(self), trust_ad="no"))

    # ---- against a zone file --------------------------------------------------------------------------------------

    def zone(self):
        lines = ["{}. IN {} {}".format(*record) for record in self.host.records()]
        return "\n".join([*lines, f"{self.reverse}. IN PTR mail.example.com."]) + "\n"

    def judge(self, zone, *words):
        path = self.folder / "judged.zone"
        path.write_text(zone)
        return self.examine("--zone", path, *words)[1]

    def test_faults_of_records(self):
        self.made().settle()
        zone = self.zone()
        sound = self.judge(zone)
        faults = [
            # what is replaced, by what, which check says so, how bad it is, and in which words
            (r"(?m)^.* IN PTR .*$", "", "ptr", "problem", "no reverse record"),
            (r"PTR mail\.", "PTR other.", "ptr", "problem", "does not lead back"),
            (r"(?m)^mail\.example\.com\. IN A .*$", "", "helo", "problem", "no address"),
            (r"(?m)^(mail\.example\.com\. IN A ).*$", r"\g<1>192.0.2.77", "helo", "problem", "not this host's"),
            (r"(?m)^(mail\.example\.com\. IN A .*)$", r"\1\nmail.example.com. IN A 192.0.2.77", "helo", "warning", "not all"),
            (r"(?m)^mail\.example\.com\. IN A .*$", "mail.example.com. IN CNAME x.example.com.", "helo", "problem", "alias"),
            (r"(?m)^.* IN MX .*$", "", "mx", "problem", "no MX record"),
            (r"MX 10 .*", "MX 0 .", "mx", "problem", "takes no mail"),
            (r"MX 10 .*", "MX 10 other.example.com.\nother.example.com. A 192.0.2.77", "mx", "problem", "goes elsewhere"),
            (r"MX 10 (.*)", r"MX 10 \1\nexample.com. MX 20 gone.example.com.", "mx", "problem", "has no address"),
            (r"v=spf1 mx ~all", "v=spf1 -all", "spf", "problem", "may not send"),
            (r"v=spf1 mx ~all", "v=spf1 mx:%{ -all", "spf", "problem", "the record is wrong"),
            (r"(?m)^example\.com\. IN TXT .*$", "", "spf", "problem", "no SPF record"),
            (r"p=MIIB....", "p=MIIBAAAA", "dkim", "problem", "is not that of"),
            (r"p=MIIB[^\)]*", "p=\"", "dkim", "problem", "no key"),
            (r"(?m)^.*_domainkey.*$", "", "dkim", "problem", "DNS does not have"),
            (r"(?m)^_dmarc.*$", "", "dmarc", "problem", "no DMARC record"),
            (r"(?m)^(_dmarc.*)$", r"\1\n\1", "dmarc", "problem", "more than one"),
            (r"; rua=mailto:postmaster@example.com\"\n_smtp", "\"\n_smtp", "dmarc", "warning", "not even for reports"),
            (r"(?m)^_mta-sts.*$", "", "mta-sts", "warning", "announces no policy"),
            (r"v=STSv1; id=\w+;", "v=STSv1", "mta-sts", "problem", "its record is wrong"),
            (r"(?m)^_smtp\._tls.*$", "", "tlsrpt", "warning", "nobody is asked"),
            (r"v=TLSRPTv1; rua=mailto:", "v=TLSRPTv1; rua=", "tlsrpt", "problem", "its record is wrong"),
            (r"(?m)^.* IN TLSA .*$", "", "tlsa", "warning", "no TLSA record"),
            (r"TLSA 3 1 1 ........", "TLSA 3 1 1 00000000", "tlsa", "problem", "no record names"),
            (r"TLSA 3 1 1 ", "TLSA 1 1 1 ", "tlsa", "problem", "of a kind"),
            (r"\Z", f"{self.listed}. IN A 127.0.0.2\n{self.listed}. IN TXT \"sent spam\"\n", "blocklist", "problem", "sent spam"),
            (r"\Z", f"{self.listed}. IN A 127.255.255.254\n", "blocklist", "warning", "does not answer"),
        ]
        for pattern, replacement, check, verdict, words in faults:
            with self.subTest(check=check, words=words):
                self.assertEqual(self.verdicts(sound)[check], "ok", sound[check])
                changed, count = re.subn(pattern, replacement, zone, count=1)
                self.assertEqual(count, 1)
                found = self.judge(changed)
                self.assertEqual(self.verdicts(found)[check], verdict, found[check])
                self.assertTrue([finding for finding in found[check] if words in finding["evidence"] and finding["remedy"]], found[check])

    def test_a_zone_file_that_cannot_be_read(self):
        self.made().settle()
        path = self.folder / "bad.zone"
        for text, words in ("a. IN A nowhere\n", "line 1"), (None, "No such file"):
            path.unlink(missing_ok=True)
            if text:
                path.write_text(text)
            done = self.run_program(BIN / "godwitctl", "doctor", "--config", self.host.config_file, "--zone", path, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr)

    # ---- the host itself ------------------------------------------------------------------------------------------

    def test_certificates_and_keys(self):
        self.host.first().settle()
        found = self.judge(self.zone())
        self.assertEqual(self.verdicts(found)["certificate"], "warning")
        self.assertIn("self-signed", found["certificate"][0]["evidence"])
        authority = Authority(self)
        for days, verdict, words in (-1, "problem", "it expired"), (5, "warning", "it expires on"):
            issued = authority.issue(f"old{days}", "mail.example.com", days=days)
            (self.host.folder / "tls/fullchain.pem").write_bytes(issued.certificate.read_bytes())
            (self.host.folder / "tls/privkey.pem").write_bytes(issued.private_key.read_bytes())
            found = self.judge(self.zone())
            self.assertEqual(self.verdicts(found)["certificate"], verdict)
            self.assertIn(words, found["certificate"][0]["evidence"])
        (self.host.folder / "tls/privkey.pem").write_bytes(authority.private_key.read_bytes())
        self.assertIn("does not belong", self.judge(self.zone())["certificate"][0]["evidence"])
        for key in (self.host.folder / "dkim").iterdir():
            key.unlink()
        self.assertEqual(self.verdicts(self.judge(self.zone()))["dkim"], "problem")

    def test_an_open_relay(self):
        self.made().settle()
        # Takes everything for everybody, as some other program at the port might.
        ScriptedPeer(self, self.host.address, "mail.example.com")
        found = self.judge(self.zone())
        self.assertEqual(self.verdicts(found)["relay"], "problem")
        self.assertIn("may send to everywhere", found["relay"][0]["evidence"])
        text = self.host.config_file.read_text()
        self.host.config_file.write_text(text.replace('trusted_networks: [', 'trusted_networks: [128.0.0.0/2, '))
        found = self.judge(self.zone())
        self.assertIn("128.0.0.0/2", [finding["about"] for finding in found["relay"] if finding["verdict"] == "problem"])

    def test_another_program_at_the_port(self):
        self.made().settle()
        ScriptedPeer(self, self.host.address, "other.example", script={"banner": "220 other.example\x1b[31m ESMTP"})
        found = self.judge(self.zone())
        (ours,) = [finding for finding in found["listener"] if f":{MX_PORT} " in finding["about"]]
        self.assertEqual(ours["verdict"], "problem")
        self.assertIn("other.example", ours["evidence"])
        shown = self.run_program(BIN / "godwitctl", "doctor", "--config", self.host.config_file, "--zone", self.folder / "judged.zone",
                                 check=False)
        self.assertNotIn("\x1b", shown.stdout)
        self.assertEqual(shown.stderr, "Looking at: machine certificate ptr helo mx spf dkim dmarc mta-sts tlsrpt tlsa listener outgoing relay blocklist\n")
        self.assertIn("What helps:", shown.stdout)

    def listens_at(self, address):
        """Who gives what is said of it, for each address that was tried."""
        text = self.host.config_file.read_text()
        self.host.config_file.write_text(text.replace(f'"{self.host.address}:{MX_PORT}"', f'"{address}"'))
        about = f"{address} mx at "

        def found(*words):
            return {finding["about"].removeprefix(about): finding for finding in self.judge(self.zone(), *words)["listener"]
                    if finding["about"].startswith(about)}

        return found

    def test_a_listener_on_all_addresses(self):
        self.made().settle()
        with socket.socket() as probe:
            probe.bind(("0.0.0.0", 0))
            port = probe.getsockname()[1]
        found = self.listens_at(f"0.0.0.0:{port}")
        self.assertEqual([(name, one["verdict"]) for name, one in found().items()], [("127.0.0.1", "problem")])
        # Nobody can connect to the last one, and IPv6 is not listened on.
        peer = ScriptedPeer(self, "0.0.0.0", "mail.example.com", port=port, capabilities=("STARTTLS",))
        tried = found("--address", "255.255.255.255", "--address", "2001:db8::25")
        self.assertEqual({name: one["verdict"] for name, one in tried.items()},
                         {"127.0.0.1": "ok", self.host.address: "ok", "255.255.255.255": "warning"})
        self.assertIn("firewall", tried["255.255.255.255"]["remedy"])
        self.assertGreaterEqual(peer.connections, 2)

    def test_a_listener_on_both_families(self):
        self.made().settle()
        [port] = free_ports(self, 1)
        found = self.listens_at(f"[::]:{port}")
        ScriptedPeer(self, "0.0.0.0", "mail.example.com", port=port, capabilities=("STARTTLS",))
        self.assertEqual({name: one["verdict"] for name, one in found().items()},
                         {"127.0.0.1": "ok", "::1": "warning", self.host.address: "ok"})
        peer = PeerOnIpv6(self, "::1", "mail.example.com", port=port, capabilities=("STARTTLS",))
        self.assertEqual({one["verdict"] for one in found().values()}, {"ok"})
        self.assertEqual(peer.connections, 1)

    # ---- ways out -------------------------------------------------------------------------------------------------

    def outgoing(self, zone, *words):
        found = self.judge(zone, *words)
        return found["outgoing"][0] if "outgoing" in found else None

    def test_mail_that_does_not_get_out(self):
        self.made().settle(delivery={"port": MX_PORT})
        far = ScriptedPeer(self, 60, "mx.far.example")
        zone = self.zone() + f"far.example. IN MX 10 mx.far.example.\nmx.far.example. IN A {far.address}\n"
        self.assertIsNone(self.outgoing(self.zone()))  # a zone file says nothing of others
        reached = self.outgoing(zone, "--destination", "gone.example", "--destination", "far.example")
        self.assertEqual((reached["verdict"], reached["about"]), ("ok", "far.example"))
        self.assertIn(f"mx.far.example ({far.address}:{MX_PORT}): 220 ", reached["evidence"])
        self.assertEqual(far.commands[-1:], ["QUIT"])
        far.down()
        blocked = self.outgoing(zone, "--destination", "far.example")
        self.assertEqual(blocked["verdict"], "warning")
        self.assertIn("refused", blocked["evidence"])
        self.assertIn("your provider blocks port 25", blocked["remedy"])
        self.assertIn("smart host", blocked["remedy"])

    def test_a_smart_host_that_is_down(self):
        smart = ScriptedPeer(self, 61, "smart.example")
        self.made().settle(routes=[{"domains": "*", "next_hop": [f"[smart.example]:{MX_PORT}", f"[{self.net.host(62)}]:{MX_PORT}"]}])
        zone = self.zone() + f"smart.example. IN A {smart.address}\n"
        reached = self.outgoing(zone)
        self.assertEqual((reached["verdict"], reached["about"]), ("ok", "smart.example"))
        smart.down()
        down = self.outgoing(zone)
        self.assertEqual((down["verdict"], down["about"]), ("warning", f"smart.example, [{self.net.host(62)}]"))
        self.assertIn('route for "*"', down["remedy"])

    def test_a_configuration_with_errors(self):
        self.made()
        self.host.config_file.write_text("hostnam: x\n")
        done = self.run_program(BIN / "godwitctl", "doctor", "--config", self.host.config_file, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("hostnam", done.stderr)


if __name__ == "__main__":
    main()
