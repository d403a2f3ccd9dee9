// SPDX-License-Identifier: Apache-2.0
#include "spool/live_index.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::spool {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr base::MessageId id{42};
constexpr auto waiting = mail::RecipientState::waiting;
constexpr auto delivered = mail::RecipientState::delivered;

class LiveIndexTest : public ::testing::Test {
 protected:
  LiveIndexTest() {
    for (std::uint32_t number = 1; number <= 4; ++number) {
      index_.segments().set_capacity(number, 65536);
      index_.segments().open(number).sealed = true;
    }
  }
  void add(std::size_t recipients, Place place = {1, 4096, 100}, base::MessageId message = id) {
    index_.add(message, {.place = place, .settled = std::vector<bool>(recipients, false)});
  }
  static mail::Update to(std::uint32_t recipient, mail::RecipientState state) {
    mail::Update update;
    update.recipients.push_back({recipient, state, {}});
    return update;
  }
  Effect write(mail::Update update, Place place) {
    const Effect effect = index_.prepare(id, update);
    written_ = update;
    if (effect == Effect::open) index_.add_update(id, place, update);
    if (effect == Effect::done) index_.finish(id, place.segment);
    return effect;
  }
  std::vector<Place> updates() const { return index_.updates(*index_.find(id)); }
  std::vector<std::uint32_t> removable() const { return index_.segments().removable(); }

  LiveIndex index_;
  mail::Update written_;
};

TEST_F(LiveIndexTest, AnUpdateOfAllRecipientsMakesEarlierOnesUseless) {
  add(1);
  mail::Update first = to(0, waiting);
  first.attempts = 1;
  first.held = true;
  write(first, {2, 8, 50});
  EXPECT_THAT(updates(), ElementsAre(Place{2, 8, 50}));
  EXPECT_THAT(removable(), ElementsAre(3, 4));
  write(to(0, waiting), {3, 8, 60});
  EXPECT_THAT(updates(), ElementsAre(Place{3, 8, 60}));
  EXPECT_THAT(removable(), ElementsAre(2, 4));
  // It says what the first said.
  EXPECT_EQ(written_.attempts, 1U);
  EXPECT_EQ(written_.held, true);
  EXPECT_FALSE(written_.warned);
}

TEST_F(LiveIndexTest, AnUpdateOfSomeRecipientsKeepsEarlierOnes) {
  add(2);
  write(to(0, waiting), {2, 8, 50});
  write(to(1, waiting), {3, 8, 60});
  EXPECT_THAT(updates(), ElementsAre(Place{2, 8, 50}, Place{3, 8, 60}));
  EXPECT_THAT(removable(), ElementsAre(4));
  mail::Update held;
  held.held = true;
  write(held, {4, 8, 70});
  EXPECT_THAT(removable(), IsEmpty());
  mail::Update both = to(0, delivered);
  both.recipients.push_back({1, waiting, {}});
  write(both, {4, 100, 70});
  EXPECT_THAT(updates(), ElementsAre(Place{4, 100, 70}));
  EXPECT_THAT(removable(), ElementsAre(2, 3));
}

// What is on the disk says less than the index asks for: an update of an early version, replayed.
TEST_F(LiveIndexTest, AnUpdateThatLacksAFieldKeepsTheOneThatSetIt) {
  add(1);
  mail::Update held;
  held.held = true;
  write(held, {2, 8, 50});
  const mail::Update as_written = to(0, waiting);
  mail::Update known = as_written;
  index_.prepare(id, known);
  index_.add_update(id, {3, 8, 60}, as_written);
  EXPECT_THAT(updates(), ElementsAre(Place{2, 8, 50}, Place{3, 8, 60}));
}

// One recipient was delivered, was set back to waiting (2), and then the other was delivered (3).  Compaction moved the
// first of these updates behind the second (4): read again without it, all seems settled in between.
TEST_F(LiveIndexTest, WhatSeemsDoneBetweenTwoUpdatesAtAStartIsNot) {
  index_.add(id, {.place = {1, 4096, 100}, .settled = {false, true}});
  index_.replay_update(id, {3, 8, 50}, to(0, delivered));
  mail::Update folded = to(0, delivered);
  folded.recipients.push_back({1, waiting, {}});
  index_.replay_update(id, {4, 8, 60}, folded);
  ASSERT_NE(index_.find(id), nullptr);
  EXPECT_FALSE(index_.find(id)->done);
  EXPECT_EQ(index_.side(id)->open, 1U);
  EXPECT_EQ(write(to(1, delivered), {4, 100, 50}), Effect::done);
}

TEST_F(LiveIndexTest, TheLastRecipientMakesItDone) {
  add(2);
  EXPECT_EQ(write(to(0, delivered), {2, 8, 50}), Effect::open);
  EXPECT_EQ(write(to(1, delivered), {3, 8, 50}), Effect::done);
  EXPECT_EQ(index_.find(id), nullptr);
  EXPECT_EQ(index_.size(), 0U);
  EXPECT_EQ(index_.segments().bytes_live(), 0U);
  EXPECT_EQ(write(to(1, delivered), {3, 100, 50}), Effect::none);
}

