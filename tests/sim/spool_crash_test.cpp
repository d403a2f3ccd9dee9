// SPDX-License-Identifier: Apache-2.0
// Power loss after every single operation of a recorded workload: accept (inline, large), update, done, segment roll,
// compaction, removal and recycling of segments, orderly stop, recovery itself, and recovery after a crash during
// recovery.  GODWIT_SEED chooses the workload; GODWIT_CRASH_BUDGET multiplies the number of workloads (1: within a
// minute).
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "sim/spool_model.hpp"

namespace godwit::test {
namespace {

constexpr Loss losses[] = {Loss::all,       Loss::none,   Loss::some,      Loss::torn,
                           Loss::last_torn, Loss::prefix, Loss::last_only, Loss::names};

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

std::uint64_t seed_from_environment() {
  return number_from_environment("GODWIT_SEED", 20261123);
}

// The workload; ends early when the disk dies.  First little is settled, then nearly all: what is left lies thin, and
// compaction moves it.
void play(SimDisk& disk, Ledger& ledger, std::uint64_t seed) {
  {
    World world(disk, ledger, seed);
    if (!world.open()) return;
    world.work(6, 20);
    world.work(10, 75);
    world.stop();
    if (disk.dead()) return;
    ledger.all_durable();
  }
  World world(disk, ledger, seed + 1);
  if (!world.open()) return;
  world.work(12, 60);
}

// Opens, checks, takes one more message and checks that it is there after the next power loss.
std::string recover(SimDisk& disk, Ledger ledger, std::uint64_t seed) {
  {
    World world(disk, ledger, seed);
    if (auto opened = world.open(); !opened) return "not opened: " + opened.error().message;
    if (std::string wrong = world.check(); !wrong.empty()) return wrong;
    if (!world.commit_one(700)) return "takes no message after recovery";
  }
  disk.crash(Loss::all, seed);
  World world(disk, ledger, seed + 1);
  if (auto opened = world.open(); !opened) return "not opened again: " + opened.error().message;
  return world.check();
}

std::uint64_t count_operations(std::uint64_t seed) {
  SimDisk disk(SimDisk::Completion::posted);
  Ledger ledger;
  play(disk, ledger, seed);
  return disk.operations();
}

// Crashes of one workload: after each operation, with the two plain losses and one of the others in turn.
void crash_everywhere(std::uint64_t seed, std::uint64_t& crashes) {
  const std::uint64_t operations = count_operations(seed);
  for (std::uint64_t at = 1; at <= operations; ++at) {
    SimDisk disk(SimDisk::Completion::posted);
    Ledger ledger;
    disk.die_at(at);
    play(disk, ledger, seed);
    const std::uint64_t other = 2 + (at + seed) % (std::size(losses) - 2);
    for (const Loss loss : {losses[0], losses[1], losses[other]}) {
      const auto future = disk.clone();
      future->crash(loss, seed + at);
      const std::string wrong = recover(*future, ledger, seed + at);
      ASSERT_EQ(wrong, "") << "seed " << seed << ", operation " << at << ", loss " << static_cast<int>(loss);
      ++crashes;
    }
  }
}

TEST(SpoolCrash, NothingAcknowledgedIsLostWhereverThePowerFails) {
  const std::uint64_t seed = seed_from_environment();
  const std::uint64_t workloads = number_from_environment("GODWIT_CRASH_BUDGET", 1);
  std::uint64_t crashes = 0;
  for (std::uint64_t i = 0; i < workloads && !HasFatalFailure(); ++i) crash_everywhere(seed + i, crashes);
  std::cout << "seeds from " << seed << ": " << crashes << " crash points\n";
  EXPECT_GT(crashes, 1000U);
}

// The test of the test: with a sync that does nothing, the promise must be seen broken.
TEST(SpoolCrash, ADiskThatLiesAboutSyncsIsNoticed) {
  const std::uint64_t seed = seed_from_environment();
  for (const auto lie : {SimDisk::Lie::file_sync, SimDisk::Lie::directory_sync}) {
    std::uint64_t noticed = 0;
    for (std::uint64_t at = 20; at <= 120; at += 5) {
      SimDisk disk(SimDisk::Completion::posted);
      Ledger ledger;
      disk.set_lie(lie);
      disk.die_at(at);
      play(disk, ledger, seed);
      disk.crash(Loss::all, seed);
      disk.set_lie(SimDisk::Lie::none);
      if (!recover(disk, ledger, seed).empty()) ++noticed;
    }
    EXPECT_GT(noticed, 5U);
  }
}

TEST(SpoolCrash, TheWorkloadRemovesRecyclesAndCompactsSegments) {
  SimDisk disk(SimDisk::Completion::posted);
  Ledger ledger;
  play(disk, ledger, seed_from_environment());
  std::uint64_t segments = 0;
  for (const std::string& name : disk.names()) segments += name.ends_with(".seg") ? 1 : 0;
  EXPECT_GT(disk.renames_to(".seg"), segments);
  EXPECT_GT(disk.renames_to(".free"), 0U);
  EXPECT_GT(ledger.copies, 20U);
}

TEST(SpoolCrash, RecoveryMayBeCutOffAnywhere) {
  const std::uint64_t seed = seed_from_environment();
  const std::uint64_t operations = count_operations(seed);
  const std::uint64_t step = 1 + 24 / number_from_environment("GODWIT_CRASH_BUDGET", 1);
  std::uint64_t crashes = 0;
  for (std::uint64_t at = 5; at <= operations; at += step) {
    SimDisk disk(SimDisk::Completion::posted);
    Ledger ledger;
    disk.die_at(at);
    play(disk, ledger, seed);
    const Loss first = losses[at % std::size(losses)];
    for (std::uint64_t second = 1;; ++second) {
      const auto future = disk.clone();
      future->crash(first, seed + at);
      future->die_at(second);
      bool died = false;
      {
        World world(*future, ledger, seed);
        static_cast<void>(world.open());
        died = future->dead();
      }
      const Loss then = losses[second % std::size(losses)];
      future->crash(then, seed + second);
      const std::string wrong = recover(*future, ledger, seed + at);
      ASSERT_EQ(wrong, "") << "seed " << seed << ", operation " << at << ", then operation " << second
                           << " of recovery";
      ++crashes;
      if (!died) break;
    }
  }
  std::cout << "seed " << seed << ": " << crashes << " crash points in recovery\n";
}

}  // namespace
}  // namespace godwit::test
