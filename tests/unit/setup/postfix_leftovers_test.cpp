// SPDX-License-Identifier: Apache-2.0
// Every line that does not become anything is named: options of master.cf, settings that say something else than
// Godwit does, and how much was left out where there is too much.
#include <algorithm>

#include <fmt/format.h>

#include "setup/postfix_syntax.hpp"
#include "unit/setup/postfix_import_fixture.hpp"

namespace godwit::setup {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Kind = PostfixRemark::Kind;

class PostfixLeftovers : public PostfixImportTest {
 protected:
  // Services of a whole master.cf, with port 25.
  std::string made_of(const std::string& services, const std::string& main = "") {
    return made_whole(main, port_25 + services);
  }
  bool names(const std::string& what) const {
    return std::ranges::any_of(result.remarks, [&](const auto& remark) { return remark.what.contains(what); });
  }
};

TEST_F(PostfixLeftovers, OptionsOfTheUsualTransportBecomeDelivery) {
  const auto yaml = made_of(
      "smtp unix - - y - - smtp -o smtp_bind_address=192.0.2.7 -o smtp_helo_name=out.example.com\n"
      "  -o smtp_mx_session_limit=3 -o smtp_helo_timeout=10 -o smtp_tls_security_level=encrypt\n");
  EXPECT_THAT(yaml, HasSubstr("source_addresses: [{address: \"192.0.2.7\", hostname: out.example.com}]"));
  EXPECT_THAT(yaml, HasSubstr("hosts_per_attempt: 3"));
  EXPECT_THAT(yaml, HasSubstr("timeouts: {greeting: 10s}"));
  EXPECT_THAT(yaml, HasSubstr("tls: require"));
  EXPECT_FALSE(names("-o "));
}

TEST_F(PostfixLeftovers, TheUsualTransportIsThatOfDefaultTransport) {
  const auto yaml = made_of(
      "smtp unix - - y - - smtp -o smtp_bind_address=192.0.2.7\nout unix - - y - - smtp -o "
      "smtp_bind_address=192.0.2.8\n",
      "default_transport = out\n");
  EXPECT_THAT(yaml, HasSubstr("source_addresses: [\"192.0.2.8\"]"));
  EXPECT_TRUE(says(Kind::untranslated, "-o smtp_bind_address", "of the transport smtp alone"));
}

TEST_F(PostfixLeftovers, DeliveryIsForOtherTransportsTooAndThatIsSaid) {
  const std::string services = "smtp unix - - y - - smtp -o smtp_bind_address=192.0.2.7\nrelay unix - - y - - smtp\n";
  made_of(services, "relay_domains = example.net\n");
  EXPECT_TRUE(says(Kind::changed, "-o smtp_bind_address", "for all transports"));
  made_of(services);
  EXPECT_FALSE(names("-o smtp_bind_address"));
}

TEST_F(PostfixLeftovers, RelayOfTransportMapsIsARouteOfItsOwn) {
  files["/t"] = "example.org relay:[10.0.0.5]\n";
  const auto yaml = made_of(
      "smtp unix - - y - - smtp\nrelay unix - - y - - smtp -o smtp_bind_address=192.0.2.9 -o "
      "smtp_address_preference=ipv4 -o smtp_rcpt_timeout=7\n",
      "transport_maps = hash:/t\nrelay_destination_concurrency_limit = 4\n");
  EXPECT_THAT(yaml, HasSubstr("next_hop: \"[10.0.0.5]\", source_addresses: [\"192.0.2.9\"], address_family: "
                              "prefer_ipv4, connections: 4}"));
  EXPECT_FALSE(names("-o smtp_bind_address"));
  EXPECT_TRUE(says(Kind::changed, "-o smtp_rcpt_timeout", "delivery.timeouts.command"));
}

TEST_F(PostfixLeftovers, OptionsOfEveryOtherServiceAreNamed) {
  made_of(
      "submission inet n - y - - smtpd -o smtpd_sasl_auth_enable=yes -o smtpd_client_message_rate_limit=10 -o "
      "smtpd_tls_security_level=encrypt -o syslog_name=postfix/submission\n"
      "cleanup unix n - y - 0 cleanup -o always_bcc=a@example.com -o hopcount_limit=10\n"
      "qmgr unix n - n 300 1 qmgr -o maximal_queue_lifetime=1d\n"
      "lmtp unix - - y - - lmtp -o lmtp_data_done_timeout=1200\n"
      "local unix - n n - - local -o mailbox_command=/usr/bin/procmail\n"
      "virtual unix - n n - - virtual -o virtual_mailbox_base=/home/mail -o nonsense=1\n");
  EXPECT_TRUE(says(Kind::untranslated, "-o smtpd_client_message_rate_limit", "of the service submission alone"));
  EXPECT_TRUE(says(Kind::untranslated, "-o always_bcc", "of the service cleanup alone"));
  EXPECT_TRUE(says(Kind::untranslated, "-o hopcount_limit"));
  EXPECT_TRUE(says(Kind::untranslated, "-o maximal_queue_lifetime", "delivery.retry.expire"));
  EXPECT_TRUE(says(Kind::changed, "-o lmtp_data_done_timeout", "LMTP"));
  EXPECT_TRUE(says(Kind::untranslated, "-o mailbox_command"));
  EXPECT_TRUE(says(Kind::untranslated, "-o virtual_mailbox_base"));
  EXPECT_TRUE(says(Kind::untranslated, "-o nonsense", "does not know"));
  EXPECT_FALSE(names("syslog_name"));
  EXPECT_FALSE(names("-o smtpd_tls_security_level"));
  const auto bcc = std::ranges::find(result.remarks, "-o always_bcc", &PostfixRemark::what);
  ASSERT_NE(bcc, result.remarks.end());
  EXPECT_EQ(bcc->place, "master.cf:3");
}

TEST_F(PostfixLeftovers, AnOptionThatSaysWhatMainCfSaysIsNotNamed) {
  made_of("qmgr unix n - n 300 1 qmgr -o maximal_queue_lifetime=3d\nlmtp unix - - y - - lmtp -o soft_bounce=no\n",
          "maximal_queue_lifetime = 3d\n");
  EXPECT_FALSE(names("-o "));
}

TEST_F(PostfixLeftovers, NumbersOfProcessesAreNamed) {
  made_of(
      "[::1]:2525 inet n - y - 20 smtpd\nslow unix - - y - 1 smtp\nlmtp unix - - y - 0 lmtp\n"
      "relay unix - - y - 50 smtp\nqmgr unix n - n 300 1 qmgr\ncleanup unix n - y - 0 cleanup\n",
      "default_process_limit = 50\n");
  EXPECT_TRUE(says(Kind::untranslated, "maxproc 20", "of the service [::1]:2525 alone: `limits.connections`"));
  EXPECT_TRUE(says(Kind::untranslated, "maxproc 1", "of the service slow alone: `routes[].connections`"));
  EXPECT_TRUE(says(Kind::untranslated, "maxproc 0", "of the service lmtp"));
  EXPECT_EQ(std::ranges::count_if(result.remarks, [](const auto& each) { return each.what.contains("maxproc"); }), 3);
}

TEST_F(PostfixLeftovers, ArgumentsOfProgramsAreNamed) {
  made_of("lmtp unix - - y - - lmtp -v -o syslog_name=x -D\nqmgr unix n - n 300 1 qmgr -o\n");
  EXPECT_TRUE(says(Kind::untranslated, "-v", "an argument of lmtp, of the service lmtp alone"));
  EXPECT_TRUE(says(Kind::untranslated, "-D"));
  EXPECT_TRUE(says(Kind::untranslated, "-o", "is no setting"));
}

TEST_F(PostfixLeftovers, ProgramsAndUnknownServicesAreNamed) {
  made_of(
      "mailman unix - n n - - pipe flags=FR user=list argv=/usr/bin/mailman\nhelper unix - n n - 0 spawn argv=/h\n"
      "odd unix - - y - - oddity\nspf unix - n n - 0 spawn argv=/spf\n",
      "smtpd_recipient_restrictions = check_policy_service unix:private/spf\n");
  EXPECT_TRUE(says(Kind::untranslated, "mailman", "program"));
  EXPECT_TRUE(says(Kind::untranslated, "helper", "program"));
  EXPECT_TRUE(says(Kind::untranslated, "odd", "oddity"));
  EXPECT_TRUE(says(Kind::changed, "spf", "SPF"));
  EXPECT_FALSE(says(Kind::untranslated, "spf"));
}

TEST_F(PostfixLeftovers, WhatGodwitAlwaysDoesIsNamedWhereItWasOtherwise) {
  made(
      "smtputf8_enable = no\nsmtpd_delay_reject = no\nsmtpd_tls_auth_only = no\nsmtpd_helo_required = no\n"
      "smtp_tls_ciphers = export\nsmtp_host_lookup = native\nlmtp_tcp_port = 2003\nvirtual_alias_recursion_limit = 5\n"
      "bounce_template_file = /b\nunknown_client_reject_code = 521\nsmtp_rcpt_timeout = 30s\n"
      "slow_destination_rate_delay = 1s\n");
  for (const auto* name : {"smtputf8_enable", "smtpd_delay_reject", "smtpd_tls_auth_only", "smtpd_helo_required",
                           "smtp_tls_ciphers", "smtp_host_lookup", "lmtp_tcp_port", "virtual_alias_recursion_limit",
                           "unknown_client_reject_code", "smtp_rcpt_timeout"})
    EXPECT_TRUE(says(Kind::changed, name)) << name;
  EXPECT_TRUE(says(Kind::untranslated, "bounce_template_file"));
  EXPECT_TRUE(says(Kind::untranslated, "slow_destination_rate_delay", "no route"));
}

TEST_F(PostfixLeftovers, WhatGodwitDoesAnywayIsNotNamed) {
  made(
      "smtputf8_enable = yes\nsmtpd_delay_reject = yes\nsmtpd_tls_auth_only = yes\nsmtpd_helo_required = yes\n"
      "smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)\nbiff = no\nappend_dot_mydomain = no\n"
      "readme_directory = no\nsmtp_tls_CApath = /etc/ssl/certs\nstrict_rfc821_envelopes = yes\n"
      "smtp_tls_session_cache_database = btree:${data_directory}/smtp_scache\nsmtp_rcpt_timeout = 5m\n"
      "smtpd_tls_mandatory_ciphers = high\nsmtp_sasl_security_options = noanonymous\nlmtp_tls_loglevel = 1\n"
      "smtpd_sasl_security_options = noanonymous\nsmtpd_sasl_tls_security_options = $smtpd_sasl_security_options\n"
      "unknown_local_recipient_reject_code = 550\nmilter_protocol = 6\ntls_preempt_cipherlist = yes\n");
  for (const auto& remark : result.remarks) EXPECT_NE(remark.place.substr(0, 7), "main.cf") << remark.what;
}

TEST_F(PostfixLeftovers, NumbersThatHaveAnEquivalentBecomeIt) {
  const auto yaml =
      made("smtp_mx_session_limit = 50\nsmtp_connection_reuse_count_limit = 20\nmaillog_file = /var/log/postfix.log\n");
  EXPECT_THAT(yaml, HasSubstr("hosts_per_attempt: 10\n"));
  EXPECT_TRUE(says(Kind::changed, "smtp_mx_session_limit", "bounds"));
  EXPECT_THAT(yaml, HasSubstr("messages_per_connection: 20\n"));
  EXPECT_THAT(yaml, HasSubstr("log:\n  file: /var/log/postfix.log\n"));
  EXPECT_TRUE(says(Kind::to_do, "maillog_file"));
}

TEST_F(PostfixLeftovers, VersionsOfTlsAreOneForBothDirections) {
  EXPECT_THAT(made("smtpd_tls_protocols = >=TLSv1.2\nsmtp_tls_protocols = !SSLv2, !SSLv3, !TLSv1, !TLSv1.1\n"),
              Not(HasSubstr("minimum_version")));
  EXPECT_FALSE(names("_protocols"));
  EXPECT_THAT(made("smtpd_tls_protocols = >=TLSv1.3\nsmtp_tls_protocols = TLSv1.2 TLSv1.3\n"),
              HasSubstr("minimum_version: \"1.3\""));
  EXPECT_TRUE(says(Kind::changed, "smtp_tls_protocols", "both directions"));
  made("smtp_tls_mandatory_protocols = >=TLSv1.3\nsmtp_tls_protocols = !SSLv2, !SSLv3\n");
  EXPECT_TRUE(says(Kind::changed, "smtp_tls_mandatory_protocols", "both directions"));
  EXPECT_TRUE(says(Kind::changed, "smtp_tls_protocols", "oldest"));
}

TEST_F(PostfixLeftovers, HowManyFaultsAreLeftOutIsSaid) {
  std::string main;
  for (int i = 0; i < 1500; ++i) main += fmt::format("no setting {}\n", i);
  made(main);
  EXPECT_TRUE(says(Kind::untranslated, "more", "500 further lines"));
}

TEST_F(PostfixLeftovers, HowManyRemarksAreLeftOutIsSaid) {
  std::string main;
  for (int i = 0; i < 6000; ++i) main += fmt::format("nonsense{} = 1\n", i);
  made(main);
  std::size_t nonsense = 0, left = 0;
  for (const auto& remark : result.remarks) {
    nonsense += remark.what.starts_with("nonsense") ? 1U : 0U;
    if (remark.what == "more") left = std::stoul(remark.why);
  }
  EXPECT_GE(left, 1000U);
  EXPECT_LE(nonsense + left, 6020U);
  EXPECT_GE(nonsense + left, 6000U);
}

TEST_F(PostfixLeftovers, LinesOfMasterCfThatWereNotReadAreNamed) {
  std::string services = "smtp unix - - y - - smtp -o a=" + std::string(postfix::longest_line, 'x') + "\n";
  for (std::size_t i = 0; i < postfix::most_lines + 2; ++i) services += "lmtp unix - - y - - lmtp\n -o x=y\n";
  made_of(services);
  EXPECT_TRUE(says(Kind::untranslated, "a line", "too long"));
  EXPECT_TRUE(says(Kind::untranslated, "the file", "4 more were not"));
}

}  // namespace
}  // namespace godwit::setup
