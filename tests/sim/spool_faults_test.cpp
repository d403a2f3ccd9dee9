// SPDX-License-Identifier: Apache-2.0
// Each operation of the workload fails once (EIO, ENOSPC), and the disk fills up: refusals, and nothing acknowledged is
// lost.
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <iostream>

#include "sim/spool_model.hpp"

namespace godwit::test {
namespace {

constexpr std::uint64_t faults_seed = 4711;

// Restarts where the spool asks for it; what is acknowledged must survive the restart and a power loss after that.
std::string play_with_fault(std::uint64_t at, int code, std::uint64_t& operations) {
  SimDisk disk(SimDisk::Completion::posted);
  Ledger ledger;
  if (at != 0) disk.fail_at(at, code);
  for (int life = 0; life < 3; ++life) {
    {
      World world(disk, ledger, faults_seed + static_cast<std::uint64_t>(life));
      auto opened = world.open();
      if (opened) {
        if (std::string wrong = world.check(); !wrong.empty()) return "life " + std::to_string(life) + ": " + wrong;
        world.work(2);
        if (!world.spool().statistics().healthy && !world.fatal()) return "unhealthy and nobody told";
      } else if (opened.error().message.find("simulated") == std::string::npos) {
        return "not opened: " + opened.error().message;
      }
    }
    operations = disk.operations();
    // The daemon is gone; the machine goes on, but for the last time.
    disk.crash(life == 1 ? Loss::all : Loss::none, faults_seed);
  }
  World world(disk, ledger, faults_seed);
  if (auto opened = world.open(); !opened) return "not opened at last: " + opened.error().message;
  return world.check();
}

TEST(SpoolFaults, AFailureOfAnyOperationLosesNothingAcknowledged) {
  std::uint64_t operations = 0;
  ASSERT_EQ(play_with_fault(0, 0, operations), "");
  for (const int code : {EIO, ENOSPC}) {
    for (std::uint64_t at = 1; at <= operations; ++at) {
      std::uint64_t ignored = 0;
      ASSERT_EQ(play_with_fault(at, code, ignored), "") << "operation " << at << " failed with " << code;
    }
  }
  std::cout << "seed " << faults_seed << ": " << 2 * operations << " failing operations\n";
}

TEST(SpoolFaults, AFullDiskRefusesWithFullAndGoesOnWhenThereIsSpace) {
  SimDisk disk(SimDisk::Completion::posted);
  Ledger ledger;
  World world(disk, ledger, faults_seed);
  disk.set_capacity(3U << 20U);
  ASSERT_TRUE(world.open());
  spool::Accepted<base::MessageId> result;
  for (int i = 0; i < 3000 && result; ++i) result = world.commit_one(5000);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().why, spool::Refused::Why::full);
  EXPECT_TRUE(world.spool().statistics().healthy);
  EXPECT_EQ(world.check(), "");

  disk.set_capacity(30U << 20U);
  static_cast<void>(world.commit_one(5000));  // notices
  EXPECT_TRUE(world.commit_one(5000));
  EXPECT_EQ(world.check(), "");
}

// Also: that it returns.  Updates that could not be written were tried again without pause, and a stop never ended.
TEST(SpoolFaults, AShortageThatFreeSpaceDoesNotShowIsEnduredAndStoppedIn) {
  SimDisk disk(SimDisk::Completion::posted);
  Ledger ledger;
  {
    World world(disk, ledger, faults_seed);
    ASSERT_TRUE(world.open());
    disk.set_out_of_inodes(true);
    spool::Accepted<base::MessageId> result;
    // To the last block, so that not even an update fits.
    for (int i = 0; i < 300 && result; ++i) result = world.commit_one(10);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().why, spool::Refused::Why::full);
    for (const auto& [id, entry] : ledger.entries)
      if (entry.acknowledged && !entry.finished) world.finish(id);
    static_cast<void>(world.commit_one(5000));
    EXPECT_TRUE(world.spool().statistics().healthy);
    world.stop();
  }
  disk.set_out_of_inodes(false);
  World world(disk, ledger, faults_seed + 1);
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.check(), "");  // what could not be recorded is open again, nothing is lost
  EXPECT_TRUE(world.commit_one(5000));
  EXPECT_EQ(world.check(), "");
}

