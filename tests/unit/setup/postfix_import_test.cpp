// SPDX-License-Identifier: Apache-2.0
#include "godwit/setup/postfix_import.hpp"

#include <fstream>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/config/config.hpp"

namespace godwit::setup {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Kind = PostfixRemark::Kind;

// What the daemon says of its configuration.
std::string errors_of(const std::string& yaml) {
  auto files = config::system_files();
  files.read_file = [&](const std::string&) -> base::Result<std::string> { return yaml; };
  std::string errors;
  for (const auto& diagnostic : config::load("godwit.yaml", files).diagnostics)
    if (diagnostic.severity == config::Severity::error) errors += config::to_string(diagnostic) + "\n";
  return errors;
}

class PostfixImportTest : public ::testing::Test {
 protected:
  static constexpr const char* base_settings =
      "compatibility_level = 3.6\nmyhostname = mail.example.com\nmyorigin = example.com\nmydestination = example.com, "
      "localhost\n";

  // The YAML; it is sound.
  std::string made(const std::string& main, const std::string& master = "smtp inet n - y - - smtpd\n") {
    files["/etc/postfix/main.cf"] = base_settings + main;
    files["/etc/postfix/master.cf"] = master + "smtp unix - - y - - smtp\nrelay unix - - y - - smtp\n";
    auto done = import_postfix(wishes, read);
    if (!done) throw std::runtime_error(done.error().message);
    result = std::move(*done);
    EXPECT_EQ(errors_of(result.configuration), "") << result.configuration;
    return result.configuration;
  }
  bool says(Kind kind, const std::string& what, const std::string& why = "") const {
    for (const auto& remark : result.remarks)
      if (remark.kind == kind && remark.what.contains(what) && remark.why.contains(why)) return true;
    return false;
  }

  PostfixWishes wishes{.hostname = "pc.example.net", .addresses = {}};
  std::map<std::string, std::string> files{
      {"/etc/aliases", "postmaster: root\nroot: alice\n"},
      {"/etc/passwd", "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n"}};
  ReadPostfixFile read = [this](const std::string& path) -> base::Result<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return base::fail_os(path, ENOENT);
    return found->second;
  };
  PostfixImport result;
};

TEST_F(PostfixImportTest, WhoWeAre) {
  const auto yaml = made(
      "recipient_delimiter = +\nproxy_interfaces = 192.0.2.25\nmynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 "
      "[::1]/128 [2001:db8::]/32 "
      "!10.0.0.1\ndisable_vrfy_command = yes\n");
  EXPECT_THAT(yaml, HasSubstr("\nhostname: mail.example.com\norigin: example.com\n"));
  EXPECT_THAT(yaml, HasSubstr("own_addresses: [\"192.0.2.25\"]"));
  EXPECT_THAT(yaml, HasSubstr("trusted_networks: [\"127.0.0.0/8\", \"::1/128\", \"2001:db8::/32\"]"));
  EXPECT_THAT(yaml, HasSubstr("detail_separator: \"+\""));
  EXPECT_THAT(yaml, HasSubstr("vrfy: nobody"));
  EXPECT_THAT(yaml, HasSubstr("postmaster: \"alice@example.com\""));
  EXPECT_TRUE(says(Kind::untranslated, "mynetworks", "!10.0.0.1"));
}

TEST_F(PostfixImportTest, OriginMayBeAFile) {
  files["/etc/mailname"] = "example.org\n";
  EXPECT_THAT(made("myorigin = /etc/mailname\n"), HasSubstr("origin: example.org"));
}

TEST_F(PostfixImportTest, NobodyIsTrustedByAddressWhereNoListSaysSo) {
  EXPECT_THAT(
      made(
          "mynetworks = 10.0.0.0/8\nsmtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination\n"),
      HasSubstr("trusted_networks: []"));
  EXPECT_TRUE(says(Kind::changed, "mynetworks"));
}

TEST_F(PostfixImportTest, AnOpenRelayIsNotMade) {
  EXPECT_THAT(made("mynetworks = 0.0.0.0/0 127.0.0.0/8\nsmtpd_relay_restrictions = permit\n"),
              HasSubstr("trusted_networks: [\"127.0.0.0/8\"]"));
  EXPECT_TRUE(says(Kind::untranslated, "mynetworks", "open relay"));
  EXPECT_TRUE(says(Kind::changed, "smtpd_relay_restrictions", "open relay"));
}

