// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/account_limits.hpp"

#include <gtest/gtest.h>

namespace godwit::policy {
namespace {

using namespace std::chrono_literals;

const base::MonoTime start{1h};

Settings with(AccountRated what, std::vector<base::Rate> rates) {
  Settings settings;
  settings.account_rates[static_cast<std::size_t>(what)] = std::move(rates);
  return settings;
}

TEST(AccountLimits, WithoutRatesAllIsFree) {
  AccountLimits limits{Settings{}};
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(limits.message("alice", start));
    EXPECT_FALSE(limits.recipient("alice", std::to_string(i) + ".example", start));
  }
}

TEST(AccountLimits, EveryPeriodCountsAndSaysWhichIsExhausted) {
  const base::Rate hour{.count = 2, .period = 1h}, day{.count = 3, .period = 24h};
  AccountLimits limits{with(AccountRated::messages, {hour, day})};
  EXPECT_FALSE(limits.message("alice", start));
  EXPECT_FALSE(limits.message("alice", start));
  EXPECT_EQ(limits.message("alice", start), hour);
  EXPECT_FALSE(limits.message("bob", start)) << "another account";
  EXPECT_FALSE(limits.message("alice", start + 1h));
  EXPECT_EQ(limits.message("alice", start + 1h), day);
  EXPECT_FALSE(limits.message("alice", start + 10h)) << "a third of the day's came back";
}

TEST(AccountLimits, WhatWasRefusedIsNotCounted) {
  AccountLimits limits{with(AccountRated::messages, {{.count = 1, .period = 1h}, {.count = 2, .period = 24h}})};
  EXPECT_FALSE(limits.message("alice", start));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limits.message("alice", start));
  EXPECT_FALSE(limits.message("alice", start + 1h)) << "the day's second";
}

TEST(AccountLimits, OnlyDomainsNotWrittenToLatelyAreNewDestinations) {
  AccountLimits limits{with(AccountRated::new_destinations, {{.count = 2, .period = 24h}})};
  EXPECT_FALSE(limits.recipient("alice", "a.example", start));
  EXPECT_FALSE(limits.recipient("alice", "b.example", start));
  EXPECT_TRUE(limits.recipient("alice", "c.example", start));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(limits.recipient("alice", "a.example", start));
}

TEST(AccountLimits, ARefusedRecipientMakesNoDestinationKnown) {
  auto settings = with(AccountRated::new_destinations, {{.count = 5, .period = 24h}});
  settings.account_rates[static_cast<std::size_t>(AccountRated::recipients)] = {{.count = 1, .period = 1h}};
  AccountLimits limits{settings};
  EXPECT_FALSE(limits.recipient("alice", "a.example", start));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limits.recipient("alice", "b.example", start));
  EXPECT_FALSE(limits.recipient("alice", "b.example", start + 1h));
}

TEST(AccountLimits, AReloadMayAddPeriods) {
  AccountLimits limits{Settings{}};
  EXPECT_FALSE(limits.message("alice", start));
  limits.change_settings(with(AccountRated::messages, {{.count = 1, .period = 1h}}));
  EXPECT_FALSE(limits.message("alice", start));
  EXPECT_TRUE(limits.message("alice", start));
}

}  // namespace
}  // namespace godwit::policy
