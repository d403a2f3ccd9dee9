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

// Under ThreadSanitizer, to which one thread shows little, all would take a quarter of an hour: one of so many points.
#ifdef __SANITIZE_THREAD__
constexpr std::uint64_t one_of = 16;
#else
constexpr std::uint64_t one_of = 1;
#endif

enum class After { nothing, finish };  // what is done with a message once it is acknowledged

constexpr unsigned everything = 2000;  // of a hundred open messages; those that stay are done too

std::string first_segment(const SimDisk& disk) {
  const auto names = disk.names();
  const auto found = std::ranges::find_if(names, [](const std::string& name) { return name.ends_with(".seg"); });
  return found == names.end() ? "" : *found;
}

// The workload; ends early when the disk dies.  First little is settled, then nearly all: what is left lies thin, and
// compaction moves it.  Then the oldest segment can't be removed, so that others would overtake it if they could, and
// done records about its messages move from segment to segment.
void play(SimDisk& disk, Ledger& ledger, std::uint64_t seed) {
  disk.set_uneven(seed);
  disk.set_slow_syncs(0, 20);
  {
    World world(disk, ledger, seed);
    if (!world.open()) return;
    world.work(5, 20);
    world.work(7, 75);
    world.stop();
    if (disk.dead()) return;
    ledger.durable_up_to(ledger.updates);
  }
  disk.set_slow_syncs(20, 0);
  disk.set_immovable(first_segment(disk));
  World world(disk, ledger, seed + 1);
  if (!world.open()) return;
  world.work(3, 60);
  world.work(1, everything);
  world.work(4, 60);
}

// Much comes, then all of it goes at once: many segments are removed while the journal, without a spare file, waits for
// one.
void play_turnover(SimDisk& disk, Ledger& ledger, std::uint64_t seed) {
  disk.set_slow_syncs(0, 60);
  World world(disk, ledger, seed);
  if (!world.open()) return;
  world.work(8, 0);
  world.work(6, everything);
}

// Commits until a file has become the `count`th segment.  The ids, in order.
std::vector<base::MessageId> fill(World& world, const SimDisk& disk, std::uint64_t count, After after) {
  std::vector<base::MessageId> ids;
  while (disk.renames_to(".seg") < count) {
    const auto id = world.commit_one(1500);
    if (!id) break;
    ids.push_back(*id);
    if (after == After::finish) world.finish(*id);
  }
  return ids;
}

// No other file can be made, so a file whose segment is removed is wanted at once, long before the removal is durable.
void play_reuse(SimDisk& disk, Ledger& ledger, std::uint64_t seed) {
  World world(disk, ledger, seed);
  if (!world.open() || !world.commit_one(1500)) return;
  disk.set_out_of_inodes(true);
  fill(world, disk, 2, After::nothing);  // the only spare file is used up
  const auto first = ledger.open();
  for (int i = 0; i < 8; ++i) static_cast<void>(world.commit_one(1500));
  ledger.crash_from = disk.operations();
  disk.set_slow_syncs(0, 400);
  for (const base::MessageId id : first) world.finish(id);
  world.load(4, 4, 3000, [](base::MessageId) {});
}