TEST_F(PostfixImportTest, ServicesBecomeListeners) {
  const std::string master =
      "smtp inet n - y - - smtpd\n"
      "submission inet n - y - - smtpd\n -o smtpd_tls_security_level=encrypt\n -o smtpd_sasl_auth_enable=yes\n"
      "submissions inet n - y - - smtpd\n -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes\n"
      "[::1]:2525 inet n - y - - smtpd\n -o smtpd_upstream_proxy_protocol=haproxy\n"
      "127.0.0.1:10025 inet n - n - - smtpd -o content_filter=\n"
      "628 inet n - y - - qmqpd\n";
  const auto yaml = made(
      "smtpd_tls_cert_file = /c.pem\nsmtpd_tls_key_file = /k.pem\nsmtpd_tls_security_level = may\nsmtpd_sasl_type = "
      "dovecot\nsmtpd_sasl_path = private/auth\n",
      master);
  EXPECT_THAT(yaml, HasSubstr("  - {address: \"[::]:25\", service: mx}\n  - {address: \"[::]:587\", service: "
                              "submission}\n  - {address: \"[::]:465\", service: submission, tls: implicit}\n"));
  EXPECT_THAT(yaml, HasSubstr("{address: \"[::1]:2525\", service: mx, proxy_protocol: true}"));
  EXPECT_THAT(yaml, HasSubstr("{certificate: /c.pem, private_key: /k.pem}"));
  EXPECT_THAT(yaml, HasSubstr("- {type: dovecot, path: /run/dovecot/auth-client}"));
  EXPECT_TRUE(says(Kind::untranslated, "127.0.0.1:10025", "content filter"));
  EXPECT_TRUE(says(Kind::untranslated, "628", "qmqpd"));
  EXPECT_TRUE(says(Kind::to_do, "smtpd_sasl_path", "auth-client"));
}

TEST_F(PostfixImportTest, WhoLoggedInOnPort25GetsPort587) {
  const auto yaml = made(
      "inet_interfaces = 192.0.2.1\nsmtpd_sasl_auth_enable = yes\nsmtpd_tls_security_level = may\nsmtpd_tls_cert_file "
      "= /c.pem\n");
  EXPECT_THAT(yaml, HasSubstr("{address: \"192.0.2.1:587\", service: submission}"));
  EXPECT_TRUE(says(Kind::changed, "smtpd_sasl_auth_enable", "587"));
}

TEST_F(PostfixImportTest, WithoutACertificateThereIsNoTls) {
  const auto yaml = made("smtpd_sasl_auth_enable = yes\ninet_protocols = ipv4\n");
  EXPECT_THAT(yaml, HasSubstr("{address: \"0.0.0.0:25\", service: mx, tls: none}"));
  EXPECT_THAT(yaml, Not(HasSubstr("submission}")));
  EXPECT_TRUE(says(Kind::to_do, "submission", "certificates"));
}

TEST_F(PostfixImportTest, Saslauthd) {
  files["/etc/postfix/sasl/smtpd.conf"] = "pwcheck_method: saslauthd\nmech_list: PLAIN\n";
  EXPECT_THAT(made("smtpd_sasl_auth_enable = yes\nsmtpd_sasl_local_domain = example.com\n"),
              HasSubstr("- {type: saslauthd, path: /run/saslauthd/mux, domain: example.com}"));
  files["/etc/postfix/sasl/smtpd.conf"] = "pwcheck_method: auxprop\n";
  made("smtpd_sasl_auth_enable = yes\n");
  EXPECT_TRUE(says(Kind::untranslated, "smtpd_sasl_type", "auxprop"));
}

