// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "godwit/queue/queue.hpp"

namespace godwit::queue {
namespace {

using namespace std::chrono_literals;

constexpr double no_jitter = 0.5;

TEST(RetryDelay, DoublesFromTheFirstWaitUpToTheLongest) {
  const RetrySettings settings;
  EXPECT_EQ(retry_delay(settings, 1, no_jitter), 5min);
  EXPECT_EQ(retry_delay(settings, 2, no_jitter), 10min);
  EXPECT_EQ(retry_delay(settings, 3, no_jitter), 20min);
  EXPECT_EQ(retry_delay(settings, 6, no_jitter), 160min);
  EXPECT_EQ(retry_delay(settings, 7, no_jitter), 4h);
  EXPECT_EQ(retry_delay(settings, 4'000'000'000U, no_jitter), 4h);
}

TEST(RetryDelay, JitterIsTenPercentEitherWay) {
  const RetrySettings settings;
  EXPECT_EQ(retry_delay(settings, 1, 0), 270s);
  EXPECT_LE(retry_delay(settings, 1, 0.999999), 330s);
  EXPECT_GT(retry_delay(settings, 1, 0.999999), 329s);
}

TEST(RetryDelay, NoAttemptYetCountsAsTheFirst) {
  EXPECT_EQ(retry_delay({}, 0, no_jitter), 5min);
}

TEST(RetryDelay, ConstantFactorNeverGrows) {
  EXPECT_EQ(retry_delay({.factor = 1}, 50, no_jitter), 5min);
}

TEST(RetryDelay, LongestPossibleWaitDoesNotOverflow) {
  EXPECT_GT(retry_delay({.max = base::Duration::max()}, 4'000'000'000U, 0.99), 0s);
}

TEST(LongestDelay, IsWhatNoDelayPasses) {
  for (const double factor : {0.5, 1.0, 1.5, 2.0})
    for (const std::uint32_t attempts : {1U, 2U, 10U, 1000U})
      EXPECT_LE(retry_delay({.factor = factor}, attempts, 0.999999), longest_delay({.factor = factor}));
  EXPECT_EQ(longest_delay({.first = 5min, .factor = 2, .max = 4h}), 264min);
  EXPECT_EQ(longest_delay({.first = 10min, .factor = 1, .max = 4h}), 11min);
}

TEST(ScheduleOfBounces, IsThatOfOtherMailWhereNothingElseIsSaid) {
  const RetrySettings settings{.first = 3min, .max = 1h, .warn = 4h, .bounce_expire = 24h};
  const auto bounces = schedule_of_bounces(settings);
  EXPECT_EQ(bounces.first, 3min);
  EXPECT_EQ(bounces.max, 1h);
  EXPECT_EQ(bounces.expire, 24h);
  EXPECT_EQ(bounces.warn, 0s) << "nobody can be warned";
}

TEST(ScheduleOfBounces, HasItsOwnWaits) {
  const auto bounces = schedule_of_bounces({.bounce_first = 10min, .bounce_max = 30min});
  EXPECT_EQ(retry_delay(bounces, 1, no_jitter), 10min);
  EXPECT_EQ(retry_delay(bounces, 9, no_jitter), 30min);
  EXPECT_EQ(schedule_of_bounces({.max = 1h, .bounce_first = 2h}).max, 2h) << "a first wait above the longest is both";
}

TEST(Expired, AtTheEndOfItsTimeAndNotBefore) {
  const RetrySettings settings{.expire = 48h, .bounce_expire = 24h};
  const base::WallTime accepted{1000h};
  EXPECT_FALSE(expired(settings, accepted, false, accepted + 48h - 1ns));
  EXPECT_TRUE(expired(settings, accepted, false, accepted + 48h));
  EXPECT_FALSE(expired(settings, accepted, true, accepted + 24h - 1ns));
  EXPECT_TRUE(expired(settings, accepted, true, accepted + 24h));
}

TEST(Expired, ClockThatWentBackExpiresNothing) {
  EXPECT_FALSE(expired({}, base::WallTime{1000h}, false, base::WallTime{1h}));
}

}  // namespace
}  // namespace godwit::queue