TEST(SpoolFaults, AFailedSyncStopsAllAcknowledgement) {
  SimDisk disk(SimDisk::Completion::posted);
  Ledger ledger;
  World world(disk, ledger, faults_seed);
  ASSERT_TRUE(world.open());
  ASSERT_TRUE(world.commit_one(100));
  disk.fail_at(disk.operations() + 2, EIO);  // write, sync
  auto refused = world.commit_one(100);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().why, spool::Refused::Why::unhealthy);
  EXPECT_TRUE(world.fatal());
  EXPECT_FALSE(world.commit_one(100));
}

std::vector<std::string> segments(const SimDisk& disk) {
  auto names = disk.names();
  std::erase_if(names, [](const std::string& name) { return !name.ends_with(".seg"); });
  return names;
}

// What was committed just before `remove` is safe; what comes after it is not acknowledged.
std::string play_removal(const std::function<void(SimDisk&, World&)>& remove) {
  SimDisk disk(SimDisk::Completion::posted);
  Ledger ledger;
  World world(disk, ledger, faults_seed);
  if (!world.open()) return "not opened";
  for (int i = 0; i < 40; ++i)  // more than one segment
    if (!world.commit_one(5000)) return "refused too early";
  remove(disk, world);
  ledger.ticks += 2'000'000;  // not yet looked at in this second
  const auto after = world.commit_one(100);
  if (after) return "acknowledged";
  if (after.error().why != spool::Refused::Why::unhealthy) return "refused for another reason";
  if (!world.fatal()) return "nobody told";
  return world.commit_one(100) ? "acknowledged later" : "";
}

TEST(SpoolFaults, AFileRemovedUnderneathStopsAllAcknowledgement) {
  EXPECT_EQ(play_removal([](SimDisk&, World&) {}), "acknowledged");
  EXPECT_EQ(play_removal([](SimDisk& disk, World&) { disk.remove_lock("/spool/lock"); }), "");
  EXPECT_EQ(play_removal([](SimDisk& disk, World& world) {
              ASSERT_TRUE(world.run(disk.remove(segments(disk).front())));  // sealed, and its messages live
            }),
            "");
  EXPECT_EQ(play_removal([](SimDisk& disk, World& world) {
              for (const std::string& name : disk.names()) ASSERT_TRUE(world.run(disk.remove(name)));
            }),
            "");
}

TEST(SpoolFaults, TheActiveSegmentIsLookedAtWithEveryGroup) {
  SimDisk disk(SimDisk::Completion::posted);
  Ledger ledger;
  World world(disk, ledger, faults_seed);
  ASSERT_TRUE(world.open());
  ASSERT_TRUE(world.commit_one(100));
  ASSERT_TRUE(world.run(disk.rename(segments(disk).back(), "/spool/journal/elsewhere")));
  EXPECT_FALSE(world.commit_one(100));  // within the same second
  EXPECT_TRUE(world.fatal());
}

// The folder cannot be opened for its sync after a segment was removed: that passes.
TEST(SpoolFaults, ARemovalWithoutADescriptorIsFinishedLater) {
  SimDisk disk(SimDisk::Completion::posted);
  Ledger ledger;
  World world(disk, ledger, faults_seed);
  ASSERT_TRUE(world.open());
  std::size_t failures = 0;
  disk.on_failure([&] { ++failures; });
  disk.on_rename([&](const std::string& to) {
    if (to.ends_with(".free")) disk.fail_at(disk.operations() + 1, EMFILE);
  });
  for (int i = 0; i < 200; ++i) {
    const auto id = world.commit_one(5000);
    ASSERT_TRUE(id);
    world.finish(*id);
  }
  EXPECT_GT(failures, 0U);
  EXPECT_FALSE(world.fatal());
  EXPECT_TRUE(world.commit_one(100));
}

}  // namespace
}  // namespace godwit::test