TEST_F(PostfixImportTest, Numbers) {
  const auto yaml = made(
      "message_size_limit = 52428800\nsmtpd_client_message_rate_limit = 100\nanvil_rate_time_unit = "
      "2m\nmaximal_queue_lifetime = 3d\ndelay_warning_time = 4\n"
      "smtp_connect_timeout = 10s\nsoft_bounce = yes\nsmtp_bind_address = 192.0.2.9\nsmtp_helo_name = "
      "out.example.com\nqueue_minfree = 1048576\nsmtpd_hard_error_limit = 5000\n");
  EXPECT_THAT(yaml, HasSubstr("message_size: 50MiB"));
  EXPECT_THAT(yaml, HasSubstr("message_rate: 100/2m"));
  EXPECT_THAT(yaml, HasSubstr("errors: 1000"));
  EXPECT_THAT(yaml, HasSubstr("retry: {first: 5m, max: 4000s, expire: 3d, warn: 4h, bounce_expire: 3d}"));
  EXPECT_THAT(yaml, HasSubstr("timeouts: {connect: 10s}"));
  EXPECT_THAT(yaml, HasSubstr("soft_bounce: true"));
  EXPECT_THAT(yaml, HasSubstr("source_addresses: [{address: \"192.0.2.9\", hostname: out.example.com}]"));
  EXPECT_THAT(yaml, HasSubstr("min_free: 1MiB"));
  EXPECT_TRUE(says(Kind::changed, "smtpd_hard_error_limit", "1000"));
}

TEST_F(PostfixImportTest, NumbersThatAreNone) {
  made("message_size_limit = lots\nmaximal_queue_lifetime = soon\nsmtp_bind_address = here\n");
  EXPECT_TRUE(says(Kind::untranslated, "message_size_limit"));
  EXPECT_TRUE(says(Kind::untranslated, "maximal_queue_lifetime"));
  EXPECT_TRUE(says(Kind::untranslated, "smtp_bind_address"));
}

TEST_F(PostfixImportTest, RestrictionsBecomeChecksInTheirOrder) {
  files["/etc/postfix/helo"] = "mail.example.com REJECT you are not me\nfriend.example OK\n";
  files["/etc/postfix/rcpt"] = "abuse@ OK\nspamtrap@example.com REJECT\n";
  const auto yaml = made(
      "smtpd_restriction_classes = strict\nstrict = reject_unknown_sender_domain\n"
      "smtpd_helo_restrictions = permit_mynetworks, check_helo_access hash:/etc/postfix/helo, "
      "reject_non_fqdn_helo_hostname\n"
      "smtpd_recipient_restrictions = permit_mynetworks permit_sasl_authenticated reject_unauth_destination "
      "check_recipient_access hash:/etc/postfix/rcpt strict "
      "reject_unknown_reverse_client_hostname reject_rbl_client zen.spamhaus.org=127.0.0.[2..11] check_policy_service "
      "inet:127.0.0.1:10023 "
      "check_policy_service { unix:private/policy, timeout=10s, default_action=DUNNO } warn_if_reject "
      "reject_rbl_client x.example reject_unverified_sender\n");
  EXPECT_THAT(yaml, HasSubstr("checks: {mx: [hello, sender_domain, reverse_dns, dns_lists, \"delegate:postgrey\", "
                              "\"delegate:var_spool_postfix_private_policy\"]}"));
  EXPECT_THAT(yaml, HasSubstr("hello: {own_name: reject, bad_name: reject}"));
  EXPECT_THAT(yaml, HasSubstr("exempt_recipients: [postmaster, abuse]"));
  EXPECT_THAT(yaml, HasSubstr("- {zone: zen.spamhaus.org, score: 5, answers: \"127.0.0.2-11\"}"));
  EXPECT_THAT(yaml, HasSubstr("- {name: postgrey, address: \"inet:127.0.0.1:10023\", clients: strangers}"));
  EXPECT_THAT(yaml, HasSubstr("address: \"unix:/var/spool/postfix/private/policy\", clients: strangers, on_failure: "
                              "accept, timeout: 10s}"));
  EXPECT_TRUE(says(Kind::untranslated, "friend.example OK", "check_helo_access"));
  EXPECT_TRUE(says(Kind::untranslated, "spamtrap@example.com REJECT"));
  EXPECT_TRUE(says(Kind::untranslated, "warn_if_reject reject_rbl_client"));
  EXPECT_TRUE(says(Kind::untranslated, "reject_unverified_sender"));
}

TEST_F(PostfixImportTest, AClosedDoorIsNamed) {
  made("smtpd_client_restrictions = permit_mynetworks, reject\n");
  EXPECT_TRUE(says(Kind::untranslated, "smtpd_client_restrictions: reject", "firewall"));
}

