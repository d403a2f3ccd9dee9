// SPDX-License-Identifier: Apache-2.0
#include "dispatch/clock_jumps.hpp"

#include <gtest/gtest.h>

namespace godwit::dispatch {
namespace {

using namespace std::chrono_literals;

constexpr base::WallTime first_noon{std::chrono::hours(24 * 20000 + 12)};
constexpr base::MonoTime zero{};

class ClockJumpsTest : public ::testing::Test {
 protected:
  // So long after first_noon, as it really is; the clock is off by so much.
  std::optional<base::Duration> look(base::Duration real, base::Duration off) {
    return jumps_.look(first_noon + real + off, zero + real);
  }
  // How old the message seems then.
  base::Duration age(std::uint64_t id, base::WallTime accepted, base::Duration real, base::Duration off) {
    return first_noon + real + off - accepted - jumps_.since({id}, accepted);
  }

  ClockJumps jumps_{first_noon, zero};
};

TEST_F(ClockJumpsTest, ClockThatGoesOnHasNotJumped) {
  EXPECT_EQ(look(1h, 0s), std::nullopt);
  EXPECT_EQ(look(2h, 3s), std::nullopt) << "a correction";
  EXPECT_EQ(look(3h, -1s), std::nullopt);
}

TEST_F(ClockJumpsTest, SaysByHowMuchAndOnce) {
  EXPECT_EQ(look(1h, 24h), 24h);
  EXPECT_EQ(look(2h, 24h), std::nullopt);
  EXPECT_EQ(look(3h, -24h), -48h);
}

TEST_F(ClockJumpsTest, AgesAreTheSameThroughEveryJump) {
  jumps_.add({1});
  jumps_.all_listed();
  const auto before = first_noon - 30min;
  for (const base::Duration off : {24h, 0h, -24h, 24h * 3650, 24h}) {
    look(1h, off);
    EXPECT_EQ(age(1, before, 1h, off), 90min) << off.count();
  }
  jumps_.add({2});
  const auto meanwhile = first_noon + 2h + 24h;
  look(3h, -24h);
  EXPECT_EQ(age(1, before, 3h, -24h), 210min);
  EXPECT_EQ(age(2, meanwhile, 3h, -24h), 1h);
  look(4h, 0s);
  EXPECT_EQ(age(2, meanwhile, 4h, 0s), 2h);
  const auto afterwards = first_noon + 4h;
  EXPECT_EQ(age(3, afterwards, 5h, 0s), 1h) << "saw no jump";
}

TEST_F(ClockJumpsTest, WhatWasAcceptedInTheFutureCountsFromTheStart) {
  const auto future = first_noon + 24h * 3650;
  jumps_.add({1});
  EXPECT_EQ(age(1, future, 1h, 0s), 1h);
  jumps_.all_listed();
  EXPECT_EQ(age(2, first_noon + 10min, 1h, 0s), 50min);
  // The clock was wrong at the start, and is right now.
  look(1h, 24h * 3651);
  EXPECT_EQ(age(1, future, 2h, 24h * 3651), 2h);
}

TEST_F(ClockJumpsTest, ClockThatWasWrongAtTheStartMakesNothingOld) {
  jumps_.add({1});
  jumps_.all_listed();
  jumps_.add({2});
  EXPECT_EQ(look(10s, 24h * 3650), 24h * 3650);
  EXPECT_EQ(age(2, first_noon + 5s, 1min, 24h * 3650), 55s);
}

TEST_F(ClockJumpsTest, ClockThatNeverRestsCostsLittle) {
  jumps_.add({1});
  for (int i = 1; i <= 1000; ++i) look(i * 1s, i % 2 * 1h);
  EXPECT_LE(jumps_.since({1}, first_noon), 1h);
}

// Its id is older than the jump, its time is not.
TEST_F(ClockJumpsTest, ClockThatWasSetBackWhileAMessageCameInMakesItNotOld) {
  jumps_.all_listed();
  jumps_.add({2});
  look(1h, -720h);
  const auto accepted = first_noon + 61min - 720h;
  look(62min, -720h);
  jumps_.add_new({1}, accepted);
  EXPECT_EQ(age(1, accepted, 63min, -720h), 2min);
  look(2h, 0h);
  EXPECT_EQ(age(1, accepted, 2h, 0h), 59min);
}

// Its time is older than the jump, which came before it was in the queue.
TEST_F(ClockJumpsTest, ClockThatWasSetForwardBeforeAMessageWasQueuedMakesItNotOld) {
  jumps_.all_listed();
  jumps_.add({1});
  const auto accepted = first_noon + 59min;
  look(1h, 24h * 3650);
  jumps_.add_new({2}, accepted);
  EXPECT_EQ(age(2, accepted, 2h, 24h * 3650), 1h);
  look(2h, 0h);
  EXPECT_EQ(age(2, accepted, 3h, 0h), 2h);
}

TEST_F(ClockJumpsTest, WhatIsOldByItsOwnTimeStaysSo) {
  jumps_.all_listed();
  jumps_.add_new({1}, first_noon - 24h);
  EXPECT_EQ(age(1, first_noon - 24h, 1h, 0h), 25h);
}

}  // namespace
}  // namespace godwit::dispatch