TEST_F(LiveIndexTest, ADoneRecordKeepsItsSegmentUntilTheMessagesIsGone) {
  add(1);
  write(to(0, delivered), {3, 8, 50});
  EXPECT_THAT(removable(), ElementsAre(1, 2, 4));
  index_.segments().removed(1);
  EXPECT_THAT(removable(), ElementsAre(2, 3, 4));
}

// Compaction says so when all copies are durable, and by then the segment may have been removed.
TEST_F(LiveIndexTest, ASegmentThatIsGoneDoesNotComeBackWithItsDoneRecordsMoved) {
  index_.segments().removed(2);
  index_.segments().dones_moved(2);
  EXPECT_EQ(index_.segments().find(2), nullptr);
}

// S → T → U: the copy's segment stays until the original's is gone, and what settled the copy until the copy's is.
TEST_F(LiveIndexTest, ACopyOutlivesItsOriginalAndTheDoneRecordBoth) {
  add(1);
  write(to(0, waiting), {1, 5000, 50});
  add(1, {2, 4096, 100});
  EXPECT_THAT(updates(), IsEmpty());
  EXPECT_THAT(removable(), ElementsAre(1, 3, 4));
  write(to(0, delivered), {3, 8, 50});
  EXPECT_THAT(removable(), ElementsAre(1, 4));
  index_.segments().removed(1);
  EXPECT_THAT(removable(), ElementsAre(2, 4));
  index_.segments().removed(2);
  EXPECT_THAT(removable(), ElementsAre(3, 4));
}

// No copy of today has others than its original.
TEST_F(LiveIndexTest, ACopyWithFewerRecipientsLeavesNothingOfTheOthers) {
  add(2);
  write(to(0, delivered), {2, 8, 50});
  add(1, {3, 4096, 100});
  EXPECT_EQ(index_.side(id), nullptr);
  EXPECT_EQ(write(to(0, delivered), {4, 8, 50}), Effect::done);
  add(3);
  write(to(0, delivered), {2, 8, 50});
  add(2, {3, 4096, 100});
  EXPECT_EQ(index_.side(id)->open, 2U);
  EXPECT_EQ(write(to(0, delivered), {4, 8, 50}), Effect::open);
  EXPECT_EQ(write(to(1, delivered), {4, 100, 50}), Effect::done);
}

TEST_F(LiveIndexTest, WhatASegmentHasOfIsToldByParts) {
  constexpr std::uint32_t messages = 10'000;
  for (std::uint32_t i = 1; i <= messages; ++i) add(1, {1 + i % 2, 4096 + i, 1}, base::MessageId{i});
  std::vector<std::uint32_t> offsets;
  for (std::size_t part = 0; part < LiveIndex::parts; ++part) {
    const auto needed = index_.needed_in(2, part);
    EXPECT_LT(needed.size(), messages / 50);
    for (const auto& each : needed) offsets.push_back(each.place.offset);
  }
  std::ranges::sort(offsets);
  ASSERT_EQ(offsets.size(), messages / 2);
  for (std::uint32_t i = 0; i < offsets.size(); ++i) EXPECT_EQ(offsets[i], 4096 + 2 * i + 1);
}

TEST_F(LiveIndexTest, TheEmptiestSegmentIsChosenAndOriginalsBeforeCopies) {
  add(1, {1, 4096, 30'000}, base::MessageId{1});
  add(1, {2, 4096, 20'000}, base::MessageId{2});
  add(1, {3, 4096, 10'000}, base::MessageId{3});
  add(1, {4, 4096, 60'000}, base::MessageId{4});  // would free next to nothing
  EXPECT_EQ(index_.segments().emptiest(), 3U);
  index_.segments().pin(3);
  EXPECT_EQ(index_.segments().emptiest(), 2U);
  index_.segments().add_copy(2, 1);
  EXPECT_EQ(index_.segments().emptiest(), 1U);
  index_.segments().open(1).sealed = false;
  index_.segments().open(2).sealed = false;
  EXPECT_EQ(index_.segments().emptiest(), std::nullopt);
}

TEST_F(LiveIndexTest, AnUpdateThatIsDamagedIsTakenOutOfTheChain) {
  add(2);
  write(to(0, waiting), {2, 8, 50});
  write(to(1, waiting), {3, 8, 60});
  EXPECT_FALSE(index_.forget_update(id, {3, 100, 60}));
  EXPECT_TRUE(index_.forget_update(id, {3, 8, 60}));
  EXPECT_THAT(updates(), ElementsAre(Place{2, 8, 50}));
  EXPECT_TRUE(index_.forget_update(id, {2, 8, 50}));
  EXPECT_THAT(updates(), IsEmpty());
  EXPECT_THAT(removable(), ElementsAre(2, 3, 4));
}

// By the part of it that is needed: a short segment needs few bytes, and frees few.
TEST(Segments, TheOneThatFreesMostForWhatIsCopiedIsEmptiedFirst) {
  Segments segments;
  const auto add = [&](std::uint32_t number, std::uint64_t capacity, std::uint32_t needed) {
    segments.set_capacity(number, capacity);
    segments.open(number).sealed = true;
    segments.add_message({number, 4096, needed});
  };
  add(1, 4U << 20U, 3U << 20U);
  add(2, 64U << 20U, 16U << 20U);
  add(3, 64U << 20U, 32U << 20U);
  EXPECT_EQ(segments.emptiest(), 2U);
}

}  // namespace
}  // namespace godwit::spool