TEST_F(PostfixImportTest, ClassesThatMultiplyAreBounded) {
  std::string main = "smtpd_restriction_classes = c0 c1 c2 c3 c4 c5 c6 c7\nsmtpd_recipient_restrictions = c0\n";
  for (int i = 0; i < 7; ++i) {
    main += fmt::format("c{} =", i);
    for (int j = 0; j < 100; ++j) main += fmt::format(" c{}", i + 1);
    main += "\n";
  }
  made(main + "c7 = reject_unauth_destination\n");
  EXPECT_TRUE(says(Kind::untranslated, "smtpd_recipient_restrictions", "too many"));
}

TEST_F(PostfixImportTest, ClassesThatNameEachOtherEnd) {
  made("smtpd_restriction_classes = a, b\na = b\nb = a\nsmtpd_recipient_restrictions = reject_unauth_destination a\n");
  EXPECT_TRUE(says(Kind::untranslated, "smtpd_recipient_restrictions", "too deeply"));
}

TEST_F(PostfixImportTest, PostscreenBecomesScoresAndAWait) {
  const auto yaml = made(
      "postscreen_dnsbl_sites = zen.spamhaus.org*3 list.dnswl.org=127.0.[0..255].[1..3]*-2\npostscreen_dnsbl_threshold "
      "= 3\npostscreen_dnsbl_action = enforce\n"
      "postscreen_greet_action = enforce\npostscreen_access_list = permit_mynetworks, cidr:/etc/postfix/pl\n",
      "smtp inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd\ndnsblog unix - - y - 0 dnsblog\n");
  EXPECT_THAT(yaml, HasSubstr("greeting_delay: 6s"));
  EXPECT_THAT(yaml, HasSubstr("  dns_lists:\n    reject: 3\n"));
  EXPECT_THAT(yaml, HasSubstr("{address: \"[::]:25\", service: mx, tls: none}"));
  EXPECT_TRUE(says(Kind::untranslated, "postscreen_access_list"));
}

TEST_F(PostfixImportTest, Milters) {
  const auto yaml = made(
      "smtpd_milters = inet:localhost:11332 { unix:opendkim/opendkim.sock, connect_timeout=10s, default_action=reject "
      "}\nnon_smtpd_milters = inet:localhost:11332\nmilter_default_action = accept\n",
      "smtp inet n - y - - smtpd\nsubmission inet n - y - - smtpd -o smtpd_sasl_auth_enable=yes -o "
      "smtpd_milters=inet:localhost:8891\n");
  EXPECT_THAT(
      yaml,
      HasSubstr("- {name: rspamd, address: \"inet:localhost:11332\", services: [mx, local], on_failure: accept}"));
  EXPECT_THAT(yaml, HasSubstr("address: \"unix:/var/spool/postfix/opendkim/opendkim.sock\", services: [mx], "
                              "on_failure: reject, timeouts: {connect: 10s}}"));
  EXPECT_THAT(yaml, HasSubstr("address: \"inet:localhost:8891\", services: [submission]"));
}

TEST_F(PostfixImportTest, SimpleHeaderChecksBecomeRules) {
  files["/hc"] =
      "/^User-Agent:/ IGNORE\n/^Received:.*\\[10\\./ IGNORE\n/^X-Origin:\\s*.*$/ REPLACE X-Origin: "
      "us\n/^Subject:.*viagra/ REJECT\n/[0-9]+/ IGNORE\n";
  const auto yaml = made("header_checks = pcre:/hc\n");
  EXPECT_THAT(yaml, HasSubstr("- {field: User-Agent, mail: [submitted, trusted, others]}"));
  EXPECT_THAT(yaml, HasSubstr("- {field: Received, matching: \"*[10.*\", mail: [submitted]}"));
  EXPECT_THAT(yaml, HasSubstr("- {field: X-Origin, action: replace, value: \"us\", mail:"));
  EXPECT_TRUE(says(Kind::untranslated, "viagra", "milter"));
  EXPECT_TRUE(says(Kind::untranslated, "[0-9]+"));
}

TEST_F(PostfixImportTest, HeaderChecksOfACleanupServiceAreThoseOfItsUsers) {
  files["/sub"] = "/^Received:/ IGNORE\n";
  const auto yaml = made("",
                         "smtp inet n - y - - smtpd\nsubmission inet n - y - - smtpd -o smtpd_sasl_auth_enable=yes -o "
                         "cleanup_service_name=sc\nsc unix n - y - 0 cleanup -o header_checks=regexp:/sub\n");
  EXPECT_THAT(yaml, HasSubstr("- {field: Received, mail: [submitted]}"));
}

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

