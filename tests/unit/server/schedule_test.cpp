// SPDX-License-Identifier: Apache-2.0
#include "server/schedule.hpp"

#include <gtest/gtest.h>

namespace godwit::server {
namespace {

using namespace std::chrono_literals;
using Mode = smtp::DeliverBy::Mode;

const base::WallTime now{24h * 20000};

TEST(Schedule, IsAtOnceWhereNothingWasSaid) {
  const auto schedule = make_schedule({}, now, 24h);
  ASSERT_TRUE(schedule);
  EXPECT_EQ(schedule->release, base::WallTime{});
  EXPECT_FALSE(schedule->deliver_by);
}

TEST(Schedule, HoldsForATimeOrUntilAMoment) {
  smtp::MailParameters parameters;
  parameters.hold = 60s;
  EXPECT_EQ(make_schedule(parameters, now, 24h)->release, now + 60s);
  parameters.hold = now + 2h;
  EXPECT_EQ(make_schedule(parameters, now, 24h)->release, now + 2h);
  parameters.hold = now - 2h;
  EXPECT_EQ(make_schedule(parameters, now, 24h)->release, base::WallTime{}) << "that has passed";
}

TEST(Schedule, RefusesToHoldForTooLong) {
  smtp::MailParameters parameters;
  parameters.hold = now + 24h;
  EXPECT_TRUE(make_schedule(parameters, now, 24h));
  parameters.hold = now + 24h + 1s;
  const auto refused = make_schedule(parameters, now, 24h);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, 501);
}

TEST(Schedule, TheTimeToDeliverByCountsFromNow) {
  smtp::MailParameters parameters;
  parameters.deliver_by = smtp::DeliverBy{120s, Mode::give_back, true};
  const auto schedule = make_schedule(parameters, now, 24h);
  EXPECT_EQ(schedule->deliver_by, (mail::DeliverBy{.time = now + 120s, .mode = Mode::give_back, .trace = true}));
}

TEST(Schedule, RefusesToHoldUntilItIsTooLate) {
  smtp::MailParameters parameters;
  parameters.deliver_by = smtp::DeliverBy{60s, Mode::notify, false};
  parameters.hold = 60s;
  EXPECT_FALSE(make_schedule(parameters, now, 24h));
  parameters.hold = 59s;
  EXPECT_TRUE(make_schedule(parameters, now, 24h));
}

}  // namespace
}  // namespace godwit::server
