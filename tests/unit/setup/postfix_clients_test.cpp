// SPDX-License-Identifier: Apache-2.0
// Who may send what to the imported host: never more than to the one with Postfix.
#include <map>
#include <stdexcept>

#include "godwit/setup/postfix_import.hpp"

namespace godwit::setup {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PostfixClientsTest : public ::testing::Test {
 protected:
  static constexpr const char* base_settings =
      "compatibility_level = 3.6\nmyhostname = mail.example.com\nmydestination = example.com\ninet_protocols = ipv4\n";

  std::string made(const std::string& main, const std::string& master = "smtp inet n - y - - smtpd\n") {
    files["/etc/postfix/main.cf"] = base_settings + main;
    files["/etc/postfix/master.cf"] = master;
    auto done = import_postfix({}, [this](const std::string& path) -> base::Result<std::string> {
      const auto found = files.find(path);
      if (found == files.end()) return base::fail_os(path, ENOENT);
      return found->second;
    });
    if (!done) throw std::runtime_error(done.error().message);
    result = std::move(*done);
    return result.configuration;
  }
  bool says(PostfixRemark::Kind kind, const std::string& what, const std::string& why = "") const {
    for (const auto& remark : result.remarks)
      if (remark.kind == kind && remark.what.contains(what) && remark.why.contains(why)) return true;
    return false;
  }

