// SPDX-License-Identifier: Apache-2.0
// Damage in sealed segments: what start-up reads of them, what the scrub finds, and what is left.
#include <gtest/gtest.h>

#include "sim/spool_model.hpp"

namespace godwit::test {
namespace {

constexpr std::uint64_t damage_seed = 99;

class SpoolDamage : public ::testing::Test {
 protected:
  SpoolDamage() {
    World world(disk_, ledger_, damage_seed);
    EXPECT_TRUE(world.open());
    for (int i = 0; i < 80; ++i) EXPECT_TRUE(world.commit_one(1500));
    world.stop();
    for (const std::string& name : disk_.names())
      if (first_.empty() && name.ends_with(".seg") && disk_.contents(name)->size() == small_segment) first_ = name;
    EXPECT_NE(first_, "");
  }
  // The first message that lies in it.
  base::MessageId victim() const {
    for (const auto& [id, entry] : ledger_.entries)
      if (disk_.contents(first_)->find(entry.body) != std::string::npos) return id;
    return {};
  }
  void damage_body(base::MessageId id) { damage(disk_.contents(first_)->find(ledger_.entries.at(id).body) + 10); }
  void damage(std::size_t at) { disk_.damage(first_, at); }
  std::size_t quarantined() const {
    std::size_t count = 0;
    for (const std::string& name : disk_.names()) count += name.starts_with("/spool/quarantine/") ? 1 : 0;
    return count;
  }

  SimDisk disk_{SimDisk::Completion::posted};
  Ledger ledger_;
  std::string first_;
};

TEST_F(SpoolDamage, TheScrubReportsADamagedMessageByItsId) {
  const base::MessageId id = victim();
  damage_body(id);
  World world(disk_, ledger_, damage_seed + 1);
  ASSERT_TRUE(world.open());  // and all background work done
  EXPECT_EQ(world.log().count("message_damaged " + base::to_string(id)), 1U);
  EXPECT_EQ(world.log().count("spool_damaged"), 1U);
  EXPECT_EQ(world.log().count("spool_scrubbed"), 1U);
  EXPECT_EQ(world.spool().statistics().quarantined, 1U);
  EXPECT_EQ(world.spool().statistics().messages, 79U);
  EXPECT_EQ(quarantined(), 1U);
  ledger_.entries.erase(id);
  EXPECT_EQ(world.check(), "quarantined without damage");  // all others are there
}

// After the scrub, while the daemon runs.
TEST_F(SpoolDamage, WhoReadsADamagedMessageBringsTheDamageToLight) {
  World world(disk_, ledger_, damage_seed + 1);
  ASSERT_TRUE(world.open());
  const base::MessageId id = victim();
  damage_body(id);
  const auto met = world.run(world.spool().read(id));
  ASSERT_FALSE(met);
  EXPECT_EQ(met.error().kind, base::ErrorKind::corrupt);
  const auto again = world.run(world.spool().read(id));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, base::ErrorKind::not_found);
  EXPECT_EQ(world.log().count("message_damaged " + base::to_string(id)), 1U);
  EXPECT_EQ(world.log().count("spool_damaged"), 1U);
  EXPECT_EQ(world.spool().statistics().messages, 79U);
  EXPECT_EQ(quarantined(), 1U);
  ledger_.entries.erase(id);
  EXPECT_EQ(world.check(), "quarantined without damage");
}

// The segment that is being written to ends where its last durable group ends.
TEST_F(SpoolDamage, DamageInTheActiveSegmentCostsNoneOfTheGroupsThatFollow) {
  World world(disk_, ledger_, damage_seed + 1);
  ASSERT_TRUE(world.open());
  for (const std::string& name : disk_.names())
    if (name.ends_with(".seg") && name > first_) first_ = name;
  const base::MessageId id = victim();
  ASSERT_NE(id, base::MessageId{}) << "the last segment has messages";
  damage_body(id);
  ASSERT_TRUE(world.commit_one(1500));
  EXPECT_FALSE(world.run(world.spool().read(id)));
  ASSERT_TRUE(world.commit_one(1500));
  EXPECT_EQ(world.log().count("message_damaged " + base::to_string(id)), 1U);
  EXPECT_EQ(world.spool().statistics().messages, 81U);
  EXPECT_EQ(quarantined(), 1U);
  ledger_.entries.erase(id);
  EXPECT_EQ(world.check(), "quarantined without damage");
}

// The segment that was written to last has no index: it is read in full.
TEST_F(SpoolDamage, AStartThatReadsASegmentInFullNamesTheMessagesThatAreLost) {
  base::MessageId lost, done;
  {
    World world(disk_, ledger_, damage_seed + 1);
    ASSERT_TRUE(world.open());
    const auto committed = world.commit_one(1500), finished = world.commit_one(1500);
    ASSERT_TRUE(committed && finished);
    world.finish(*finished);
    world.stop();
    lost = *committed, done = *finished;
  }
  for (const std::string& name : disk_.names())
    if (name.ends_with(".seg") && name > first_) first_ = name;
  damage_body(lost);
  damage_body(done);
  World world(disk_, ledger_, damage_seed + 2);
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.log().count("message_damaged " + base::to_string(lost)), 1U);
  EXPECT_EQ(world.log().count("message_damaged " + base::to_string(done)), 0U) << "of it nothing is lost";
  EXPECT_EQ(world.spool().statistics().messages, 80U);
  ledger_.entries.erase(lost);
  EXPECT_EQ(world.check(), "quarantined without damage");
}

