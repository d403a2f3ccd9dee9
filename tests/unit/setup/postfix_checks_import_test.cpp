// SPDX-License-Identifier: Apache-2.0
// What Postfix's restrictions, filters and header checks become.
#include <fmt/format.h>

#include "unit/setup/postfix_import_fixture.hpp"

namespace godwit::setup {
namespace {

using ::testing::HasSubstr;
using Kind = PostfixRemark::Kind;

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

}  // namespace
}  // namespace godwit::setup