  static constexpr auto untranslated = PostfixRemark::Kind::untranslated;
  static constexpr auto changed = PostfixRemark::Kind::changed;
  static constexpr auto to_do = PostfixRemark::Kind::to_do;
  std::map<std::string, std::string> files;
  PostfixImport result;
};

// ---- listeners

TEST_F(PostfixClientsTest, AServiceThatRefusesStrangersIsNotOpenedToThem) {
  const auto yaml = made("mynetworks = 10.0.0.0/8\n",
                         "smtp inet n - y - - smtpd\n10.0.0.1:2525 inet n - y - - smtpd -o "
                         "smtpd_client_restrictions=permit_mynetworks,reject\n");
  EXPECT_THAT(yaml, HasSubstr("- {address: \"0.0.0.0:25\", service: mx, tls: none}"));
  EXPECT_THAT(yaml, Not(HasSubstr("address: \"10.0.0.1:2525\"")));
  EXPECT_TRUE(says(to_do, "10.0.0.1:2525", "refuses strangers"));
  EXPECT_TRUE(says(untranslated, "-o smtpd_client_restrictions: permit_mynetworks, reject", "10.0.0.1:2525"));
}

TEST_F(PostfixClientsTest, ARefusalMayStandInAClassOrBehindPostscreen) {
  made("smtpd_restriction_classes = closed\nclosed = check_client_access hash:/permit, reject\n",
       "smtp inet n - y - - smtpd\n2525 inet n - y - - smtpd -o { smtpd_recipient_restrictions = permit_mynetworks, "
       "closed }\n");
  EXPECT_TRUE(says(to_do, "2525", "refuses strangers"));
  const auto yaml = made("",
                         "smtp inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd -o "
                         "smtpd_relay_restrictions=permit_mynetworks,reject\n");
  EXPECT_TRUE(says(to_do, "smtp", "refuses strangers"));
  EXPECT_THAT(yaml, HasSubstr("listeners:\n  - {address: \"127.0.0.1:25\", service: mx, tls: none}\n"));
}

TEST_F(PostfixClientsTest, WhatTakesOurMailFromStrangersIsOpen) {
  for (const auto* list : {"permit_mynetworks,permit_auth_destination,reject",
                           "permit_mynetworks,reject_unauth_destination", "permit,reject", "warn_if_reject,reject"}) {
    const auto yaml = made("", std::string("2525 inet n - y - - smtpd -o smtpd_recipient_restrictions=") + list + "\n");
    EXPECT_THAT(yaml, HasSubstr("address: \"0.0.0.0:2525\", service: mx")) << list;
  }
}

TEST_F(PostfixClientsTest, ListsOfFurtherServicesAreNamed) {
  const auto yaml = made("smtpd_sender_restrictions = reject_unknown_sender_domain\n",
                         "2525 inet n - y - - smtpd -o smtpd_sender_restrictions= -o "
                         "smtpd_helo_restrictions=reject_unknown_helo_hostname\nsmtp inet n - y - - smtpd\n");
  EXPECT_THAT(yaml, HasSubstr("checks: {mx: [sender_domain]}"));
  EXPECT_TRUE(says(untranslated, "-o smtpd_sender_restrictions: (none)", "2525"));
  EXPECT_TRUE(says(untranslated, "-o smtpd_helo_restrictions: reject_unknown_helo_hostname", "2525"));
}

TEST_F(PostfixClientsTest, ListsOfTheLeadingServiceAreNotThoseOfTheOthers) {
  made("smtpd_sender_restrictions = reject_unknown_sender_domain\n",
       "smtp inet n - y - - smtpd -o smtpd_sender_restrictions=\n2525 inet n - y - - smtpd\n");
  EXPECT_TRUE(says(untranslated, "smtpd_sender_restrictions: reject_unknown_sender_domain", "2525"));
}

TEST_F(PostfixClientsTest, WithoutAnAddressThereIsALoopbackListener) {
  const auto only_loopback = HasSubstr("listeners:\n  - {address: \"127.0.0.1:25\", service: mx, tls: none}\n\n");
  EXPECT_THAT(made("inet_interfaces = $myhostname\n"), only_loopback);
  EXPECT_TRUE(says(to_do, "inet_interfaces", "this machine only"));
  EXPECT_THAT(made("", "submission inet n - y - - smtpd -o smtpd_sasl_auth_enable=yes\n"), only_loopback);
  EXPECT_TRUE(says(to_do, "submission", "certificates"));
  EXPECT_THAT(made("", "pickup unix n - y 60 1 pickup\n"), only_loopback);
}

// ---- relaying

TEST_F(PostfixClientsTest, NetworksOfTheServiceItselfCount) {
  EXPECT_THAT(made("mynetworks = 127.0.0.0/8, 10.0.0.0/8\n", "smtp inet n - y - - smtpd -o mynetworks=127.0.0.0/8\n"),
              HasSubstr("trusted_networks: [\"127.0.0.0/8\"]"));
  EXPECT_TRUE(says(changed, "-o mynetworks"));
}

TEST_F(PostfixClientsTest, WhatAllServicesLetRelayIsTrusted) {
  EXPECT_THAT(made("mynetworks = 127.0.0.0/8, 10.0.0.0/8, 192.0.2.1\n",
                   "smtp inet n - y - - smtpd -o mynetworks=127.0.0.1,10.0.0.0/9,192.0.0.0/8\n2525 inet n - y - - "
                   "smtpd\n"),
              HasSubstr("trusted_networks: [\"127.0.0.1/32\", \"10.0.0.0/9\", \"192.0.2.1/32\"]"));
  EXPECT_TRUE(says(changed, "mynetworks", "different clients"));
}

TEST_F(PostfixClientsTest, AnInnerServiceDoesNotOpenPort25) {
  EXPECT_THAT(made("mynetworks = 10.0.0.0/8\n",
                   "smtp inet n - y - - smtpd -o "
                   "smtpd_relay_restrictions=permit_sasl_authenticated,reject_unauth_destination\n10.0.0.1:2525 inet n "
                   "- y - - smtpd\n"),
              HasSubstr("trusted_networks: []"));
  EXPECT_TRUE(says(changed, "mynetworks", "different clients"));
}

TEST_F(PostfixClientsTest, TheFirstWordThatDecidesCounts) {
  for (const auto* lists :
       {"smtpd_relay_restrictions = reject_unauth_destination, permit_mynetworks",
        "smtpd_relay_restrictions = check_client_access hash:permit_mynetworks, defer_unauth_destination",
        "smtpd_recipient_restrictions = reject_unauth_destination, permit_mynetworks",
        "smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = reject_unauth_destination",
        "smtpd_client_restrictions = reject"})
    EXPECT_THAT(made(std::string("mynetworks = 10.0.0.0/8\n") + lists + "\n"), HasSubstr("trusted_networks: []"))
        << lists;
  for (const auto* lists :
       {"", "smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination",
        "smtpd_client_restrictions = permit_mynetworks, reject",
        "smtpd_restriction_classes = ours\nours = permit_mynetworks\nsmtpd_relay_restrictions = ours, reject"})
    EXPECT_THAT(made(std::string("mynetworks = 10.0.0.0/8\n") + lists + "\n"),
                HasSubstr("trusted_networks: [\"10.0.0.0/8\"]"))
        << lists;
}

TEST_F(PostfixClientsTest, NetworksWithAnExclusionAreLeftOut) {
  EXPECT_THAT(made("mynetworks = 192.0.2.0/24, !10.1.2.3, 10.0.0.0/8, !192.0.2.0/25, 127.0.0.0/8\n"),
              HasSubstr("trusted_networks: [\"192.0.2.0/24\", \"127.0.0.0/8\"]"));
  EXPECT_TRUE(says(untranslated, "mynetworks", "10.0.0.0/8\" is left out"));
  EXPECT_TRUE(says(untranslated, "mynetworks", "\"!10.1.2.3\""));
  EXPECT_THAT(made("mynetworks = 127.0.0.0/8, !/etc/enemies, 10.0.0.0/8\n"),
              HasSubstr("trusted_networks: [\"127.0.0.0/8\"]"));
  EXPECT_TRUE(says(untranslated, "mynetworks", "10.0.0.0/8\" is left out"));
}

TEST_F(PostfixClientsTest, AnExclusionInAFileCountsForWhatFollows) {
  files["/n"] = "127.0.0.0/8\n!10.1.2.3\n";
  EXPECT_THAT(made("mynetworks = /n, 10.0.0.0/8\n"), HasSubstr("trusted_networks: [\"127.0.0.0/8\"]"));
}

TEST_F(PostfixClientsTest, ConditionsAndExclusionsOfATableAreNamed) {
  files["/n"] =
      "192.0.2.0/24 OK\n!10.0.0.0/8 OK\nif 172.16.0.0/12\nif !172.17.0.0/16\n172.18.0.0/16 OK\nendif\n172.19.0.0/16 "
      "OK\nendif\n198.51.100.1 OK\n";
  EXPECT_THAT(made("mynetworks = cidr:/n\n"), HasSubstr("trusted_networks: [\"192.0.2.0/24\", \"198.51.100.1/32\"]"));
  EXPECT_TRUE(says(untranslated, "!10.0.0.0/8"));
  EXPECT_TRUE(says(untranslated, "if 172.16.0.0/12", "left out"));
}

// ---- passwords of smart hosts

TEST_F(PostfixClientsTest, APasswordForAllComesLast) {
  files["/pw"] = "* star:nobody\nrelay.example me:own\n";
  made(
      "relayhost = [relay.example]:587\nsmtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = static:all:any, "
      "hash:/pw\n");
  ASSERT_EQ(result.files.size(), 1U);
  EXPECT_EQ(result.files[0].text, "own\n");
  files["/pw"] = "* star:nobody\n";
  made(
      "relayhost = [relay.example]:587\nsmtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = hash:/pw, "
      "static:all:any\n");
  ASSERT_EQ(result.files.size(), 1U);
  EXPECT_EQ(result.files[0].text, "any\n");
  made("relayhost = [relay.example]:587\nsmtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = hash:/pw\n");
  EXPECT_TRUE(result.files.empty());
}

}  // namespace
}  // namespace godwit::setup
