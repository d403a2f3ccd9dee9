// SPDX-License-Identifier: Apache-2.0
// The bound on space: twice what is live and four segments, spare files included, whatever the senders do.
#include <gtest/gtest.h>

#include <deque>
#include <iostream>
#include <optional>

#include "sim/spool_model.hpp"
#include "support/let_others_run.hpp"

namespace godwit::test {
namespace {

constexpr std::uint64_t space_seed = 815;

class SpoolSpace : public ::testing::Test {
 protected:
  SpoolSpace() { EXPECT_TRUE(world_.open()); }
  base::MessageId commit(std::size_t size) {
    const auto id = world_.commit_one(size);
    EXPECT_TRUE(id);
    return id.value_or(base::MessageId{});
  }
  // Everything has come to rest.
  void expect_bound() {
    const auto now = world_.spool().statistics();
    most_over_ = std::max(most_over_, now.bytes_used - std::min(now.bytes_used, 2 * now.bytes_live));
    EXPECT_LE(now.bytes_used, 2 * now.bytes_live + 4 * small_segment)
        << now.segments << " segments, " << now.messages << " messages";
    std::uint64_t on_disk = 0;
    for (const std::string& name : disk_.names())
      if (name.starts_with("/spool/journal/")) on_disk += disk_.contents(name)->size();
    EXPECT_EQ(on_disk, now.bytes_used);
  }

