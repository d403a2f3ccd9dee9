// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/kept_time.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace godwit::base {
namespace {

constexpr WallTime epoch{};
constexpr WallTime latest{std::chrono::seconds(latest_kept_second)};

TEST(KeptTime, IsTheNearestThatCanBeReckonedWith) {
  EXPECT_EQ(kept_second(1'700'000'000), WallTime(std::chrono::seconds(1'700'000'000)));
  EXPECT_EQ(kept_second(-1), epoch);
  EXPECT_EQ(kept_second(std::numeric_limits<std::int64_t>::min()), epoch);
  EXPECT_EQ(kept_second(latest_kept_second + 1), latest);
  EXPECT_EQ(kept_second(std::numeric_limits<std::int64_t>::max()), latest);
}

TEST(KeptTime, LeavesRoomForDifferencesAndSums) {
  constexpr auto years = std::chrono::hours(24 * 365 * 20);
  EXPECT_GT(latest + years, latest);
  EXPECT_GT(latest - epoch, Duration::zero());
}

TEST(KeptTime, ThatNoClockWillShowIsNone) {
  EXPECT_EQ(possible_second(latest_kept_second), latest);
  EXPECT_FALSE(possible_second(latest_kept_second + 1));
  EXPECT_FALSE(possible_second(std::numeric_limits<std::uint64_t>::max()));
}

}  // namespace
}  // namespace godwit::base
