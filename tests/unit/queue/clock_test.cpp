// SPDX-License-Identifier: Apache-2.0
// The clock is set, forwards or back, while mail waits: nothing comes earlier or later for that.
#include <gtest/gtest.h>

#include "queue_driver.hpp"

namespace godwit::queue {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;

constexpr base::Duration jumps[] = {24h, -24h, 24h * 365 * 20, -24h * 300};

class QueueClock : public ::testing::TestWithParam<base::Duration> {
 protected:
  void TearDown() override { EXPECT_EQ(driver_.queue.check(), ""); }
  // Some time after the start, as the clock says after its jump.
  base::WallTime after(base::Duration time) const { return start + GetParam() + time; }
  void jump(base::Duration time) { driver_.queue.clock_jumped(GetParam(), after(time)); }

  Driver driver_{with_connections(10, 2)};
};

TEST_P(QueueClock, WhatWaitsComesAfterTheSameTime) {
  driver_.queue.add(item(key(1), 10min));
  EXPECT_EQ(driver_.next(start), "sleep 10m");
  jump(1min);
  EXPECT_EQ(driver_.next(after(1min)), "sleep 9m");
  EXPECT_THAT(driver_.drain(after(10min)), ElementsAre("1 a.example", "sleep"));
}

TEST_P(QueueClock, DeadlinesKeepTheirDistance) {
  auto late = item(key(1), 1h);
  late.deadline = start + 30min;
  driver_.queue.add(late);
  driver_.queue.suspend("a.example", {}, start);
  jump(1min);
  EXPECT_EQ(driver_.next(after(29min)), "sleep 1m");
  // With a grace of up to a minute.
  auto started = driver_.drain(after(30min));
  for (auto& one : driver_.drain(after(31min))) started.push_back(std::move(one));
  EXPECT_THAT(started, Contains("1 a.example (overdue)"));
  driver_.queue.ended(driver_.grants.at(key(1)), {}, after(31min));
}

TEST_P(QueueClock, SiteThatIsDownIsProbedAfterTheSameTime) {
  driver_.queue.add(item(key(1)));
  driver_.drain(start);
  driver_.fail(key(1), start, 1h);
  driver_.queue.add(item(key(2)));
  const auto wait = driver_.next(start);
  EXPECT_TRUE(wait.starts_with("sleep ")) << wait;
  jump(0s);
  EXPECT_EQ(driver_.next(after(0s)), wait);
  EXPECT_EQ(driver_.next(after(15min)), "2 a.example (probe)");
  driver_.deliver(key(2), after(15min));
}

TEST_P(QueueClock, SuspensionEndsAfterTheSameTime) {
  driver_.queue.add(item(key(1)));
  driver_.queue.suspend("", {.until = start + 1h}, start);
  driver_.queue.suspend("b.example", {}, start);
  jump(1min);
  EXPECT_EQ(driver_.next(after(1min)), "sleep 59m");
  EXPECT_EQ(driver_.next(after(1h)), "1 a.example");
  EXPECT_EQ(driver_.queue.suspensions().at("b.example").until, never);
  driver_.deliver(key(1), after(1h));
}

TEST_P(QueueClock, WhatIsRescheduledWaitsAsLongAsItIsTold) {
  driver_.queue.add(item(key(1)));
  driver_.drain(start);
  jump(1s);
  driver_.end(key(1), after(1s));
  driver_.queue.reschedule(key(1), {.attempt = after(1s) + 5min, .attempts = 1});
  EXPECT_EQ(driver_.next(after(2s)), "sleep 4m59s");
}

INSTANTIATE_TEST_SUITE_P(Jumps, QueueClock, ::testing::ValuesIn(jumps));

}  // namespace
}  // namespace godwit::queue
