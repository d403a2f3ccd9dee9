// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/message_id.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace godwit::base {
namespace {

class SettableClock final : public Clock {
 public:
  WallTime wall() const override { return now; }
  MonoTime mono() const override { return {}; }
  WallTime now{std::chrono::days(20000)};
};

TEST(MessageId, IsThirteenDigitsOfCrockfordBase32) {
  EXPECT_EQ(to_string(MessageId{0}), "0000000000000");
  EXPECT_EQ(to_string(MessageId{31}), "000000000000Z");
  EXPECT_EQ(to_string(MessageId{32}), "0000000000010");
  EXPECT_EQ(to_string(MessageId{std::numeric_limits<std::uint64_t>::max()}), "FZZZZZZZZZZZZ");
}

TEST(MessageId, IsReadBack) {
  for (const std::uint64_t value : {0ULL, 1ULL, 0x123456789ABCDEFULL, ~0ULL})
    EXPECT_EQ(parse_message_id(to_string(MessageId{value})), MessageId{value});
}

TEST(MessageId, LookAlikesAndLowerCaseAreRead) {
  EXPECT_EQ(parse_message_id("06zq3w8k1m4tr"), parse_message_id("06ZQ3W8K1M4TR"));
  EXPECT_EQ(parse_message_id("OoIiLl0000000"), parse_message_id("0011110000000"));
}

TEST(MessageId, AnythingElseIsNot) {
  for (const auto* bad : {"", "06ZQ3W8K1M4T", "06ZQ3W8K1M4TRX", "06ZQ3W8K1M4TU", "G000000000000", "06ZQ-W8K1M4TR",
                          "06ZQ3W8K1M4T/", "../../etc/pas"})
    EXPECT_FALSE(parse_message_id(bad)) << bad;
}

TEST(MessageId, OrderOfTextIsOrderOfTime) {
  EXPECT_LT(to_string(MessageId{0x0FFFFFFFFFFFFFFF}), to_string(MessageId{0x1000000000000000}));
}

TEST(MessageIdGenerator, IdsGrowWhileTheClockStandsOrGoesBack) {
  SettableClock clock;
  MessageIdGenerator generator(clock);
  auto last = generator.next();
  for (int i = 0; i < 10000; ++i) {
    if (i == 5000) clock.now -= std::chrono::hours(1);
    const auto next = generator.next();
    ASSERT_GT(next, last);
    last = next;
  }
}

TEST(MessageIdGenerator, HoldsTheTimeInItsUpperBits) {
  SettableClock clock;
  const auto id = MessageIdGenerator(clock).next();
  EXPECT_EQ(id.value >> 12U, 20000ULL * 86400 * 1000000);
}

TEST(MessageIdGenerator, PassesWhatItObserved) {
  SettableClock clock;
  MessageIdGenerator generator(clock);
  const MessageId later{generator.next().value + (1ULL << 40U)};
  generator.observe(later);
  EXPECT_GT(generator.next(), later);
  generator.observe(MessageId{1});
  EXPECT_GT(generator.next(), later);
}

}  // namespace
}  // namespace godwit::base
