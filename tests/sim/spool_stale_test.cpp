// SPDX-License-Identifier: Apache-2.0
// Files that are used again hold what was written into them in earlier lives.  Whatever happens to the journal, none of
// it is ever taken for a record.
#include <gtest/gtest.h>

#include "sim/spool_model.hpp"
#include "spool/scan.hpp"
#include "spool/segment_header.hpp"

namespace godwit::test {
namespace {

constexpr std::uint64_t stale_seed = 77;

class SpoolStale : public ::testing::Test {
 protected:
  // Its spare files are full of messages that are done.
  SpoolStale() {
    World world(disk_, ledger_, stale_seed);
    EXPECT_TRUE(world.open());
    for (int i = 0; i < 100; ++i) {
      const auto id = world.commit_one(1500);
      EXPECT_TRUE(id);
      if (id) world.finish(*id);
    }
    world.stop();
    ledger_.durable_up_to(ledger_.updates);
    EXPECT_FALSE(files(disk_, ".free").empty());
    for (const std::string& spare : files(disk_, ".free")) {
      const std::string bytes = *disk_.contents(spare);
      EXPECT_TRUE(spool::first_group_of(bytes, spool::number_of(header_of(bytes).generation)));
    }
  }
  static std::vector<std::string> files(const SimDisk& disk, const std::string& suffix) {
    auto names = disk.names();
    std::erase_if(names, [&](const std::string& name) { return !name.ends_with(suffix); });
    return names;
  }
  static spool::SegmentHeader header_of(std::string_view file) {
    const auto header = spool::decode_segment_header(file.substr(0, spool::block_size));
    EXPECT_TRUE(header);
    return header.value_or(spool::SegmentHeader{});
  }
  // Damages the index of each sealed segment.  Gives how many have something of an earlier life behind it.
  static std::size_t damage_ends(SimDisk& disk) {
    std::size_t old_behind = 0;
    for (const std::string& segment : files(disk, ".seg")) {
      std::string bytes = *disk.contents(segment);
      const auto header = header_of(bytes);
      const auto scan = spool::scan_segment(bytes, header.generation, header.first_group, spool::Tail::may_be_torn);
      if (!scan.sealed) continue;
      const auto behind = std::string_view(bytes).substr(scan.end, bytes.size() - spool::block_size - scan.end);
      old_behind += behind.find_first_not_of('\0') != std::string_view::npos ? 1 : 0;
      bytes[scan.last_group_at] = static_cast<char>(bytes[scan.last_group_at] ^ 1);
      disk.set_contents(segment, std::move(bytes));
    }
    return old_behind;
  }

  SimDisk disk_{SimDisk::Completion::posted};
  Ledger ledger_;
};

// Somebody took all segments away, or their headers were damaged and all in them was done: groups are counted from 1
// again, and what is left in the spare files has higher numbers.
TEST_F(SpoolStale, AJournalThatBeginsAnewReadsNothingOfOldFiles) {
  for (const std::string& segment : files(disk_, ".seg")) disk_.remove_file(segment);
  {
    World world(disk_, ledger_, stale_seed + 1);
    ASSERT_TRUE(world.open());
    ASSERT_TRUE(world.commit_one(700));
  }
  disk_.crash(Loss::all, stale_seed);
  World world(disk_, ledger_, stale_seed + 2);
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.check(), "");
  EXPECT_TRUE(world.commit_one(700));
  EXPECT_EQ(world.check(), "");
}

// The header block of a file's next life, written before its old name was durably gone: what lies behind it is still of
// the segment that the name says.
TEST_F(SpoolStale, AHeaderOfAnotherLifeHidesNoRecord) {
  {
    World world(disk_, ledger_, stale_seed + 1);
    ASSERT_TRUE(world.open());
    world.work(8, 0);
    world.stop();
  }
  const std::string segment = files(disk_, ".seg").front();
  std::string bytes = *disk_.contents(segment);
  auto header = header_of(bytes);
  header.generation = spool::make_generation(99, 1);
  header.first_group = 1'000'000;
  bytes.replace(0, spool::block_size, spool::encode(header));
  disk_.set_contents(segment, std::move(bytes));
  World world(disk_, ledger_, stale_seed + 2);
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.check(), "quarantined without damage");  // all is there, and the header was reported
}

// Where the end of a segment is damaged, everything behind it is searched for records.
TEST_F(SpoolStale, BehindADamagedEndOnlyRecordsOfThisLifeAreSalvaged) {
  std::size_t old_behind = 0;
  for (std::uint64_t round = 0; round < 10; ++round) {
    const auto disk = disk_.clone();
    Ledger ledger = ledger_;
    {
      World world(*disk, ledger, stale_seed + round);
      // Some groups are large beside a segment: where one does not fit any more, much of the file stays as it was.
      ASSERT_TRUE(world.open({.inline_limit = 30'000}));
      world.work(30, 0);
      world.stop();
    }
    old_behind += damage_ends(*disk);
    World world(*disk, ledger, stale_seed + 100);
    ASSERT_TRUE(world.open());
    EXPECT_EQ(world.check(), "quarantined without damage");  // all that is open is there, and nothing else
  }
  EXPECT_GT(old_behind, 0U);
}

}  // namespace
}  // namespace godwit::test