// In the first segment one message, a long one, is needed; the done records of the others are in the second, where
// nothing else is needed.  When the third begins, either these move on while commits never pause, or the long message
// is done too, and both segments go, one after the other.
void play_dones(SimDisk& disk, Ledger& ledger, std::uint64_t seed, After last) {
  World world(disk, ledger, seed);
  if (!world.open({.inline_limit = 40'000})) return;
  auto in_first = fill(world, disk, 1, After::nothing);
  const auto needed = world.commit_one(34'000);
  if (!needed) return;
  const auto others = fill(world, disk, 2, After::nothing);
  in_first.insert(in_first.end(), others.begin(), others.end());
  for (const base::MessageId id : in_first) world.finish(id);
  for (int i = 0; i < 4; ++i)
    if (const auto id = world.commit_one(1500)) world.finish(*id);
  ledger.crash_from = disk.operations();
  disk.set_slow_syncs(20, 60);
  world.load(4, 10, 3000, [&](base::MessageId id) {
    world.finish(id);
    if (last == After::nothing || disk.renames_to(".seg") < 3) return;
    world.finish(*needed);
    last = After::nothing;
  });
}

void play_moving_dones(SimDisk& disk, Ledger& ledger, std::uint64_t seed) {
  play_dones(disk, ledger, seed, After::nothing);
}

void play_cascade(SimDisk& disk, Ledger& ledger, std::uint64_t seed) {
  play_dones(disk, ledger, seed, After::finish);
}

using Workload = void (*)(SimDisk&, Ledger&, std::uint64_t);

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

// Where it begins to be of interest, and all.
std::pair<std::uint64_t, std::uint64_t> operations_of(Workload workload, std::uint64_t seed) {
  SimDisk disk(SimDisk::Completion::posted);
  Ledger ledger;
  workload(disk, ledger, seed);
  return {ledger.crash_from, disk.operations()};
}

// Crashes of one workload, with each loss: after each operation, or where it says what is of interest, there.
void crash_everywhere(Workload workload, std::uint64_t seed, std::uint64_t& crashes) {
  const auto [first, last] = operations_of(workload, seed);
  for (std::uint64_t at = first + 1; at <= last; at += one_of) {
    SimDisk disk(SimDisk::Completion::posted);
    Ledger ledger;
    disk.die_at(at);
    workload(disk, ledger, seed);
    for (std::size_t i = 0; i < std::size(losses); ++i) {
      const auto future = disk.clone();
      future->crash(losses[i], seed + at);
      const std::string wrong = recover(*future, ledger, seed + at);
      ASSERT_EQ(wrong, "") << "seed " << seed << ", operation " << at << ", loss " << i;
      ++crashes;
    }
  }
}

TEST(SpoolCrash, NothingAcknowledgedIsLostWhereverThePowerFails) {
  const std::uint64_t seed = seed_from_environment();
  const std::uint64_t workloads = number_from_environment("GODWIT_CRASH_BUDGET", 1);
  std::uint64_t crashes = 0;
  for (std::uint64_t i = 0; i < workloads; ++i)
    for (const Workload workload : {play, play_turnover, play_reuse, play_moving_dones, play_cascade}) {
      crash_everywhere(workload, seed + i, crashes);
      if (HasFatalFailure()) return;
    }
  std::cout << "seeds from " << seed << ": " << crashes << " crash points\n";
  EXPECT_GT(crashes, 5000U / one_of);
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
  const std::uint64_t operations = operations_of(play, seed).second;
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

// One life after the other on the same disk, each cut off anywhere: in its recovery, at work, in compaction.  In long
// ones the oldest segment can't be removed, so that others would overtake it if they could.  What is wrong with what an
// earlier life left, e.g. a done record that went too early, shows in a later one.
std::string live_again_and_again(std::uint64_t seed, Ledger& ledger) {
  constexpr int lives = 8;
  base::SeededRandom random(seed);
  SimDisk disk(SimDisk::Completion::posted);
  disk.set_uneven(seed);
  for (int life = 0; life < lives; ++life) {
    const std::string where = "life " + std::to_string(life) + ": ";
    {
      const bool is_long = random.below(4) == 0;
      if (is_long) disk.set_immovable(first_segment(disk));
      disk.set_slow_syncs(random.below(4) == 0 ? 20 : 0, random.below(4) == 0 ? 60 : 0);
      World world(disk, ledger, random.next());
      if (random.below(4) == 0) disk.die_at(disk.operations() + 1 + random.below(30));
      const auto opened = world.open();
      if (!disk.dead()) {
        if (!opened) return where + "not opened: " + opened.error().message;
        if (std::string wrong = world.check(); !wrong.empty()) return where + wrong;
        disk.die_at(disk.operations() + 1 + random.below(is_long ? 1000 : 200));
        const unsigned settled = 20 + static_cast<unsigned>(random.below(60));
        while (!disk.dead() && world.spool().statistics().healthy)
          world.work(1, is_long && random.below(8) == 0 ? everything : settled);
      }
    }
    disk.crash(losses[random.below(std::size(losses))], random.next());
  }
  return recover(disk, ledger, random.next());
}

TEST(SpoolCrash, LivesThatAreCutOffOneAfterTheOtherLoseNothing) {
  const std::uint64_t seed = seed_from_environment();
  const std::uint64_t chains = 60 * number_from_environment("GODWIT_CRASH_BUDGET", 1) / one_of;
  std::uint64_t copies = 0;
  for (std::uint64_t i = 0; i < chains; ++i) {
    Ledger ledger;
    ASSERT_EQ(live_again_and_again(seed + i, ledger), "") << "seed " << seed + i;
    copies += ledger.copies;
  }
  std::cout << "seeds from " << seed << ": " << chains << " chains of lives, " << copies << " copies\n";
  EXPECT_GT(copies, 10 * chains);
}

}  // namespace
}  // namespace godwit::test
