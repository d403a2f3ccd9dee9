// SPDX-License-Identifier: Apache-2.0
#include "route/tls_rule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::route {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto verify = TlsLevel::verify;

TEST(TlsRule, TheNameOfTheRuleIsTheOnlyOne) {
  const auto policy = policy_for({.level = verify, .name = "mx.corp.example", .source = "route"},
                                 {.name = "mx1.example.net", .domain = "example.net", .secure = true});
  EXPECT_EQ(policy, (TlsPolicy{.level = verify, .names = {"mx.corp.example"}, .source = "route"}));
}

TEST(TlsRule, AHostThatARuleNamesBearsItsName) {
  EXPECT_THAT(policy_for({.level = verify}, {.name = "relay.example.net"}).names, ElementsAre("relay.example.net"));
  EXPECT_THAT(policy_for({.level = verify}, {.name = "[10.0.0.5]"}).names, ElementsAre("10.0.0.5"));
  EXPECT_THAT(policy_for({.level = verify}, {.name = "[IPv6:2001:db8::5]"}).names, ElementsAre("2001:db8::5"));
}

TEST(TlsRule, TheNameOfAnMxHostCountsOnlyFromASecureAnswer) {
  const KnownHost secure{.name = "mx.other.example", .domain = "example.net", .secure = true};
  EXPECT_THAT(policy_for({.level = verify}, secure).names,
              ElementsAre("mx.other.example", "example.net", ".example.net"));
  const KnownHost insecure{.name = "mx.other.example", .domain = "example.net", .secure = false};
  EXPECT_THAT(policy_for({.level = verify}, insecure).names, ElementsAre("example.net", ".example.net"));
  const KnownHost implicit{.name = "example.net", .domain = "example.net", .secure = true};
  EXPECT_THAT(policy_for({.level = verify}, implicit).names, ElementsAre("example.net", ".example.net"));
}

TEST(TlsRule, OnlyVerifyLooksAtNames) {
  for (const auto level : {TlsLevel::none, TlsLevel::opportunistic, TlsLevel::require})
    EXPECT_THAT(policy_for({.level = level}, {.name = "mx.example.net", .domain = "example.net"}).names, IsEmpty());
}

TEST(TlsRule, DaneIsDemandedInVainUntilThereAreRecords) {
  EXPECT_EQ(policy_for({.level = TlsLevel::dane}, {.name = "[10.0.0.5]"}).skip,
            "no TLSA records in signed zones lead to [10.0.0.5]");
}

}  // namespace
}  // namespace godwit::route