// Of what was just accepted memory has a copy, though not of all.
TEST_F(SpoolDamage, WhatMemoryStillHasIsWrittenAnew) {
  World world(disk_, ledger_, damage_seed + 1);
  ASSERT_TRUE(world.open());
  std::vector<base::MessageId> fresh;
  for (int i = 0; i < 12; ++i) fresh.push_back(world.commit_one(1500).value());
  const auto forgotten = fresh[0], kept = fresh[9];
  for (const std::string& name : disk_.names())
    if (disk_.contents(name)->find(ledger_.entries.at(kept).body) != std::string::npos) first_ = name;
  damage_body(forgotten);
  damage_body(kept);
  EXPECT_FALSE(world.run(world.spool().read(forgotten)));
  EXPECT_EQ(world.log().count("message_damaged " + base::to_string(forgotten)), 1U);
  EXPECT_EQ(world.log().count("message_damaged " + base::to_string(kept)), 0U);
  EXPECT_EQ(world.log().count("message_rewritten " + base::to_string(kept)), 1U);
  EXPECT_TRUE(world.run(world.spool().read(kept)));
  EXPECT_EQ(world.spool().statistics().messages, 91U);
  world.stop();
  ledger_.entries.erase(forgotten);
  World again(disk_, ledger_, damage_seed + 2);
  ASSERT_TRUE(again.open());
  EXPECT_EQ(again.check(), "quarantined without damage");
}

// The damaged message is not brought back, and its segment can go.
TEST_F(SpoolDamage, ASegmentWithDamageIsCompactedLater) {
  const base::MessageId id = victim();
  damage_body(id);
  World world(disk_, ledger_, damage_seed + 1);
  ASSERT_TRUE(world.open());
  ledger_.entries.erase(id);
  std::size_t at = 0;
  for (const auto& [other, entry] : ledger_.entries)
    if (++at % 10 != 0) world.finish(other);
  ASSERT_TRUE(world.commit_one(100));
  EXPECT_FALSE(disk_.contents(first_));
  EXPECT_EQ(world.spool().statistics().messages, 79U - 72U + 1U);
}

// Wherever trailer and index are damaged, the segment is read in full and nothing is lost.
TEST_F(SpoolDamage, ADamagedIndexOrTrailerCostsNoMessage) {
  const std::string whole = *disk_.contents(first_);
  const std::size_t end = whole.find_last_not_of('\0', small_segment - 4096 - 1);
  for (const std::size_t at :
       {small_segment - 4096 + 3, small_segment - 4096 + 20, small_segment - 4096 + 30, end, end - 500}) {
    disk_.set_contents(first_, whole);
    damage(at);
    Ledger ledger = ledger_;
    World world(disk_, ledger, damage_seed + 1);
    ASSERT_TRUE(world.open());
    EXPECT_EQ(world.spool().statistics().messages, 80U) << at;
    const std::string wrong = world.check();
    EXPECT_TRUE(wrong.empty() || wrong == "quarantined without damage") << at << ": " << wrong;
  }
}

// While the daemon runs.
TEST_F(SpoolDamage, AMessageIsReportedWhoseEntryInTheIndexIsDamagedToo) {
  World world(disk_, ledger_, damage_seed + 1);
  ASSERT_TRUE(world.open());
  const base::MessageId id = victim();
  const std::size_t end_of_index = disk_.contents(first_)->find_last_not_of('\0', small_segment - 4096 - 1);
  damage_body(id);
  damage(end_of_index);
  ASSERT_FALSE(world.run(world.spool().read(id)));
  const auto again = world.run(world.spool().read(id));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, base::ErrorKind::not_found);
  EXPECT_EQ(world.log().count("message_damaged " + base::to_string(id)), 1U);
  EXPECT_EQ(world.spool().statistics().messages, 79U);
  ledger_.entries.erase(id);
  EXPECT_EQ(world.check(), "quarantined without damage");
}

TEST_F(SpoolDamage, NoMessageIsForgottenWhoseDamageTheDiskHasNoRoomToKeep) {
  World world(disk_, ledger_, damage_seed + 1);
  ASSERT_TRUE(world.open());
  const base::MessageId id = victim();
  damage_body(id);
  disk_.set_capacity(disk_.used());
  ASSERT_FALSE(world.run(world.spool().read(id)));
  EXPECT_EQ(quarantined(), 0U);
  EXPECT_EQ(world.spool().statistics().messages, 80U);
  disk_.set_capacity(~std::uint64_t{0});
  ASSERT_FALSE(world.run(world.spool().read(id)));
  ASSERT_FALSE(world.run(world.spool().read(id)));
  EXPECT_EQ(quarantined(), 1U);
  EXPECT_EQ(world.spool().statistics().messages, 79U);
}

// A crash came while it was kept.
TEST_F(SpoolDamage, APartOfTheDamageInTheQuarantineIsNotTakenForAllOfIt) {
  damage_body(victim());
  const auto start = [&](SimDisk& disk) {
    Ledger ledger = ledger_;
    World world(disk, ledger, damage_seed + 1);
    EXPECT_TRUE(world.open());
    world.stop();
  };
  const auto other = disk_.clone();
  start(*other);
  for (const std::string& name : other->names()) {
    if (!name.starts_with("/spool/quarantine/")) continue;
    const std::string whole = *other->contents(name);
    disk_.set_contents(name, whole.substr(0, whole.size() / 2));
    start(disk_);
    EXPECT_EQ(quarantined(), 2U);
    EXPECT_TRUE(disk_.contents(name + ".1") == whole);
  }
  EXPECT_EQ(quarantined(), 2U);
}

}  // namespace
}  // namespace godwit::test
