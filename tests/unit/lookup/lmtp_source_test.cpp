// SPDX-License-Identifier: Apache-2.0
#include "godwit/lookup/lmtp_source.hpp"

#include <gtest/gtest.h>

namespace godwit::lookup {
namespace {

Answer::Kind kind_of(int code, smtp::EnhancedCode enhanced) {
  return recipient_answer(smtp::make_reply(code, enhanced, "text")).kind;
}

TEST(LmtpSource, RepliesSayWhetherARecipientIsThere) {
  EXPECT_EQ(kind_of(250, {2, 1, 5}), Answer::Kind::present);
  EXPECT_EQ(kind_of(550, {5, 1, 1}), Answer::Kind::absent);
  EXPECT_EQ(kind_of(550, {}), Answer::Kind::absent);
  EXPECT_EQ(kind_of(451, {4, 3, 0}), Answer::Kind::unavailable);
  EXPECT_EQ(kind_of(554, {5, 7, 1}), Answer::Kind::unavailable) << "we may not ask";
}

TEST(LmtpSource, FullMailboxIsThere) {
  EXPECT_EQ(kind_of(552, {5, 2, 2}), Answer::Kind::present);
  EXPECT_EQ(kind_of(552, {}), Answer::Kind::present);
  EXPECT_EQ(kind_of(452, {4, 2, 2}), Answer::Kind::present);
}

}  // namespace
}  // namespace godwit::lookup
