// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/client_rates.hpp"

#include <gtest/gtest.h>

namespace godwit::policy {
namespace {

using namespace std::chrono_literals;

const auto client = *base::IpAddress::parse("192.0.2.1");
const base::MonoTime arrival{1h};

Settings with(Rated what, base::Rate rate) {
  Settings settings;
  settings.rates[static_cast<std::size_t>(what)] = rate;
  return settings;
}

std::size_t taken_at_once(ClientRates& rates, const base::IpAddress& who, base::MonoTime now) {
  std::size_t count = 0;
  while (count < 1000 && rates.take(Rated::messages, who, now)) ++count;
  return count;
}

TEST(ClientRates, WithoutARateAllIsFree) {
  ClientRates rates{Settings{}};
  EXPECT_EQ(taken_at_once(rates, client, arrival), 1000U);
  EXPECT_EQ(rates.wait_after(Rated::commands, 1'000'000, client, arrival), 0s);
}

TEST(ClientRates, TheWholePeriodMayComeAtOnceAndComesBackSteadily) {
  ClientRates rates{with(Rated::messages, {.count = 60, .period = 1min})};
  EXPECT_EQ(taken_at_once(rates, client, arrival), 60U);
  EXPECT_EQ(taken_at_once(rates, client, arrival + 999ms), 0U);
  EXPECT_EQ(taken_at_once(rates, client, arrival + 1s), 1U);
  EXPECT_EQ(taken_at_once(rates, client, arrival + 11s), 10U);
  EXPECT_EQ(taken_at_once(rates, client, arrival + 10min), 60U) << "absence earns no more than one period";
}

TEST(ClientRates, EachNetworkAndEachKindIsCountedForItself) {
  auto settings = with(Rated::messages, {.count = 2, .period = 1min});
  settings.rates[static_cast<std::size_t>(Rated::recipients)] = {.count = 1, .period = 1min};
  ClientRates rates{settings};
  EXPECT_EQ(taken_at_once(rates, client, arrival), 2U);
  EXPECT_TRUE(rates.take(Rated::recipients, client, arrival));
  EXPECT_FALSE(rates.take(Rated::recipients, client, arrival));
  EXPECT_EQ(taken_at_once(rates, *base::IpAddress::parse("192.0.2.2"), arrival), 2U);
  EXPECT_EQ(taken_at_once(rates, *base::IpAddress::parse("2001:db8::1"), arrival), 2U);
  EXPECT_EQ(taken_at_once(rates, *base::IpAddress::parse("2001:db8::2"), arrival), 0U) << "the same /64";
}

TEST(ClientRates, TrustedNetworksAreExempt) {
  auto settings = with(Rated::messages, {.count = 1, .period = 1h});
  settings.trusted_networks = {*base::IpNetwork::parse("192.0.2.0/24")};
  ClientRates rates{settings};
  EXPECT_EQ(taken_at_once(rates, client, arrival), 1000U);
}

TEST(ClientRates, WhoDoesTooMuchWaitsUntilItIsPaidBack) {
  ClientRates rates{with(Rated::commands, {.count = 100, .period = 10s})};
  EXPECT_EQ(rates.wait_after(Rated::commands, 100, client, arrival), 0s);
  EXPECT_EQ(rates.wait_after(Rated::commands, 10, client, arrival), 1s);
  EXPECT_EQ(rates.wait_after(Rated::commands, 1, client, arrival + 1s), 100ms);
  EXPECT_LE(rates.wait_after(Rated::commands, 1'000'000, client, arrival + 1h), 10s) << "no wait is endless";
}

TEST(ClientRates, AreChangedByAReload) {
  ClientRates rates{Settings{}};
  rates.change_settings(with(Rated::messages, {.count = 1, .period = 1min}));
  EXPECT_EQ(taken_at_once(rates, client, arrival), 1U);
}

}  // namespace
}  // namespace godwit::policy
