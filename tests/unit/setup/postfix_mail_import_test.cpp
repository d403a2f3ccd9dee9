// SPDX-License-Identifier: Apache-2.0
// What Postfix's domains, mailboxes, aliases and transports become.
#include <fmt/format.h>

#include "unit/setup/postfix_import_fixture.hpp"

namespace godwit::setup {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using Kind = PostfixRemark::Kind;

TEST_F(PostfixImportTest, RewritingAndCopies) {
  files["/canon"] = "alice alice.smith@example.com\n@old.example @example.com\n";
  files["/bcc"] = "boss@example.com archive@example.com\n";
  const auto yaml = made(
      "sender_canonical_maps = hash:/canon\ncanonical_maps = regexp:/canon2\nmasquerade_domains = "
      "example.com\nmasquerade_exceptions = root\nalways_bcc = all@example.com\nsender_bcc_maps = "
      "hash:/bcc\ncanonical_classes = envelope_sender\n");
  EXPECT_THAT(yaml, HasSubstr("senders:\n    - \"alice@example.com\": \"alice.smith@example.com\"\n    - "
                              "\"@old.example\": \"@example.com\"\n"));
  EXPECT_THAT(yaml, HasSubstr("masquerade: [example.com]"));
  EXPECT_THAT(yaml, HasSubstr("header: false"));
  EXPECT_THAT(
      yaml, HasSubstr("- {to: \"all@example.com\"}\n  - {to: \"archive@example.com\", senders: \"boss@example.com\"}"));
  EXPECT_TRUE(says(Kind::untranslated, "canonical_maps", "canon2"));
}

TEST_F(PostfixImportTest, NamesOfTheMachineLeadToOneDomain) {
  const auto yaml = made("");
  EXPECT_THAT(yaml,
              HasSubstr("example.com: {deliver: \"maildir:/var/vmail/{domain}/{local}\", recipients: [root, alice]}"));
  EXPECT_THAT(yaml, HasSubstr("localhost: {deliver: \"discard:\", recipients: []}"));
  EXPECT_THAT(yaml, HasSubstr("- \"@localhost\": \"@example.com\""));
}

TEST_F(PostfixImportTest, LocalUsersBehindDovecot) {
  EXPECT_THAT(made("mailbox_transport = lmtp:unix:private/dovecot-lmtp\nlocal_recipient_maps =\nluser_relay = alice\n"),
              HasSubstr("example.com: {deliver: \"lmtp:unix:/run/dovecot/lmtp\", recipients: any, catch_all: "
                        "\"alice@example.com\"}"));
  EXPECT_THAT(made("mailbox_command = /usr/lib/dovecot/deliver\n"), HasSubstr("lmtp:unix:/run/dovecot/lmtp"));
  EXPECT_THAT(made("mailbox_command = procmail -a \"$EXTENSION\"\n"), HasSubstr("maildir:"));
  EXPECT_TRUE(says(Kind::untranslated, "mailbox_command", "executed"));
  EXPECT_THAT(made("local_transport = lmtp:inet:localhost:2424\n"), HasSubstr("lmtp:127.0.0.1:2424"));
}

TEST_F(PostfixImportTest, VirtualMailboxesInTextFiles) {
  files["/mboxes"] =
      "carol@example.org example.org/carol/\ndave@example.org example.org/dave/\nodd@example.org "
      "x/odd/\nnone@example.org fixed/\n@example.net any/\n";
  const auto yaml = made(
      "virtual_mailbox_domains = example.org, example.net, empty.example\nvirtual_mailbox_maps = "
      "hash:/mboxes\nvirtual_mailbox_base = /srv/mail\n");
  EXPECT_THAT(yaml, HasSubstr("example.org: {deliver: \"maildir:/srv/mail/{domain}/{local}\", recipients: [carol, "
                              "dave, odd, none], users: {\"odd\": \"maildir:/srv/mail/x/{local}\"}}"));
  EXPECT_THAT(yaml, HasSubstr("example.net: {deliver: \"maildir:/srv/mail/{domain}/{local}\", recipients: any}"));
  EXPECT_THAT(yaml, HasSubstr("empty.example: {deliver: \"maildir:/srv/mail/{domain}/{local}\", recipients: []}"));
  EXPECT_TRUE(says(Kind::untranslated, "virtual_mailbox_maps", "fixed"));
}

TEST_F(PostfixImportTest, VirtualMailboxesBehindLmtpAreAskedFor) {
  EXPECT_THAT(made("virtual_mailbox_domains = example.org\nvirtual_transport = lmtp:unix:private/dovecot-lmtp\n"),
              HasSubstr("example.org: {deliver: \"lmtp:unix:/run/dovecot/lmtp\", recipients: lmtp}"));
}

TEST_F(PostfixImportTest, DatabasesBecomeTables) {
  for (const auto* name : {"domains", "mailboxes", "aliases"})
    files[fmt::format("/etc/postfix/pg_{}.cf", name)] =
        "hosts = /run/postgresql\nuser = mail\npassword = geheim\ndbname = mail\nquery = SELECT x FROM " +
        std::string(name) + " WHERE key = '%s'\n";
  const auto yaml = made(
      "virtual_mailbox_domains = proxy:pgsql:/etc/postfix/pg_domains.cf\nvirtual_mailbox_maps = "
      "proxy:pgsql:/etc/postfix/pg_mailboxes.cf\n"
      "virtual_alias_maps = proxy:pgsql:/etc/postfix/pg_aliases.cf\nvirtual_transport = lmtp:unix:/run/dovecot/lmtp\n");
  EXPECT_THAT(
      yaml,
      HasSubstr("\"table:pg_domains\": {deliver: \"lmtp:unix:/run/dovecot/lmtp\", recipients: table:pg_mailboxes}"));
  EXPECT_THAT(yaml, HasSubstr("- table:pg_aliases"));
  EXPECT_THAT(yaml, HasSubstr("pg_domains: {type: postgresql, connection: "));
  EXPECT_THAT(yaml, Not(HasSubstr("geheim")));
  EXPECT_THAT(result.files, AllOf(SizeIs(3), Each(Field(&ImportedFile::is_secret, true))));
}

TEST_F(PostfixImportTest, MySqlIsNamedAndShown) {
  files["/etc/postfix/my.cf"] =
      "hosts = 127.0.0.1\nuser = m\npassword = geheim\ndbname = mail\nquery = SELECT 1 FROM virtual_domains WHERE "
      "name='%s'\n";
  const auto yaml = made("virtual_mailbox_domains = mysql:/etc/postfix/my.cf\n");
  EXPECT_TRUE(says(Kind::untranslated, "virtual_mailbox_domains", "no MySQL"));
  EXPECT_TRUE(says(Kind::untranslated, "virtual_mailbox_domains", "WHERE name={key}"));
  EXPECT_THAT(yaml, Not(HasSubstr("geheim")));
}

TEST_F(PostfixImportTest, RelayDomains) {
  files["/rr"] = "alice@far.example x\n";
  files["/tr"] = "far.example smtp:[10.0.0.7]:26\nother.example lmtp:unix:/run/x\n";
  const auto yaml =
      made("relay_domains = far.example, mx.example\nrelay_recipient_maps = hash:/rr\ntransport_maps = hash:/tr\n");
  EXPECT_THAT(yaml, HasSubstr("far.example: {deliver: \"smtp:[10.0.0.7]:26\", recipients: [alice]}"));
  EXPECT_THAT(yaml, HasSubstr("mx.example: {deliver: \"mx\", recipients: []}"));
  EXPECT_TRUE(says(Kind::untranslated, "other.example", "no transport"));
  EXPECT_THAT(made("relay_domains = mx.example\nsmtpd_recipient_restrictions = reject_unauth_destination, "
                   "reject_unverified_recipient\n"),
              HasSubstr("mx.example: {deliver: \"mx\", recipients: callout}"));
}

TEST_F(PostfixImportTest, AliasesOfBothKinds) {
  files["/etc/postfix/virtual"] =
      "aliases.example anything\ninfo@aliases.example alice, bob@elsewhere.example\n@example.com "
      "carol@example.org\nsales alice@example.com\nx@far.example y@example.com\n";
  files["/etc/postfix/virtual.re"] =
      "/^(.*)@alt\\.aliases\\.example$/ ${1}@example.com\n/^news-.*@example\\.com$/ alice\n/^(a|b)@example.com$/ "
      "alice\n";
  files["/etc/aliases"] =
      "root: alice\nprog: \"|/usr/bin/procmail\"\nlist: :include:/etc/list, bob\nfile: /var/mail/x\nloop: "
      ":include:/etc/loop\n";
  files["/etc/list"] = "# members\nm1@elsewhere.example\nm2\n";
  files["/etc/loop"] = ":include:/etc/loop\n";
  const auto yaml = made("virtual_alias_maps = hash:/etc/postfix/virtual regexp:/etc/postfix/virtual.re\n");
  EXPECT_THAT(yaml, HasSubstr("aliases.example: {deliver: \"discard:\", recipients: []}  # aliases only"));
  EXPECT_THAT(yaml, HasSubstr("- \"info@aliases.example\": [alice@example.com, bob@elsewhere.example]"));
  EXPECT_THAT(yaml, HasSubstr("- \"@example.com\": carol@example.org"));
  EXPECT_THAT(yaml, HasSubstr("- \"sales@example.com\": alice@example.com"));
  EXPECT_THAT(yaml, HasSubstr("- \"news-*@example.com\": alice@example.com"));
  EXPECT_THAT(yaml, HasSubstr("- \"root@example.com\": alice@example.com"));
  EXPECT_THAT(yaml, HasSubstr("- \"list@example.com\": [m1@elsewhere.example, m2@example.com, bob@example.com]"));
  EXPECT_TRUE(says(Kind::untranslated, "x@far.example", "ends here"));
  EXPECT_TRUE(says(Kind::untranslated, "prog", "program"));
  EXPECT_TRUE(says(Kind::untranslated, "file", "file"));
  EXPECT_TRUE(says(Kind::untranslated, "loop", "too deeply"));
  EXPECT_TRUE(says(Kind::untranslated, "(a|b)"));
}

TEST_F(PostfixImportTest, ManyAliasesGetAFile) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += fmt::format("user{}@example.com alice@example.com\n", i);
  files["/etc/postfix/virtual"] = text;
  const auto yaml = made("virtual_alias_maps = hash:/etc/postfix/virtual\n");
  EXPECT_THAT(yaml, HasSubstr("imported_aliases: {type: file, path: /etc/godwit/godwit.aliases}"));
  ASSERT_THAT(result.files, SizeIs(1));
  EXPECT_THAT(result.read,
              AllOf(Contains("/etc/aliases"), Contains("/etc/postfix/virtual"), Not(Contains(result.files[0].path))));
  wishes.stem = "mail1";
  EXPECT_THAT(made("virtual_alias_maps = hash:/etc/postfix/virtual\n"), HasSubstr("path: /etc/godwit/mail1.aliases}"));
  EXPECT_THAT(result.files[0].text, HasSubstr("user999@example.com: alice@example.com\n"));
}

