#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`godwitctl import postfix` makes a configuration of the set-ups that people have, one that is right, and takes the same mail."""

import os
import pathlib
import stat

from support import postfix, unpacked
from support.account_servers import Postgresql, Slapd
from support.certificate import Certificate
from support.dialogue import Dialogue, send
from support.dns import Dns
from support.imported_host import ImportedHost
from support.message import message
from support.peer import ScriptedPeer
from support.scenario import BIN, DNS_PORT, MX_PORT, Scenario, main

# As Debian's postinst writes it for an "Internet site".
DEBIAN = """
smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)
biff = no
append_dot_mydomain = no
readme_directory = no
compatibility_level = 3.6
smtpd_tls_cert_file={etc}/cert.pem
smtpd_tls_key_file={etc}/key.pem
smtpd_tls_security_level=may
smtp_tls_CApath=/etc/ssl/certs
smtp_tls_security_level=may
smtp_tls_session_cache_database = btree:${data_directory}/smtp_scache
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
myhostname = mail.xyz.example
alias_maps = hash:{etc}/aliases
alias_database = hash:{etc}/aliases
myorigin = {etc}/mailname
mydestination = $myhostname, xyz.example, localhost.xyz.example, , localhost
relayhost =
mynetworks = 127.255.0.0/16 [::1]/128
mailbox_size_limit = 0
recipient_delimiter = +
inet_interfaces = {address}
inet_protocols = all
"""
SERVICES = """
{mx} inet n - y - - smtpd
pickup unix n - y 60 1 pickup
cleanup unix n - y - 0 cleanup
qmgr unix n - n 300 1 qmgr
virtual unix - n n - - virtual
lmtp unix - - y - - lmtp
smtp unix - - y - - smtp
relay unix - - y - - smtp
        -o syslog_name=postfix/$service_name
maildrop unix - n n - - pipe
  flags=DRXhu user=vmail argv=/usr/bin/maildrop -d ${recipient}
"""
LISTENING = "{mx} inet n - y - - smtpd"

VIRTUAL = DEBIAN.replace("$myhostname, xyz.example, localhost.xyz.example, , localhost", "localhost") + """
virtual_mailbox_domains = {etc}/domains
virtual_mailbox_maps = hash:{etc}/mailboxes
virtual_alias_maps = hash:{etc}/virtual
virtual_transport = lmtp:unix:private/dovecot-lmtp
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_milters = inet:127.0.0.1:11332
non_smtpd_milters = $smtpd_milters
milter_default_action = accept
milter_protocol = 6
milter_mail_macros = i {mail_addr} {client_addr} {client_name} {auth_authen}
message_size_limit = 52428800
smtpd_helo_required = yes
smtpd_recipient_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination, reject_unknown_reverse_client_hostname
"""
SUBMISSION = """
{address}:20587 inet n - y - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
"""
SATELLITE = DEBIAN.replace("relayhost =", "relayhost = [relay.abc.example]:20025").replace(
    "$myhostname, xyz.example, localhost.xyz.example, , localhost", "$myhostname, localhost") + """
smtp_sasl_auth_enable = yes
smtp_sasl_password_maps = hash:{etc}/sasl_passwd
smtp_sasl_security_options = noanonymous
smtp_tls_security_level = encrypt
smtp_generic_maps = inline:{ {root@mail.xyz.example = admin@xyz.example} }
"""
SQL = VIRTUAL.replace("{etc}/domains", "proxy:sqlite:{etc}/sql-domains.cf").replace("hash:{etc}/mailboxes", "proxy:sqlite:{etc}/sql-mailboxes.cf").replace(
    "hash:{etc}/virtual", "proxy:sqlite:{etc}/sql-aliases.cf, mysql:{etc}/mysql-more.cf").replace("inet:127.0.0.1:11332", "")
