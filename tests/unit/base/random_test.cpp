// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/random.hpp"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

namespace godwit::base {
namespace {

TEST(SeededRandom, OneSeedGivesOneSequence) {
  SeededRandom one(42);
  SeededRandom same(42);
  SeededRandom other(43);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const auto value = one.next();
    EXPECT_EQ(value, same.next());
    differs = differs || value != other.next();
  }
  EXPECT_TRUE(differs);
}

TEST(Random, BelowCoversItsRangeEvenly) {
  SeededRandom random(1);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts.at(random.below(7));
  for (const auto count : counts) EXPECT_NEAR(count, 10000, 500);
  EXPECT_EQ(random.below(1), 0U);
}

TEST(Random, FractionIsBelowOne) {
  SeededRandom random(2);
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    const auto value = random.fraction();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    sum += value;
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.02);
}

TEST(Random, ShuffleReachesEveryOrder) {
  SeededRandom random(3);
  std::vector<std::vector<int>> seen;
  for (int i = 0; i < 500; ++i) {
    std::vector<int> items = {1, 2, 3};
    random.shuffle(items);
    if (std::ranges::find(seen, items) == seen.end()) seen.push_back(items);
  }
  EXPECT_EQ(seen.size(), 6U);
}

TEST(SystemRandom, DoesNotRepeat) {
  SystemRandom random;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 1000; ++i) values.push_back(random.next());
  std::ranges::sort(values);
  EXPECT_EQ(std::ranges::adjacent_find(values), values.end());
}

}  // namespace
}  // namespace godwit::base
