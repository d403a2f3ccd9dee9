// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/recent_map.hpp"

#include <gtest/gtest.h>

namespace godwit::base {
namespace {

TEST(RecentMap, ForgetsWhatWasTouchedLongestAgo) {
  RecentMap<int, int> map(3);
  for (int key : {1, 2, 3}) map.touch(key) = key * 10;
  map.touch(1);
  map.touch(4);
  EXPECT_EQ(map.find(2), nullptr);
  ASSERT_NE(map.find(1), nullptr);
  EXPECT_EQ(*map.find(1), 10);
  map.erase(1);
  EXPECT_EQ(map.find(1), nullptr);
  EXPECT_EQ(map.values().size(), 2U);
}

}  // namespace
}  // namespace godwit::base