POSTSCREEN = DEBIAN + """
postscreen_access_list = permit_mynetworks, cidr:{etc}/postscreen_access.cidr
postscreen_dnsbl_sites = zen.spamhaus.org=127.0.0.[2..11]*3, bl.spamcop.net*2, list.dnswl.org=127.0.[0..255].[1..3]*-2
postscreen_dnsbl_threshold = 3
postscreen_dnsbl_action = enforce
postscreen_greet_action = enforce
smtpd_recipient_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination,
   check_policy_service inet:127.0.0.1:10023, check_policy_service unix:private/policyd-spf, check_client_access hash:{etc}/clients
header_checks = pcre:{etc}/header_checks
always_bcc = archive@xyz.example
"""
ALIASES = 'postmaster: root\nroot: somchai\nlist: somchai, malee\nold: "|/usr/bin/procmail"\n'


class PostfixIsImported(Scenario):
    def imported(self, main, master=SERVICES, **files):
        host = ImportedHost(self, {"main.cf": main, "master.cf": master, "aliases": ALIASES, "mailname": "xyz.example\n",
                                   **{name.replace("__", "."): text for name, text in files.items()}})
        certificate = Certificate(self, "mail.xyz.example", host.address)
        for name, path in ("cert.pem", certificate.certificate), ("key.pem", certificate.private_key):
            (host.etc / name).write_bytes(pathlib.Path(path).read_bytes())
        (host.etc / "key.pem").chmod(0o600)
        return host.run()

    def assert_right(self, daemon):
        self.assertIn("The configuration is right.", daemon.check().stdout)

    # ---- set-ups --------------------------------------------------------------------------------------------------

    def test_an_internet_site_of_debian_takes_mail(self):
        host = self.imported(DEBIAN + "local_recipient_maps = inline:{somchai=x, malee=x} $alias_maps\n")
        self.assertEqual(host.remarks()['old "|/usr/bin/procmail"'], ["untranslated"])
        self.assertIn("maildrop", host.remarks())
        vmail = self.folder / "vmail"
        daemon = host.replace(("/var/vmail", str(vmail))).daemon()
        daemon.vmail = vmail
        self.assert_right(daemon)
        daemon.start()
        for recipient in "somchai@xyz.example", "list@xyz.example", "malee+lists@localhost":
            send(host.address, "mod@abc.example", [recipient], message(recipient))
        subjects = lambda address: [stored.content for stored in daemon.mailbox(address).messages()]
        self.wait_until(lambda: len(subjects("somchai@xyz.example")) == 2, "two messages for somchai")
        self.wait_until(lambda: len(subjects("malee@xyz.example")) == 2, "two messages for malee")
        with Dialogue(host.address) as client:
            client.say("EHLO client.abc.example", r"(?s).*STARTTLS")
            client.say("MAIL FROM:<mod@abc.example>", "250")
            client.say("RCPT TO:<nobody@xyz.example>", "550")
            client.say("RCPT TO:<ann@abc.example>", "5")

    def test_virtual_domains_with_dovecot_and_rspamd(self):
        host = self.imported(VIRTUAL, SERVICES + SUBMISSION, domains="xyz.example\nabc.example\n", virtual="@abc.example @xyz.example\n",
                             mailboxes="somchai@xyz.example xyz.example/somchai/\n")
        text = host.text
        for words in ('xyz.example: {deliver: "lmtp:unix:/run/dovecot/lmtp", recipients: [somchai]}', "type: dovecot, path: /run/dovecot/auth-client",
                      'address: "inet:127.0.0.1:11332", services: [mx, submission, local], on_failure: accept', "message_size: 50MiB",
                      "checks: {mx: [reverse_dns]}", f'address: "{host.address}:20587", service: submission', '"@abc.example": "@xyz.example"'):
            self.assertIn(words, text)
        self.assert_right(host.daemon())

    def test_a_satellite_sends_through_its_smart_host(self):
        host = self.imported(SATELLITE, sasl_passwd="[relay.abc.example]:20025 satellite:geheim\n")
        secret = next(host.folder.glob("*.pass"))
        self.assertEqual(secret.read_text(), "geheim\n")
        self.assertEqual(stat.S_IMODE(secret.stat().st_mode), 0o600)
        self.assertNotIn("geheim", host.text + host.printed.stdout + host.printed.stderr)
        dns = Dns(self).host("relay.abc.example", self.net.host(9)).start()
        relay = Certificate(self, "relay.abc.example", self.net.host(9))
        peer = ScriptedPeer(self, 9, certificate=relay, under_tls=("AUTH PLAIN",), script={"AUTH": "235 2.7.0 welcome"})
        host.replace(("trusted_networks: [\"127.255.0.0/16\"", "trusted_networks: [\"127.0.0.0/8\""))
        daemon = host.daemon(dns={"servers": [f"{dns.address}:{DNS_PORT}"], "timeout": "2s"})
        self.assert_right(daemon)
        daemon.start()
        send(host.address, "root@mail.xyz.example", ["ann@abc.example"], message("out"))
        got = peer.wait()[0]
        self.assertTrue(got.tls)
        self.assertEqual(got.sender, "admin@xyz.example")
        self.assertTrue(any(line.startswith("AUTH PLAIN") for line in peer.commands))

    def test_tables_in_sql(self):
        query = "dbpath = {etc}/mail.sqlite\nquery = SELECT %s FROM %s WHERE %s = '%%s'\n"
        host = self.imported(SQL, SERVICES, **{
            "sql-domains.cf": query % ("1", "domain", "domain"), "sql-mailboxes.cf": query % ("maildir", "mailbox", "username"),
            "sql-aliases.cf": query % ("goto", "alias", "address"),
            "mysql-more.cf": "hosts = 127.0.0.1\nuser = postfix\npassword = geheim\ndbname = p\nquery = SELECT goto FROM more WHERE a='%s'\n"})
        import sqlite3
        with sqlite3.connect(host.etc / "mail.sqlite") as database:
            database.executescript("CREATE TABLE domain (domain); CREATE TABLE mailbox (username, maildir); CREATE TABLE alias (address, goto);"
                                   "INSERT INTO domain VALUES ('xyz.example'); INSERT INTO mailbox VALUES ('somchai@xyz.example', 'x/');"
                                   "INSERT INTO alias VALUES ('info@xyz.example', 'somchai@xyz.example')")
        database.close()
        self.assertNotIn("geheim", host.text)
        self.assertIn("untranslated", host.remarks()["virtual_alias_maps"])
        vmail = self.folder / "vmail"
        daemon = host.replace(("lmtp:unix:/run/dovecot/lmtp", f"maildir:{vmail}/{{domain}}/{{local}}"), ("reverse_dns", "sender_domain")).daemon(
            dns={"servers": [f"{Dns(self).mx('abc.example', 10, 'mx.abc.example', self.net.host(9)).start().address}:{DNS_PORT}"]})
        daemon.vmail = vmail
        self.assert_right(daemon)
        daemon.start()
        send(host.address, "mod@abc.example", ["info@xyz.example"], message("sql"))
        self.wait_until(lambda: len(daemon.mailbox("somchai@xyz.example").messages()) == 1, "the message is there")
        with Dialogue(host.address) as client:
            client.say("EHLO client.abc.example", "250")
            client.say("MAIL FROM:<mod@abc.example>", "250")
            client.say("RCPT TO:<nobody@xyz.example>", "550")

    def test_tables_in_postgresql_with_a_password(self):
        server = Postgresql(self).start()
        server.sql("CREATE ROLE mail LOGIN PASSWORD 'ge:heim'; CREATE TABLE mailbox (username text, active bool); GRANT SELECT ON mailbox TO mail;"
                   "INSERT INTO mailbox VALUES ('somchai@xyz.example', true), ('malee@xyz.example', false)")
        (server.folder / "data/pg_hba.conf").write_text("local all mail scram-sha-256\nlocal all all trust\n")
        server.sql("SELECT pg_reload_conf()")
        query = f"hosts = unix:{server.folder}\nuser = mail\npassword = ge:heim\ndbname = postgres\nquery = SELECT username FROM mailbox WHERE username='%s' AND active\n"
        host = self.imported(VIRTUAL.replace("hash:{etc}/mailboxes", "proxy:pgsql:{etc}/people.cf").replace("inet:127.0.0.1:11332", "")
                             .replace("hash:{etc}/virtual", ""), SERVICES, domains="xyz.example\n", **{"people.cf": query})
        self.assertNotIn("heim", host.text)
        daemon = host.replace(("lmtp:unix:/run/dovecot/lmtp", f"maildir:{self.folder}/vmail/{{domain}}/{{local}}")).daemon(
            dns={"servers": [f"{Dns(self).start().address}:{DNS_PORT}"], "timeout": "2s"})
        self.assertNotIn("people", daemon.check().stderr)  # the table answers
        daemon.start()
        with Dialogue(host.address) as client:
            client.say("EHLO client.abc.example", "250")
            client.say("MAIL FROM:<>", "250")
            client.say("RCPT TO:<malee@xyz.example>", "550 5.1.1")
            client.say("RCPT TO:<nobody@xyz.example>", "550 5.1.1")
            self.assertNotIn("5.1.1", client.say("RCPT TO:<somchai@xyz.example>"))  # reverse_dns looks at who is known alone

    def test_tables_in_a_directory_with_a_password(self):
        address = self.net.host(9)
        slapd = Slapd(self, 9, Certificate(self, "ldap.example.com", address), {"alice": "x", "bob": "y"}).start()
        table = (f"server_host = ldaps://{address}:20636\nversion = 3\nsearch_base = dc=example,dc=com\nbind = yes\nbind_dn = {Slapd.READER}\n"
                 f"bind_pw = {Slapd.READER_PASSWORD}\ntls_ca_cert_file = {slapd.certificate.certificate}\n")
        host = self.imported(VIRTUAL.replace("hash:{etc}/mailboxes", "proxy:ldap:{etc}/people.cf").replace("inet:127.0.0.1:11332", "")
                             .replace("hash:{etc}/virtual", "ldap:{etc}/names.cf").replace(", reject_unknown_reverse_client_hostname", ""), SERVICES, domains="example.com\nabc.example\n",
                             **{"people.cf": table + "query_filter = (mail=%s)\nresult_attribute = uid\n",
                                "names.cf": table + "query_filter = (&(sn=%u)(objectClass=inetOrgPerson))\nresult_attribute = mail\n"})
        self.assertNotIn(Slapd.READER_PASSWORD + "\n", host.text)
        vmail = self.folder / "vmail"
        daemon = host.replace(("lmtp:unix:/run/dovecot/lmtp", f"maildir:{vmail}/{{domain}}/{{local}}")).daemon(
            dns={"servers": [f"{Dns(self).start().address}:{DNS_PORT}"], "timeout": "2s"})
        daemon.vmail = vmail
        self.assert_right(daemon)
        daemon.start()
        send(host.address, "mod@xyz.example", ["alice@abc.example"], message("by alias"))  # where an alias leads it
        daemon.mailbox("alice@example.com").wait()
        with Dialogue(host.address) as client:
            client.say("EHLO client.abc.example", "250")
            client.say("MAIL FROM:<>", "250")
            client.say("RCPT TO:<bob@example.com>", "250")
            client.say("RCPT TO:<carol@example.com>", "550 5.1.1")
            client.say("RCPT TO:<*@example.com>", "550 5.1.1")
        slapd.stop()
        with Dialogue(host.address) as client:
            client.say("EHLO client.abc.example", "250")
            client.say("MAIL FROM:<>", "250")
            client.say("RCPT TO:<carol2@example.com>", "451")

    def test_postscreen_and_policy_servers(self):
        host = self.imported(POSTSCREEN, SERVICES.replace("{mx} inet n - y - - smtpd", "{mx} inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd") +
                             "policyd-spf unix - n n - 0 spawn\n  user=policyd-spf argv=/usr/bin/policyd-spf\n",
                             **{"postscreen_access.cidr": "192.0.2.0/24 permit\n", "clients": "spam.example REJECT\n",
                                "header_checks": "/^X-Originating-IP:/ IGNORE\n/^Subject:.*lottery/ REJECT\n"})
        for words in ("greeting_delay: 6s", "reject: 3", "zone: zen.spamhaus.org, score: 3, answers: \"127.0.0.2-11\"", "zone: list.dnswl.org, score: -2",
                      'checks: {mx: [dns_lists, "delegate:postgrey"]}', "clients: strangers", "field: X-Originating-IP", 'to: "archive@xyz.example"'):
            self.assertIn(words, host.text)
        remarks = host.remarks()
        for what in "spam.example REJECT", "postscreen_access_list", "policyd-spf", "/^Subject:.*lottery/ REJECT":
            self.assertIn(what, remarks)
        self.assert_right(host.daemon())

    # ---- what is never done ---------------------------------------------------------------------------------------

    def test_nothing_is_replaced_without_being_told(self):
        host = self.imported(SATELLITE, sasl_passwd="[relay.abc.example]:20025 satellite:geheim\n")
        before = {path: path.read_bytes() for path in host.folder.iterdir()}
        host.output.write_text("mine\n")
        self.assertEqual(host.run(check=False).printed.returncode, 2)
        self.assertIn("is there already", host.printed.stderr)
        self.assertEqual(host.text, "mine\n")
        host.run("--force")
        self.assertEqual({path: path.read_bytes() for path in host.folder.iterdir()}, before)

    def test_what_was_read_is_never_replaced(self):
        host = self.imported(SATELLITE, sasl_passwd="[relay.abc.example]:20025 satellite:geheim\n")
        (host.etc / "link.yaml").symlink_to("main.cf")
        for name in "main.cf", "link.yaml":
            with self.subTest(name):
                before = {path: path.read_bytes() for path in host.etc.iterdir()}
                host.output = host.etc / name
                self.assertEqual(host.run("--force", check=False).printed.returncode, 2)
                self.assertIn("made from", host.printed.stderr)
                self.assertEqual({path: path.read_bytes() for path in host.etc.iterdir()}, before)

    def test_bad_input_is_named(self):
        cases = {"no main.cf": {"master.cf": SERVICES}, "a NUL": {"main.cf": "a = \0\n"}}
        for number, (name, files) in enumerate(cases.items()):
            with self.subTest(name):
                host = ImportedHost(self, files, name=f"bad{number}").run(check=False)
                self.assertEqual(host.printed.returncode, 2, host.printed.stderr)
                self.assertIn("main.cf", host.printed.stderr)
                self.assertFalse(host.folder.exists())

    def test_hostile_files_end_in_remarks(self):
        host = ImportedHost(self, {"main.cf": "myhostname = mail.xyz.example\nmydestination = $a\na = $b\nb = $a\nvirtual_alias_maps = hash:{etc}/loop, hash:{etc}/device, "
                                              "hash:{etc}/pipe, hash:{etc}/long, hash:{etc}/huge\nmyorigin = ${unclosed\n", "master.cf": LISTENING})
        (host.etc / "loop").symlink_to(host.etc / "loop")
        (host.etc / "device").symlink_to("/dev/zero")
        os.mkfifo(host.etc / "pipe")
        (host.etc / "long").write_bytes(b"x" * (10 << 20) + b"\n")
        with open(host.etc / "huge", "wb") as huge:
            huge.truncate(1 << 40)
        host.run(timeout=60)
        for words in "symbolic links", "no plain file", "too long", "circle", "too large", "no closing }":
            self.assertIn(words, host.printed.stderr)
        self.assert_right(host.daemon())

    def test_without_an_output_nothing_is_written(self):
        host = ImportedHost(self, {"main.cf": DEBIAN, "master.cf": SERVICES, "aliases": ALIASES, "mailname": "xyz.example\n"})
        before = sorted(path.name for path in host.etc.iterdir())
        done = self.run_program(BIN / "godwitctl", "import", "postfix", host.etc, cwd=host.etc)
        self.assertIn("hostname: mail.xyz.example", done.stdout)
        self.assertEqual(sorted(path.name for path in host.etc.iterdir()), before)

    # ---- beside the real one --------------------------------------------------------------------------------------

    def test_the_real_postfix_takes_the_same_recipients(self):
        if reason := unpacked.obstacle():
            self.skipTest(reason)
        tables = self.folder / "tables"
        tables.mkdir()
        for name, text in {
                "virtual": "info@xyz.example somchai@xyz.example\n@alias.example @xyz.example\nalias.example x\nteam@alias.example malee@xyz.example, ann@abc.example\n",
                "mailboxes": "carol@box.example box.example/carol/\n@all.example all/\n",
                "relay": "dave@far.example x\n", "transport": "far.example discard:\nbox.example discard:\nall.example discard:\n",
                }.items():
            (tables / name).write_text(text)
        real = postfix.Postfix(self, self.net.host(2), {
            "myhostname": "mail.xyz.example", "myorigin": "xyz.example", "mydestination": "xyz.example, $myhostname, localhost",
            "mynetworks": self.net.host(9), "alias_maps": "inline:{list=somchai}",
            "local_recipient_maps": "inline:{somchai=x, malee=x} $alias_maps", "recipient_delimiter": "+",
            "virtual_alias_maps": f"texthash:{tables}/virtual", "virtual_mailbox_domains": "box.example, all.example",
            "virtual_mailbox_maps": f"texthash:{tables}/mailboxes", "relay_domains": "far.example", "relay_recipient_maps": f"texthash:{tables}/relay",
            "transport_maps": f"texthash:{tables}/transport", "local_transport": "discard:", "default_transport": "discard:",
            "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination"}, {"smtpd_sasl_auth_enable": "yes"}).start()
        host = ImportedHost(self, {name: (real.folder / "etc" / name).read_text() for name in ("main.cf", "master.cf")})
        # The test reads the log elsewhere.
        host.run().replace((real.address, host.address), (f"log:\n  file: {self.folder}/postfix.log", ""))
        daemon = host.daemon()
        self.assert_right(daemon)
        daemon.start()
        recipients = ["somchai@xyz.example", "MALEE@XYZ.example", "somchai+x@xyz.example", "nobody@xyz.example", "list@xyz.example", "list@mail.xyz.example",
                      "malee@localhost", "nobody@localhost", "info@xyz.example", "info+a@xyz.example", "somchai@alias.example", "team@alias.example",
                      "nobody@alias.example", "carol@box.example", "carol+x@box.example", "nobody@box.example", "any@all.example", "dave@far.example",
                      "nobody@far.example", "ann@abc.example", "x@sub.far.example", "postmaster@xyz.example"]
        stranger, trusted = self.net.host(8), self.net.host(9)
        for client in stranger, trusted:
            answers = [self.answers(server, client, recipients) for server in (real.address, host.address)]
            different = {recipient: pair for recipient, *pair in zip(recipients, *answers) if pair[0] != pair[1]}
            # An alias of a whole domain lets everything in with Postfix, and what leads to nobody comes back.  Names below relay_domains
            # are relayed like any other for who may, as the import says.
            below = {"x@sub.far.example": ["5", "2"]} if client == trusted else {}
            self.assertEqual(different, {"nobody@alias.example": ["2", "5"], **below})

    def answers(self, server, client, recipients):
        with Dialogue(server, source=client) as dialogue:
            dialogue.say("EHLO client.abc.example", "250")
            dialogue.say("MAIL FROM:<mod@abc.example>", "250")
            return [dialogue.say(f"RCPT TO:<{recipient}>")[0] for recipient in recipients]


if __name__ == "__main__":
    main()
