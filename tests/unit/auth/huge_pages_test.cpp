// SPDX-License-Identifier: Apache-2.0
#include "auth/huge_pages.hpp"

#include <sys/prctl.h>

#include <optional>

#include <gtest/gtest.h>

namespace godwit::auth {
namespace {

bool has_renounced() {
  return ::prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1;
}

TEST(HugePages, AreThereAsLongAsAnybodyWantsThem) {
  ASSERT_EQ(::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), 0);
  std::optional<HugePages> one(std::in_place), other(std::in_place);
  EXPECT_FALSE(has_renounced());
  one.reset();
  EXPECT_FALSE(has_renounced());
  other.reset();
  EXPECT_TRUE(has_renounced());
  ::prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
}

TEST(HugePages, StayWhereNobodyHasRenouncedThem) {
  ASSERT_FALSE(has_renounced());
  { const HugePages wanted; }
  EXPECT_FALSE(has_renounced());
}

}  // namespace
}  // namespace godwit::auth
