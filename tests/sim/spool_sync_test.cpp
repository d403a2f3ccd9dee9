// SPDX-License-Identifier: Apache-2.0
// Spool::sync(): what was handed over before it completes survives any crash after.
#include <gtest/gtest.h>

#include "sim/spool_model.hpp"

namespace godwit::test {
namespace {

constexpr std::uint64_t sync_seed = 4711;

mail::Update held() {
  mail::Update update;
  update.held = true;
  return update;
}

const std::string long_reply(1000, 'x');

mail::Update deferred() {
  mail::Update update;
  update.recipients.push_back({0, mail::RecipientState::waiting, long_reply});
  return update;
}

std::string reply_of(World& world, base::MessageId id) {
  const auto stored = world.run(world.spool().read(id));
  EXPECT_TRUE(stored);
  return stored ? stored->envelope.recipients[0].last_reply : std::string();
}

bool is_held(World& world, base::MessageId id) {
  const auto stored = world.run(world.spool().read(id));
  EXPECT_TRUE(stored);
  return stored && stored->envelope.held;
}

TEST(SpoolSync, AnUpdateThatWasSyncedSurvivesACrashAtEveryOperation) {
  int synced = 0;
  for (std::uint64_t operation = 1; operation < 50; ++operation) {
    SimDisk disk(SimDisk::Completion::posted);
    Ledger ledger;
    base::MessageId id;
    bool promised = false;
    {
      World world(disk, ledger, sync_seed);
      ASSERT_TRUE(world.open());
      id = world.commit_one(500).value();
      disk.reset_operations();
      disk.die_at(operation);
      world.spool().update(id, held());
      promised = world.run(world.spool().sync()).has_value();
    }
    disk.crash(Loss::all, operation);
    World world(disk, ledger, sync_seed);
    ASSERT_TRUE(world.open());
    if (!promised) continue;
    ++synced;
    EXPECT_TRUE(is_held(world, id)) << "crash at operation " << operation;
  }
  EXPECT_GT(synced, 40);  // one write and one sync are all it takes
}

TEST(SpoolSync, NothingToWriteCompletesWithoutTheDisk) {
  SimDisk disk(SimDisk::Completion::posted);
  Ledger ledger;
  World world(disk, ledger, sync_seed);
  ASSERT_TRUE(world.open());
  ASSERT_TRUE(world.commit_one(500));
  const auto before = world.spool().statistics().syncs;
  EXPECT_TRUE(world.run(world.spool().sync()));
  EXPECT_EQ(world.spool().statistics().syncs, before);
}

TEST(SpoolSync, AFullDiskIsToldAndBoundsWhatWaitsForIt) {
  SimDisk disk(SimDisk::Completion::posted);
  Ledger ledger;
  World world(disk, ledger, sync_seed);
  ASSERT_TRUE(world.open());
  std::vector<base::MessageId> waiting;
  for (int i = 0; i < 400; ++i) waiting.push_back(world.commit_one(100).value());
  EXPECT_TRUE(world.spool().keeps_up());
  disk.set_capacity(1);  // no further segment
  base::Result<> told;
  for (const auto id : waiting) {
    world.spool().update(id, deferred());
    auto synced = world.run(world.spool().sync());
    if (!synced) told = std::move(synced);
  }
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().kind, base::ErrorKind::exhausted);
  EXPECT_FALSE(world.spool().keeps_up());
  disk.set_capacity(64U << 20U);
  EXPECT_TRUE(world.run(world.spool().sync()));  // tries again
  EXPECT_TRUE(world.spool().keeps_up());
  EXPECT_EQ(reply_of(world, waiting.back()), long_reply);
}

boost::asio::awaitable<base::Result<>> update_and_sync(spool::Spool& spool, base::MessageId id, bool stopped) {
  if (stopped) co_await spool.stop();
  spool.update(id, held());
  co_return co_await spool.sync();
}

TEST(SpoolSync, AfterAFailedSyncOrTheStopNothingIsPromised) {
  for (const bool stopped : {true, false}) {
    SimDisk disk(SimDisk::Completion::posted);
    Ledger ledger;
    World world(disk, ledger, sync_seed);
    ASSERT_TRUE(world.open());
    const auto id = world.commit_one(500).value();
    disk.reset_operations();
    if (!stopped) disk.fail_at(2, EIO);  // the sync of the group
    const auto told = world.run(update_and_sync(world.spool(), id, stopped));
    ASSERT_FALSE(told) << stopped;
    EXPECT_EQ(told.error().kind, base::ErrorKind::io);
    EXPECT_EQ(world.fatal(), !stopped);
  }
}

}  // namespace
}  // namespace godwit::test
