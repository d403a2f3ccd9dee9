// SPDX-License-Identifier: Apache-2.0
#include "dispatch/daily_turn.hpp"

#include <gtest/gtest.h>

namespace godwit::dispatch {
namespace {

using namespace std::chrono_literals;

constexpr DailyTurn::Day day{std::chrono::days(20'000)};
constexpr base::WallTime noon = base::WallTime(day) + 12h;

TEST(DailyTurn, IsOnceADayInTheFirstHoursAfterMidnight) {
  base::Duration least = 24h, most = 0h;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    base::SeededRandom random(seed);
    const DailyTurn turn(random);
    const auto pause = turn.pause(noon, false);
    EXPECT_EQ(noon + pause, base::WallTime(day + std::chrono::days(1)) + turn.pause(base::WallTime(day), true));
    least = std::min(least, pause);
    most = std::max(most, pause);
  }
  EXPECT_GE(least, 12h);
  EXPECT_LT(least, 13h) << "hosts differ";
  EXPECT_LE(most, 16h);
  EXPECT_GT(most, 15h);
}

TEST(DailyTurn, WhatWaitsFromTheDayBeforeIsToldAtOnceAndAfterAFailureAnHourLater) {
  base::SeededRandom random(1);
  DailyTurn turn(random);
  EXPECT_EQ(turn.pause(noon, true), 0h);
  turn.try_later(noon);
  EXPECT_EQ(turn.pause(noon, true), 1h);
  EXPECT_EQ(turn.pause(noon + 1h, true), 0h);
}

TEST(DailyTurn, ReportsAreTriedForADay) {
  EXPECT_FALSE(DailyTurn::is_too_late(day, noon));
  EXPECT_FALSE(DailyTurn::is_too_late(day, noon + 48h));
  EXPECT_TRUE(DailyTurn::is_too_late(day, noon + 72h));
}

}  // namespace
}  // namespace godwit::dispatch
