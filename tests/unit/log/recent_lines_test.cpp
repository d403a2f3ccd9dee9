// SPDX-License-Identifier: Apache-2.0
#include "godwit/log/recent_lines.hpp"

#include <gmock/gmock.h>

namespace godwit::log {
namespace {

std::vector<std::uint64_t> numbers(const RecentLines::Tail& tail) {
  std::vector<std::uint64_t> all;
  for (const auto& line : tail.lines) all.push_back(line.number);
  return all;
}

TEST(RecentLines, TheNewestOfALevelComeInOrder) {
  RecentLines recent;
  for (const auto level : {Level::info, Level::warn, Level::debug, Level::error, Level::info}) recent.add(level, "x");
  EXPECT_THAT(numbers(recent.after(0, Level::debug, 10)), ::testing::ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(numbers(recent.after(0, Level::warn, 10)), ::testing::ElementsAre(2, 4));
  EXPECT_THAT(numbers(recent.after(0, Level::debug, 2)), ::testing::ElementsAre(4, 5));
  EXPECT_THAT(numbers(recent.after(3, Level::debug, 10)), ::testing::ElementsAre(4, 5));
  EXPECT_THAT(numbers(recent.after(5, Level::debug, 10)), ::testing::IsEmpty());
  EXPECT_EQ(recent.after(0, Level::error, 10).last, 5U);
}

TEST(RecentLines, ANumberOfAnEarlierStartBeginsAnew) {
  RecentLines recent;
  recent.add(Level::info, "x");
  EXPECT_THAT(numbers(recent.after(1000, Level::debug, 10)), ::testing::ElementsAre(1));
}

TEST(RecentLines, AreBounded) {
  RecentLines recent;
  for (std::size_t i = 0; i < 2 * RecentLines::most_lines; ++i) recent.add(Level::info, "x");
  EXPECT_EQ(recent.after(0, Level::debug, 10'000).lines.size(), RecentLines::most_lines);
  const std::string large(RecentLines::most_bytes / 4, 'x');
  for (int i = 0; i < 10; ++i) recent.add(Level::info, large);
  EXPECT_EQ(recent.after(0, Level::debug, 10'000).lines.size(), 4U);
  recent.add(Level::info, std::string(2 * RecentLines::most_bytes, 'x'));
  EXPECT_EQ(recent.after(0, Level::debug, 10'000).lines.size(), 1U);
}

}  // namespace
}  // namespace godwit::log