TEST_F(PostfixImportTest, WhatIsLeftIsNamed) {
  made(
      "content_filter = smtp-amavis:[127.0.0.1]:10024\nmy_own = x\nother = $my_own\nnonsense_setting = "
      "1\nqueue_run_delay = 5m\nbody_checks = regexp:/b\nsmtp_tls_wrappermode = yes\nnot a setting\n");
  EXPECT_TRUE(says(Kind::untranslated, "content_filter", "milter"));
  EXPECT_TRUE(says(Kind::untranslated, "nonsense_setting", "does not know"));
  EXPECT_TRUE(says(Kind::untranslated, "other", "does not know"));
  EXPECT_TRUE(says(Kind::untranslated, "body_checks"));
  EXPECT_TRUE(says(Kind::untranslated, "smtp_tls_wrappermode"));
  EXPECT_TRUE(says(Kind::untranslated, "not a setting"));
  EXPECT_FALSE(says(Kind::untranslated, "my_own"));
  EXPECT_FALSE(says(Kind::untranslated, "queue_run_delay"));
  for (const auto& remark : result.remarks) EXPECT_THAT(result.configuration, HasSubstr(remark.what));
}

TEST_F(PostfixImportTest, RemarksAreBounded) {
  std::string main;
  for (int i = 0; i < 6000; ++i) main += fmt::format("nonsense{} = 1\n", i);
  made(main);
  EXPECT_EQ(result.remarks.size(), 5001U);
  EXPECT_TRUE(says(Kind::untranslated, "more"));
}

TEST_F(PostfixImportTest, WhatCannotBeReadStopsNothing) {
  const auto yaml = made(
      "virtual_alias_maps = hash:/missing, foo:/x\nmydestination = example.com, hash:/none, /gone, pcre:/p\nmynetworks "
      "= cidr:/n, ${unclosed\ntransport_maps = hash:/t\nalias_maps = nis:mail.aliases\n");
  EXPECT_TRUE(says(Kind::untranslated, "virtual_alias_maps", "/missing: No such file"));
  EXPECT_TRUE(says(Kind::untranslated, "mydestination", "/gone"));
  EXPECT_TRUE(says(Kind::untranslated, "mynetworks", "closing"));
  EXPECT_TRUE(says(Kind::untranslated, "alias_maps", "nis"));
}

TEST_F(PostfixImportTest, ValuesCannotLeaveTheirPlace) {
  files["/etc/aliases"] = "\"a\\\"b\": alice\nc: \"x\\ny\"\n";
  const auto yaml = made(
      "smtpd_tls_cert_file = /c\"}]\\n: x\nsmtpd_tls_security_level = may\nrelayhost = [a\"]\nsmtp_bind_address = "
      "\"}\nmyorigin = a: b\nalways_bcc = x\"}@y\nproxy_interfaces = # {\n");
  EXPECT_EQ(errors_of(yaml), "");
}

TEST_F(PostfixImportTest, MainCfMustBeText) {
  files["/etc/postfix/main.cf"] = std::string("a = \0", 5);
  EXPECT_FALSE(import_postfix(wishes, read));
  files.clear();
  EXPECT_FALSE(import_postfix(wishes, read));
}

TEST_F(PostfixImportTest, AnEmptyMainCfIsAHostOfItsOwn) {
  files["/etc/postfix/main.cf"] = "";
  const auto done = import_postfix(wishes, read);
  ASSERT_TRUE(done);
  EXPECT_EQ(errors_of(done->configuration), "");
  EXPECT_THAT(done->configuration, HasSubstr("hostname: pc.example.net"));
  EXPECT_THAT(done->configuration, HasSubstr("message_size: "));
}

TEST(PostfixSettings, TheDocumentHasTheTable) {
  std::ifstream file(GODWIT_DOCS "/migration.md");
  const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_THAT(page, HasSubstr(postfix_settings_markdown()))
      << "godwitctl import postfix --settings prints what belongs there";
}

}  // namespace
}  // namespace godwit::setup