TEST_F(PostfixImportTest, ARelayhostWithAPassword) {
  files["/pw"] = "[smtp.isp.example]:587 me@isp.example:pass:word\n";
  const auto yaml = made(
      "relayhost = [smtp.isp.example]:587\nsmtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = "
      "hash:/pw\nsmtp_tls_security_level = may\n");
  EXPECT_THAT(yaml,
              HasSubstr("- {domains: \"*\", next_hop: \"[smtp.isp.example]:587\", tls: require, credentials: {user: "
                        "\"me@isp.example\", password_file: /etc/godwit/relay_smtp_isp_example_587.pass}}"));
  ASSERT_THAT(result.files, SizeIs(1));
  EXPECT_EQ(result.files[0].text, "pass:word\n");
  EXPECT_TRUE(result.files[0].is_secret);
  EXPECT_THAT(yaml, Not(HasSubstr("pass:word")));
  EXPECT_TRUE(says(Kind::changed, "smtp_sasl_password_maps", "require"));
}

TEST_F(PostfixImportTest, WaysOut) {
  files["/tr"] =
      "a.example smtp:[10.0.0.1]\n.b.example slow:\nc.example error:gone\nd.example dovecot:\nuser@e.example "
      "smtp:[10.0.0.2]\n";
  files["/pol"] =
      "f.example secure match=mx.f.example\n.g.example encrypt\nh.example fingerprint match=00\n[10.0.0.1] none\n";
  files["/sdr"] = "@lists.example.com [out.example]:26\n";
  const auto yaml = made(
      "transport_maps = hash:/tr\nsmtp_tls_policy_maps = hash:/pol\nsender_dependent_relayhost_maps = "
      "hash:/sdr\nsmtp_tls_security_level = dane\nslow_destination_rate_delay = 2s\nslow_destination_concurrency_limit "
      "= 1\n",
      "smtp inet n - y - - smtpd\nslow unix - - n - - smtp -o smtp_bind_address=192.0.2.8 -o smtp_helo_timeout=5\n");
  EXPECT_THAT(yaml, HasSubstr("- {domains: a.example, next_hop: \"[10.0.0.1]\", tls: none}"));
  EXPECT_THAT(yaml,
              HasSubstr("- {domains: \"*.b.example\", source_addresses: [\"192.0.2.8\"], connections: 1, rate: 1/2s}"));
  EXPECT_THAT(yaml, HasSubstr("- {senders: \"@lists.example.com\", next_hop: \"[out.example]:26\"}"));
  EXPECT_THAT(yaml, HasSubstr("- {domains: \"f.example\", tls: {level: verify, name: mx.f.example}}"));
  EXPECT_THAT(yaml, HasSubstr("- {domains: \"*.g.example\", tls: require}"));
  EXPECT_THAT(yaml, HasSubstr("  tls: opportunistic\n"));
  EXPECT_TRUE(says(Kind::untranslated, "c.example"));
  EXPECT_TRUE(says(Kind::untranslated, "user@e.example"));
  EXPECT_TRUE(says(Kind::untranslated, "h.example"));
  EXPECT_TRUE(says(Kind::untranslated, "-o smtp_helo_timeout"));
}

}  // namespace
}  // namespace godwit::setup