  SimDisk disk_{SimDisk::Completion::posted};
  Ledger ledger_;
  World world_{disk_, ledger_, space_seed};
  std::uint64_t most_over_ = 0;
};

// A few messages that stay in each segment, all others done at once: without compaction each segment stays.
TEST_F(SpoolSpace, FewMessagesThatStayInEachSegmentDoNotKeepIt) {
  for (int round = 0; round < 400; ++round) {
    const bool stays = round % 10 == 0;
    const base::MessageId id = commit(1500);
    if (!stays) world_.finish(id);
    expect_bound();
  }
  EXPECT_EQ(world_.check(), "");
  std::cout << "at most " << most_over_ / small_segment << " segments above twice the live bytes\n";
}

// Each message is done much later than it came: its done record is in another segment, and keeps that one.
TEST_F(SpoolSpace, DoneRecordsOfMessagesThatWaitedDoNotKeepTheirSegments) {
  std::deque<base::MessageId> waiting;
  for (int round = 0; round < 600; ++round) {
    waiting.push_back(commit(round % 3 == 0 ? 3000 : 300));
    if (waiting.size() > 60) {
      const std::size_t which = round % 7 == 0 ? waiting.size() / 2 : 0;
      world_.finish(waiting[which]);
      waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(which));
    }
    expect_bound();
  }
  EXPECT_EQ(world_.check(), "");
}

// Deferred and held messages: updates that are needed lie far from their messages.
TEST_F(SpoolSpace, UpdatesOfMessagesThatStayDoNotKeepTheirSegments) {
  std::vector<base::MessageId> stay;
  for (int i = 0; i < 40; ++i) stay.push_back(commit(2000));
  for (int round = 0; round < 300; ++round) {
    mail::Update update;
    update.held = round % 2 == 0;
    world_.record_update(stay[static_cast<std::size_t>(round) % stay.size()], std::move(update));
    world_.finish(commit(1500));
    expect_bound();
  }
  EXPECT_EQ(world_.check(), "");
}

TEST_F(SpoolSpace, WhatIsDoneCompletelyGoesWithoutCopies) {
  for (int round = 0; round < 300; ++round) world_.finish(commit(1500));
  static_cast<void>(commit(100));
  expect_bound();
  EXPECT_EQ(world_.spool().statistics().copies, 0U);
}

TEST_F(SpoolSpace, AFullDiskDuringCompactionIsHarmless) {
  std::vector<base::MessageId> all;
  for (int i = 0; i < 200; ++i) all.push_back(commit(1500));
  disk_.set_capacity(1);  // nothing grows any more
  for (std::size_t i = 0; i < all.size(); ++i)
    if (i % 10 != 0) world_.finish(all[i]);
  static_cast<void>(world_.commit_one(100));
  EXPECT_TRUE(world_.spool().statistics().healthy);
  disk_.set_capacity(64U << 20U);
  static_cast<void>(world_.commit_one(100));  // notices
  EXPECT_TRUE(world_.commit_one(100));
  EXPECT_TRUE(world_.commit_one(100));
  expect_bound();
  EXPECT_EQ(world_.check(), "");
}

// The bound holds while commits never pause, too: what is live stays the same, but other messages are done than those
// that came last, so that each segment thins out slowly.
struct Load {
  std::size_t senders;
  std::uint64_t segment_size;
  std::size_t body_below;
  std::uint64_t segments_over;  // what it may use above twice the live bytes
  std::size_t messages = 4000;
};

class SpoolLoad : public ::testing::TestWithParam<Load> {};

TEST_P(SpoolLoad, TheBoundHoldsAllAlong) {
  const auto [senders, segment_size, body_below, segments_over, messages] = GetParam();
  const std::size_t stay = 4 * segment_size / (body_below / 2 + 200);
  SimDisk disk(SimDisk::Completion::posted);
  Ledger ledger;
  World world(disk, ledger, space_seed);
  disk.set_speed(64U << 10U);
  // Nothing is refused, and no body is large.
  ASSERT_TRUE(world.open({.memory = 1U << 30U, .segment = segment_size, .inline_limit = 2 * body_below}));
  base::SeededRandom random(space_seed);
  std::vector<base::MessageId> live;
  std::uint64_t most = 0, acknowledged = 0;
  world.load(senders, static_cast<int>(messages / senders), body_below, [&](base::MessageId id) {
    ++acknowledged;
    live.push_back(id);
    if (live.size() <= stay) return;
    std::swap(live[random.below(live.size())], live.back());
    world.finish(live.back());
    live.pop_back();
    const auto now = world.spool().statistics();
    most = std::max(most, now.bytes_used - std::min(now.bytes_used, 2 * now.bytes_live));
  });
  std::cout << senders << " senders: at most " << static_cast<double>(most) / static_cast<double>(segment_size)
            << " segments above twice the live bytes, " << world.spool().statistics().copies << " copies\n";
  EXPECT_EQ(acknowledged, messages);
  EXPECT_LE(most, segments_over * segment_size);
  EXPECT_EQ(world.check(), "");
}

INSTANTIATE_TEST_SUITE_P(Senders, SpoolLoad,
                         ::testing::Values(Load{1, 64U << 10U, 3000, 4}, Load{10, 256U << 10U, 3000, 4},
                                           Load{40, 512U << 10U, 3000, 4},
                                           // A group of all senders is up to a third of a segment.
                                           Load{100, 8U << 20U, 25U << 10U, 4, 8000}));

// A backlog that goes faster than what is left of it can be written anew, on a disk of a megabyte a second.
TEST(SpoolHurry, CompactionLeavesHalfOfTheTimeToOthers) {
  SimDisk disk(SimDisk::Completion::posted);
  Ledger ledger;
  World world(disk, ledger, space_seed);
  ASSERT_TRUE(world.open({.memory = 64U << 20U, .segment = 1U << 20U, .inline_limit = 40'000}));
  std::vector<base::MessageId> all;
  for (int i = 0; i < 400; ++i) all.push_back(world.commit_one(20'000).value());
  disk.set_wait([&ledger](std::uint64_t bytes, bool) {
    ledger.ticks += static_cast<std::int64_t>(bytes);  // microseconds
    return let_others_run();
  });
  std::int64_t rested = 0, worked = 0;
  std::optional<std::int64_t> since;
  world.on_pause([&](base::Duration rest) {
    worked += since ? ledger.ticks - *since : 0;
    const auto ticks = std::chrono::duration_cast<std::chrono::microseconds>(rest).count();
    rested += ticks;
    ledger.ticks += ticks;
    since = ledger.ticks;
  });
  for (std::size_t i = 0; i < all.size(); ++i)
    if (i % 4 != 0) world.finish(all[i]);
  ASSERT_TRUE(world.commit_one(100));
  EXPECT_GT(world.spool().statistics().copies, 50U);
  EXPECT_GT(worked, 1'000'000);
  EXPECT_GE(rested, worked * 3 / 4);  // the look at each segment's index is beside it
}

// Records so short that the index takes nearly as much: a segment full of them is less than half records, and was
// written anew without end.
TEST_F(SpoolSpace, ShortMessagesAreNotWrittenAnewForEver) {
  for (int i = 0; i < 400; ++i) commit(0);
  EXPECT_LT(world_.spool().statistics().copies, 40'000U);
  EXPECT_EQ(world_.check(), "");
}

TEST_F(SpoolSpace, ASegmentThatCannotBeRemovedHoldsUpNoOther) {
  world_.finish(commit(1500));
  for (const std::string& name : disk_.names())
    if (name.ends_with(".seg")) disk_.set_immovable(name);
  for (int round = 0; round < 300; ++round) {
    const base::MessageId id = commit(1500);
    if (round % 10 != 0) world_.finish(id);
    const auto now = world_.spool().statistics();
    ASSERT_LE(now.bytes_used, 2 * now.bytes_live + 5 * small_segment);
  }
  EXPECT_EQ(world_.check(), "");
}

// Also: that it comes to rest.  To make up for a segment that can't go, the messages of the others were written anew
// without end.
TEST_F(SpoolSpace, ASegmentThatCannotGoDoesNotKeepCompactionBusy) {
  const base::MessageId incomplete = commit(20'000);  // large
  for (int i = 0; i < 40; ++i) world_.finish(commit(1500));
  world_.stop();
  disk_.remove_file("/spool/large/" + base::to_string(incomplete));
  World world(disk_, ledger_, space_seed + 1);
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.log().count("spool_body_missing " + base::to_string(incomplete)), 1U);
  for (int i = 0; i < 200; ++i) {
    const auto id = world.commit_one(1500);
    ASSERT_TRUE(id);
    if (i % 6 != 0) world.finish(*id);
  }
  EXPECT_LT(world.spool().statistics().copies, 1000U);
}

}  // namespace
}  // namespace godwit::test
