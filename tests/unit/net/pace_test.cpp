// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/pace.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace godwit::net {
namespace {

using namespace std::chrono_literals;

constexpr base::MonoTime pace_start(1h);

// Waits of `each` that bring `bytes`, until the pace is lost or `most` have passed; how long that was.
base::Duration lasts(Pace& pace, base::Duration each, std::size_t bytes, base::Duration most = 100h) {
  auto now = pace_start;
  while (now - pace_start < most && pace.deadline(now) > now) {
    const auto waited = std::min(each, pace.deadline(now) - now);
    now += waited;
    if (waited == each)
      pace.count(waited, bytes);
    else
      pace.count(waited, 0);
  }
  return now - pace_start;
}

TEST(Pace, ByteASecondSpendsTheBudget) {
  Pace pace(500, 10min);
  const auto lasted = lasts(pace, 1s, 1);
  EXPECT_GE(lasted, 10min);
  EXPECT_LE(lasted, 10min + 2s);
}

TEST(Pace, WhoKeepsTheRateNeverLosesIt) {
  Pace pace(500, 10s);
  EXPECT_EQ(lasts(pace, 1s, 500, 5h), 5h);
}

TEST(Pace, BurstsAreAsGoodAsAStream) {
  Pace pace(500, 10s);
  EXPECT_EQ(lasts(pace, 9s, 9 * 500, 1h), 1h);
}

TEST(Pace, FastStartDoesNotPayForAnEndlessTail) {
  Pace pace(500, 10s);
  pace.count(1s, std::size_t{1} << 40U);
  EXPECT_LE(lasts(pace, 1s, 1), 11s);
}

TEST(Pace, ZeroIsNoBound) {
  Pace pace(0, 10s);
  pace.count(100h, 0);
  EXPECT_EQ(pace.deadline(pace_start), base::no_deadline);
}

TEST(Pace, AnyCountIsTaken) {
  Pace pace(1, 1h);
  pace.count(1h, std::numeric_limits<std::size_t>::max());
  EXPECT_EQ(pace.deadline(pace_start), pace_start + 1h);
}

}  // namespace
}  // namespace godwit::net
