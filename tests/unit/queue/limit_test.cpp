// SPDX-License-Identifier: Apache-2.0
#include "queue/limit.hpp"

#include <gmock/gmock.h>

#include "unit/queue/queue_driver.hpp"

namespace godwit::queue {
namespace {

using namespace std::chrono_literals;
using Kind = SiteReport::Kind;

class LimitTest : public ::testing::Test {
 protected:
  LimitTest() { limit.configure({.connections = 5, .rate = {}, .adaptive = true}); }
  bool ready(base::WallTime now = start) const {
    const auto at = limit.ready_at();
    return at && *at <= now;
  }
  void attempt(Kind kind, base::WallTime now = start) {
    const auto grant = limit.start(now);
    limit.ended(grant, {.kind = kind, .reply = "because", .fraction = 0.5}, retry, now);
  }
  // As many connections at once as are allowed.
  std::uint32_t fill() {
    while (ready()) limit.start(start);
    return limit.active();
  }
  void finish(Kind kind, base::WallTime now = start) {
    limit.ended(Grant::Kind::connection, {.kind = kind, .reply = "because", .fraction = 0.5}, retry, now);
  }

  RetrySettings retry;
  Limit limit;
};

TEST_F(LimitTest, StartsWithTwoConnections) {
  EXPECT_EQ(fill(), 2U);
}

TEST_F(LimitTest, GrowsWithEachSuccessUpToItsCap) {
  attempt(Kind::success);
  EXPECT_EQ(limit.window(), 3U);
  for (int i = 0; i < 10; ++i) attempt(Kind::success);
  EXPECT_EQ(fill(), 5U);
}

TEST_F(LimitTest, BusyHalvesButLeavesOne) {
  for (int i = 0; i < 10; ++i) attempt(Kind::success);
  attempt(Kind::busy);
  EXPECT_EQ(limit.window(), 2U);
  attempt(Kind::busy);
  attempt(Kind::busy);
  EXPECT_EQ(limit.window(), 1U);
  EXPECT_FALSE(limit.down());
}

TEST_F(LimitTest, BusyThreeTimesOnTheLastConnectionIsDown) {
  attempt(Kind::busy);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(limit.down());
    attempt(Kind::busy);
  }
  EXPECT_TRUE(limit.down());
}

TEST_F(LimitTest, WhatSaysNothingChangesNothing) {
  attempt(Kind::nothing);
  EXPECT_EQ(limit.window(), 2U);
  EXPECT_TRUE(limit.is_fresh(start));
}

TEST_F(LimitTest, WithOthersConnectedOneDeadAttemptOnlyShrinks) {
  fill();
  finish(Kind::dead);
  EXPECT_FALSE(limit.down());
  EXPECT_EQ(limit.window(), 1U);
  finish(Kind::dead);
  EXPECT_TRUE(limit.down());
}

TEST_F(LimitTest, DownAllowsOneProbeAtItsTime) {
  attempt(Kind::dead);
  const auto at = limit.next_probe();
  EXPECT_EQ(at, start + 150s);  // half of retry.first
  EXPECT_FALSE(ready(at - 1ns));
  ASSERT_TRUE(ready(at));
  EXPECT_EQ(limit.start(at), Grant::Kind::probe);
  EXPECT_FALSE(ready(at + 24h)) << "a second probe beside the first";
}

TEST_F(LimitTest, VainProbesComeAtGrowingIntervalsOfAtMostAQuarterOfAnHour) {
  attempt(Kind::dead);
  std::vector<base::Duration> waits;
  base::WallTime now = start;
  for (int i = 0; i < 5; ++i) {
    waits.push_back(limit.next_probe() - now);
    now = limit.next_probe();
    attempt(Kind::dead, now);
  }
  EXPECT_THAT(waits, ::testing::ElementsAre(150s, 300s, 600s, 900s, 900s));
}

TEST_F(LimitTest, SuccessfulProbeLetsConnectionsFlowAgain) {
  attempt(Kind::dead);
  attempt(Kind::success, limit.next_probe());
  EXPECT_FALSE(limit.down());
  EXPECT_EQ(fill(), 2U);
}

TEST_F(LimitTest, ProbeThatSaidNothingIsDoneAgainAtOnce) {
  attempt(Kind::dead);
  const auto at = limit.next_probe();
  attempt(Kind::nothing, at);
  EXPECT_TRUE(limit.down());
  EXPECT_TRUE(ready(at));
}

TEST_F(LimitTest, LateFailuresOfThoseUnderWayDoNotPostponeTheProbe) {
  for (int i = 0; i < 10; ++i) attempt(Kind::success);
  fill();
  for (int i = 0; i < 3; ++i) finish(Kind::dead);
  ASSERT_TRUE(limit.down());
  const auto at = limit.next_probe();
  finish(Kind::dead, start + 1min);
  EXPECT_EQ(limit.next_probe(), at);
}

TEST_F(LimitTest, LateSuccessOfOneUnderWayIsAsGoodAsAProbe) {
  for (int i = 0; i < 10; ++i) attempt(Kind::success);
  fill();
  for (int i = 0; i < 3; ++i) finish(Kind::dead);
  ASSERT_TRUE(limit.down());
  finish(Kind::success);
  EXPECT_FALSE(limit.down());
}

TEST_F(LimitTest, RateSpreadsMessagesWithBurstsOfATenth) {
  limit.configure({.connections = 50, .rate = {.count = 60, .period = 1min}, .adaptive = false});
  const auto allowed_until = [&](base::WallTime end) {
    int count = 0;
    for (base::WallTime now = start; now <= end; now += 100ms)
      while (ready(now)) {
        limit.start(now);
        finish(Kind::success, now);
        ++count;
      }
    return count;
  };
  EXPECT_EQ(allowed_until(start), 6);
  EXPECT_EQ(allowed_until(start + 1min), 60);
}

TEST_F(LimitTest, RaisedCapLetsAFixedWindowGrowAtOnceAndLoweredCapsHoldBack) {
  limit.configure({.connections = 3, .rate = {}, .adaptive = false});
  EXPECT_EQ(fill(), 3U);
  limit.configure({.connections = 4, .rate = {}, .adaptive = false});
  EXPECT_EQ(fill(), 4U);
  limit.configure({.connections = 1, .rate = {}, .adaptive = true});
  EXPECT_FALSE(limit.ready_at());
  EXPECT_EQ(limit.window(), 1U);
}

}  // namespace
}  // namespace godwit::queue
