// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/connection_limits.hpp"

#include <gtest/gtest.h>

namespace godwit::policy {
namespace {

base::IpAddress ip(const char* text) {
  return *base::IpAddress::parse(text);
}

Settings small() {
  Settings settings;
  settings.connections = 4;
  settings.connections_per_client = 2;
  return settings;
}

TEST(ConnectionLimits, AClientBeyondItsShareIsRefusedWhileOthersAreNot) {
  ConnectionLimits limits(small());
  smtp::Reply refusal;
  const auto first = limits.enter(ip("192.0.2.1"), refusal);
  auto second = limits.enter(ip("192.0.2.1"), refusal);
  EXPECT_FALSE(limits.enter(ip("192.0.2.1"), refusal));
  EXPECT_EQ(refusal.code, 421);
  EXPECT_TRUE(limits.enter(ip("192.0.2.2"), refusal));
  second.reset();
  EXPECT_TRUE(limits.enter(ip("192.0.2.1"), refusal));
}

TEST(ConnectionLimits, OneIpv6NetworkIsOneClient) {
  ConnectionLimits limits(small());
  smtp::Reply refusal;
  const auto first = limits.enter(ip("2001:db8:1:1::1"), refusal);
  const auto second = limits.enter(ip("2001:db8:1:1::2"), refusal);
  EXPECT_FALSE(limits.enter(ip("2001:db8:1:1:ffff::3"), refusal));
  EXPECT_TRUE(limits.enter(ip("2001:db8:1:2::1"), refusal));
}

TEST(ConnectionLimits, TrustedNetworksAreExemptFromTheShareButNotFromTheTotal) {
  ConnectionLimits limits(small());
  smtp::Reply refusal;
  std::vector<std::optional<ConnectionLimits::Place>> places;
  for (int i = 0; i < 4; ++i) {
    places.push_back(limits.enter(ip("127.0.0.1"), refusal));
    EXPECT_TRUE(places.back());
  }
  EXPECT_FALSE(limits.enter(ip("127.0.0.1"), refusal));
  EXPECT_EQ(refusal.enhanced, (smtp::EnhancedCode{4, 3, 2}));
  places.clear();
  EXPECT_EQ(limits.open(), 0U);
}

TEST(ConnectionLimits, AUserOfThisMachineIsAClientWithoutAnAddress) {
  ConnectionLimits limits(small());
  smtp::Reply refusal;
  const auto first = limits.enter_user(1000, refusal);
  auto second = limits.enter_user(1000, refusal);
  EXPECT_FALSE(limits.enter_user(1000, refusal));
  EXPECT_EQ(refusal.code, 421);
  EXPECT_TRUE(limits.enter_user(0, refusal));
  second.reset();
  EXPECT_TRUE(limits.enter_user(1000, refusal));
  EXPECT_EQ(limits.open(), 1U);
}

}  // namespace
}  // namespace godwit::policy
