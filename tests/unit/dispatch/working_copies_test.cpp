// SPDX-License-Identifier: Apache-2.0
#include "dispatch/working_copies.hpp"

#include <gtest/gtest.h>

namespace godwit::dispatch {
namespace {

constexpr base::MessageId id{1};
constexpr base::MonoTime start{std::chrono::hours(1)};
constexpr base::MonoTime soon = start + std::chrono::seconds(1);
constexpr base::MonoTime later = soon + 2 * WorkingCopies::longest_read;

spool::StoredMessage stored() {
  spool::StoredMessage message{.id = id, .envelope = {}, .body = {}};
  for (const char* local : {"one", "two"}) message.envelope.recipients.emplace_back().address = {local, "xyz.example"};
  return message;
}

mail::Update delivered(std::uint32_t index) {
  mail::Update update;
  update.recipients.push_back({.index = index, .state = mail::RecipientState::delivered});
  return update;
}

bool is_delivered(const WorkingCopies::Message& message, std::size_t index) {
  return message->envelope.recipients[index].state == mail::RecipientState::delivered;
}

TEST(WorkingCopies, SeveralDestinationsShareOne) {
  WorkingCopies copies;
  const WorkingCopies::Use one(copies, id), other(copies, id);
  EXPECT_EQ(copies.find(id), nullptr);
  const auto first = copies.put(stored());
  EXPECT_EQ(copies.put(stored()), first);
  EXPECT_EQ(copies.find(id), first);
}

TEST(WorkingCopies, NobodyKeepsWhatIsNotInWork) {
  WorkingCopies copies;
  copies.put(stored());
  EXPECT_EQ(copies.find(id), nullptr);
  {
    const WorkingCopies::Use one(copies, id);
    copies.put(stored());
  }
  EXPECT_EQ(copies.find(id), nullptr);
  EXPECT_EQ(copies.size(), 0U);
}

TEST(WorkingCopies, AreKeptUpToDate) {
  WorkingCopies copies;
  const WorkingCopies::Use one(copies, id);
  const auto copy = copies.put(stored());
  copies.update(id, delivered(1), start);
  EXPECT_FALSE(is_delivered(copy, 0));
  EXPECT_TRUE(is_delivered(copy, 1));
}

TEST(WorkingCopies, AReadThatMissedAnUpdateHasIt) {
  WorkingCopies copies;
  {
    const WorkingCopies::Use one(copies, id);
    copies.update(id, delivered(0), start);
    EXPECT_TRUE(is_delivered(copies.put(stored()), 0));
  }
  EXPECT_TRUE(is_delivered(copies.put(stored()), 0)) << "nothing was in work when it was read";
  copies.sweep(later);
  EXPECT_TRUE(is_delivered(copies.put(stored()), 0)) << "the disk may be full since";
  copies.recorded(soon, later);
  copies.sweep(later + WorkingCopies::longest_read);
  EXPECT_TRUE(is_delivered(copies.put(stored()), 0)) << "a read may be under way";
  copies.recorded(later, later + std::chrono::seconds(1));
  copies.sweep(later + WorkingCopies::longest_read + std::chrono::milliseconds(1));
  EXPECT_EQ(copies.size(), 0U);
}

TEST(WorkingCopies, ForgetUpdatesThatAreRecorded) {
  WorkingCopies copies;
  const WorkingCopies::Use one(copies, id);
  copies.update(id, delivered(0), start);
  copies.recorded(soon, soon);
  copies.update(id, delivered(1), later);
  const auto copy = copies.put(stored());  // as if the spool had lost it
  EXPECT_FALSE(is_delivered(copy, 0));
  EXPECT_TRUE(is_delivered(copy, 1));
}

TEST(WorkingCopies, NothingIsKeptOfAMessageThatIsDone) {
  WorkingCopies copies;
  {
    const WorkingCopies::Use one(copies, id);
    copies.update(id, delivered(0), start);
    copies.forget(id);
  }
  EXPECT_EQ(copies.size(), 0U);
  copies.update(id, delivered(0), start);
  copies.forget(id);
  EXPECT_EQ(copies.size(), 0U);
}

TEST(WorkingCopies, KnowWhetherOthersAreInWork) {
  WorkingCopies copies;
  const WorkingCopies::Use one(copies, id);
  EXPECT_FALSE(copies.is_shared(id));
  const WorkingCopies::Use other(copies, id);
  EXPECT_TRUE(copies.is_shared(id));
}

}  // namespace
}  // namespace godwit::dispatch
