// SPDX-License-Identifier: Apache-2.0
// What Postfix's files become: the host itself, its ports and numbers; and what becomes of what has no equivalent.
#include <fstream>

#include <fmt/format.h>

#include "unit/setup/postfix_import_fixture.hpp"

namespace godwit::setup {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Kind = PostfixRemark::Kind;

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
