// SPDX-License-Identifier: Apache-2.0
// The next segment's file is written ahead, so that a commit finds its blocks on the disk.
#include <gtest/gtest.h>

#include "sim/spool_model.hpp"

namespace godwit::test {
namespace {

constexpr std::uint64_t spare_seed = 906;
// One that is made on the spot, for want of one written ahead, is shorter.
constexpr std::uint64_t large_segment = 8U << 20U;

class SpoolSpare : public ::testing::Test {
 protected:
  SpoolSpare() {
    EXPECT_TRUE(world_.open({.memory = 1U << 30U, .segment = large_segment, .inline_limit = 256U << 10U}));
  }
  // Fills so many segments; nothing runs beside it but what the spool began itself.
  void fill(std::uint64_t segments) {
    for (std::uint64_t sent = 0; sent < segments * large_segment; sent += 100'000)
      ASSERT_TRUE(world_.commit_one(100'000));
  }
  std::vector<std::uint64_t> sizes(const std::string& suffix) const {
    std::vector<std::uint64_t> found;
    for (const std::string& name : disk_.names())
      if (name.ends_with(suffix)) found.push_back(disk_.contents(name)->size());
    return found;
  }

  SimDisk disk_{SimDisk::Completion::posted};
  Ledger ledger_;
  World world_{disk_, ledger_, spare_seed};
};

TEST_F(SpoolSpare, EverySegmentWasWrittenAhead) {
  fill(3);
  const auto segments = sizes(".seg");
  EXPECT_GE(segments.size(), 3U);
  // The first is made while the first commit waits for it.
  EXPECT_LE(std::ranges::count_if(segments, [](std::uint64_t size) { return size != large_segment; }), 1);
  EXPECT_EQ(sizes(".free"), std::vector{large_segment});
  EXPECT_EQ(world_.check(), "");
}

TEST_F(SpoolSpare, WithoutRoomForOneItIsSaidOnceAndTriedAgainWhenThereIsRoom) {
  fill(1);
  disk_.set_out_of_inodes(true);
  for (int i = 0; i < 120; ++i) static_cast<void>(world_.commit_one(100'000));
  EXPECT_EQ(sizes(".free"), std::vector<std::uint64_t>());
  EXPECT_EQ(world_.log().count("segment_not_prepared"), 1U);
  disk_.set_out_of_inodes(false);
  fill(2);
  EXPECT_EQ(sizes(".free"), std::vector{large_segment});
  EXPECT_EQ(world_.check(), "");
}

}  // namespace
}  // namespace godwit::test
