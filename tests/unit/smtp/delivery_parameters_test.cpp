// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/delivery_parameters.hpp"

#include <gtest/gtest.h>

namespace godwit::smtp {
namespace {

using namespace std::chrono_literals;
using Mode = DeliverBy::Mode;

TEST(DeliveryParameters, ReadsAndWritesDeliverBy) {
  EXPECT_EQ(read_deliver_by("120;R"), (DeliverBy{120s, Mode::give_back, false}));
  EXPECT_EQ(read_deliver_by("+120;rt"), (DeliverBy{120s, Mode::give_back, true}));
  EXPECT_EQ(read_deliver_by("-5;NT"), (DeliverBy{-5s, Mode::notify, true}));
  EXPECT_EQ(read_deliver_by("0;N"), (DeliverBy{0s, Mode::notify, false}));
  EXPECT_EQ(read_deliver_by("999999999;N"), (DeliverBy{999999999s, Mode::notify, false}));
  for (const auto* text : {"120;R", "-5;NT", "0;N"}) EXPECT_EQ(deliver_by_text(*read_deliver_by(text)), text);
}

TEST(DeliveryParameters, RefusesWhatIsNoDeliverBy) {
  for (const auto* text : {"", "120", "120;", ";R", "120;X", "120;RX", "120;RTT", "120;T", "0;R", "-1;R",
                           "1000000000;N", "1e3;N", "+;N", "--5;N", "120;R;T", "99999999999999999999;N"})
    EXPECT_FALSE(read_deliver_by(text)) << text;
}

TEST(DeliveryParameters, ReadsHoldTimes) {
  EXPECT_EQ(read_hold_for("3600"), Hold(3600s));
  EXPECT_EQ(read_hold_until("1970-01-02T00:00:00Z"), Hold(base::WallTime(24h)));
  for (const auto* text : {"", "0", "-1", "+1", "1000000000", "1h"}) EXPECT_FALSE(read_hold_for(text)) << text;
  for (const auto* text : {"", "tomorrow", "1970-01-02"}) EXPECT_FALSE(read_hold_until(text)) << text;
}

TEST(DeliveryParameters, ReadsPriorities) {
  for (int priority = -9; priority <= 9; ++priority) EXPECT_EQ(read_priority(std::to_string(priority)), priority);
  for (const auto* text : {"", "-", "+1", "10", "-10", "01", "a", "1 "}) EXPECT_FALSE(read_priority(text)) << text;
}

}  // namespace
}  // namespace godwit::smtp
