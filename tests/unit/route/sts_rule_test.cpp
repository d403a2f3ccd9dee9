// SPDX-License-Identifier: Apache-2.0
#include "route/sts_rule.hpp"

#include <gmock/gmock.h>

namespace godwit::route {
namespace {

using Mode = StsPolicy::Mode;
using ::testing::ElementsAre;

StsVerdict verdict(Mode mode) {
  StsPolicy policy{.mode = mode, .max_age = std::chrono::seconds(1), .mx = {"mx1.a.example"}};
  return {.policy = std::make_shared<const StsPolicy>(std::move(policy)), .problem = {}, .why = {}};
}

SmtpHop two_hosts(const TlsPolicy& tls = {}) {
  SmtpHop hop;
  hop.hosts.resize(2);
  hop.hosts[0].name = "mx1.a.example";
  hop.hosts[1].name = "mx2.a.example";
  for (auto& host : hop.hosts) host.tls = tls;
  return hop;
}

TEST(StsRule, EnforcedItBindsTheHostsItNamesAndSkipsTheOthers) {
  auto hop = two_hosts();
  apply_sts(verdict(Mode::enforce), hop);
  EXPECT_EQ(hop.hosts[0].tls, (TlsPolicy{.level = TlsLevel::verify, .names = {"mx1.a.example"}, .source = "mta-sts"}));
  EXPECT_EQ(hop.hosts[1].tls.skip, not_in_sts_policy);
  EXPECT_NE(hop.reporting.sts, nullptr);
}

TEST(StsRule, TestingAndNoneBindNobody) {
  for (const auto mode : {Mode::testing, Mode::none}) {
    auto hop = two_hosts();
    apply_sts(verdict(mode), hop);
    for (const auto& host : hop.hosts) EXPECT_EQ(host.tls, TlsPolicy{});
    EXPECT_NE(hop.reporting.sts, nullptr);
  }
}

TEST(StsRule, WithoutAPolicyNobodyIsBound) {
  auto hop = two_hosts();
  apply_sts({.policy = nullptr, .problem = "sts-policy-invalid", .why = "no mx"}, hop);
  EXPECT_EQ(hop.reporting.problem, "sts-policy-invalid");
  for (const auto& host : hop.hosts) EXPECT_EQ(host.tls, TlsPolicy{});
}

// Neither a match nor a failure of DANE is overridden.
TEST(StsRule, DaneIsLeftAsItIs) {
  const TlsPolicy matched{.level = TlsLevel::dane, .names = {"mx2.a.example"}, .tlsa = {{}}, .source = "dane"};
  const TlsPolicy bogus{.level = TlsLevel::dane, .source = "dane", .skip = "TLSA lookup failed"};
  for (const auto& policy : {matched, bogus}) {
    auto hop = two_hosts(policy);
    EXPECT_FALSE(can_be_bound(hop));
    hop.hosts[0].tls = {};
    EXPECT_TRUE(can_be_bound(hop));
    apply_sts(verdict(Mode::enforce), hop);
    EXPECT_EQ(hop.hosts[0].tls.source, "mta-sts");
    EXPECT_EQ(hop.hosts[1].tls, policy);
  }
}

TEST(StsRule, RecordsThatCannotBeUsedDoNotWeakenIt) {
  auto hop = two_hosts({.level = TlsLevel::require, .source = "dane"});
  EXPECT_TRUE(can_be_bound(hop));
  apply_sts(verdict(Mode::enforce), hop);
  EXPECT_EQ(hop.hosts[0].tls.level, TlsLevel::verify);
  EXPECT_THAT(hop.hosts[0].tls.names, ElementsAre("mx1.a.example"));
}

TEST(StsRule, ARoutesOwnWordAndNoTlsAtAllStandAboveIt) {
  EXPECT_TRUE(may_be_bound({.level = TlsLevel::opportunistic}));
  EXPECT_TRUE(may_be_bound({.level = TlsLevel::verify}));
  EXPECT_FALSE(may_be_bound({.level = TlsLevel::none}));
  EXPECT_FALSE(may_be_bound({.level = TlsLevel::opportunistic, .source = "route"}));
}

}  // namespace
}  // namespace godwit::route
