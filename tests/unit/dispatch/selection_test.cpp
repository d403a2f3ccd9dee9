// SPDX-License-Identifier: Apache-2.0
#include "dispatch/selection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/post.hpp>

#include "support/run_on.hpp"
#include "unit/dispatch/fake_spool.hpp"

namespace godwit::dispatch {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FixedClock final : public base::Clock {
 public:
  base::WallTime wall() const override { return base::WallTime(std::chrono::hours(24 * 20000)); }
  base::MonoTime mono() const override { return mono_now; }
  base::MonoTime mono_now{};
};

class SelectionTest : public ::testing::Test {
 protected:
  void add(std::uint64_t id, const std::string& sender, const std::string& local, const std::string& domain,
           queue::State state = queue::State::waiting) {
    mail::Envelope envelope;
    envelope.sender = smtp::Mailbox{sender, "s.example"};
    envelope.recipients.push_back({.address = {local, domain}});
    spool.envelopes[{id}] = envelope;
    queue.add({.key = {{id}, domain}, .accepted = clock.wall() - 1h, .next_attempt = clock.wall(), .state = state});
  }
  Selected page(const Selector& selector, std::size_t limit = 100, std::optional<base::MessageId> after = {}) {
    auto result = godwit::testing::run_on(io, selection.page(selector, {.limit = limit, .after = after}));
    EXPECT_TRUE(result);
    return std::move(*result);
  }
  static std::vector<std::uint64_t> values(const Selected& selected) {
    std::vector<std::uint64_t> result;
    for (const auto id : selected.ids) result.push_back(id.value);
    return result;
  }
  // All pages.
  std::vector<std::uint64_t> all(const Selector& selector, std::size_t limit) {
    std::vector<std::uint64_t> result;
    std::optional<base::MessageId> after;
    do {
      const auto selected = page(selector, limit, after);
      EXPECT_LE(selected.ids.size(), limit);
      for (const auto value : values(selected)) result.push_back(value);
      after = selected.next;
    } while (after);
    return result;
  }

  boost::asio::io_context io;
  FixedClock clock;
  FakeSpool spool;
  queue::Queue queue{queue::Settings{}};
  Selection selection{queue, spool, clock, io.get_executor(),
                      [](base::MessageId, const smtp::Mailbox& address) { return address.domain; }};
};

TEST_F(SelectionTest, PagesFollowEachOtherInOrderAndEnd) {
  for (std::uint64_t id = 1; id <= 7; ++id) add(id, "a", "x", "d.example");
  const auto first = page({}, 3);
  EXPECT_THAT(values(first), ElementsAre(1, 2, 3));
  EXPECT_EQ(first.next, base::MessageId{3});
  EXPECT_THAT(all({}, 3), ElementsAre(1, 2, 3, 4, 5, 6, 7));
  EXPECT_EQ(page({}, 7).next, std::nullopt) << "nothing follows";
  EXPECT_EQ(spool.reads + spool.streams, 0) << "the queue knows enough";
}

TEST_F(SelectionTest, AMessageToSeveralDomainsIsFoundOnce) {
  add(1, "a", "x", "d.example");
  queue.add({.key = {{1}, "e.example"}, .next_attempt = clock.wall()});
  add(2, "a", "x", "d.example");
  EXPECT_THAT(all({}, 1), ElementsAre(1, 2));
  EXPECT_THAT(values(page({.destination = "e.example"})), ElementsAre(1));
}

TEST_F(SelectionTest, StateAndDestinationAreTheQueues) {
  add(1, "a", "x", "d.example", queue::State::held);
  add(2, "a", "x", "e.example", queue::State::held);
  add(3, "a", "x", "e.example");
  EXPECT_THAT(values(page({.destination = "e.example", .state = queue::State::held})), ElementsAre(2));
}

// bob's delivery waits, and what is held is another's.
TEST_F(SelectionTest, StateIsThatOfTheRecipientsOwnDelivery) {
  add(1, "a", "bob", "d.example");
  spool.envelopes[{1}].recipients.push_back({.address = {"eve", "e.example"}});
  queue.add({.key = {{1}, "e.example"}, .next_attempt = clock.wall(), .state = queue::State::held});
  EXPECT_THAT(values(page({.recipient = "bob@*", .state = queue::State::held})), IsEmpty());
  EXPECT_THAT(values(page({.recipient = "eve@*", .state = queue::State::held})), ElementsAre(1));
  EXPECT_THAT(values(page({.recipient = "bob@*", .state = queue::State::waiting})), ElementsAre(1));
}

TEST_F(SelectionTest, WhoHasHisMailIsNotMeant) {
  add(1, "a", "bob", "d.example");
  spool.envelopes[{1}].recipients.push_back(
      {.address = {"carol", "d.example"}, .state = mail::RecipientState::delivered});
  EXPECT_THAT(values(page({.recipient = "carol@*"})), IsEmpty());
}

TEST_F(SelectionTest, SendersAreStreamedOnceForAllPages) {
  for (std::uint64_t id = 1; id <= 50; ++id) add(id, id % 5 == 0 ? "five" : "other", "x", "d.example");
  EXPECT_THAT(all({.sender = "five@s.example"}, 3), ElementsAre(5, 10, 15, 20, 25, 30, 35, 40, 45, 50));
  EXPECT_EQ(spool.streams, 1);
  EXPECT_EQ(spool.reads, 0);
  page({.sender = "five@s.example"});
  EXPECT_EQ(spool.streams, 2) << "a new listing looks anew";
  page({.sender = "other@s.example"}, 3, base::MessageId{1});
  EXPECT_EQ(spool.streams, 3) << "of another sender";
  clock.mono_now += 2min;
  page({.sender = "other@s.example"}, 3, base::MessageId{4});
  EXPECT_EQ(spool.streams, 4) << "too old";
}

TEST_F(SelectionTest, WhatLeftTheQueueIsNotSelectedBySender) {
  add(1, "a", "x", "d.example");
  add(2, "a", "x", "d.example", queue::State::held);
  queue.remove({{1}, "d.example"});
  EXPECT_THAT(values(page({.sender = "a@*"})), ElementsAre(2));
  EXPECT_THAT(values(page({.sender = "a@*", .state = queue::State::waiting})), IsEmpty());
}

TEST_F(SelectionTest, EnvelopesAreReadOnlyOfMessagesToTheDomain) {
  for (std::uint64_t id = 1; id <= 20; ++id)
    add(id, "a", id % 2 == 0 ? "bob" : "eve", id > 10 ? "d.example" : "e.example");
  EXPECT_THAT(all({.recipient = "bob@d.example"}, 2), ElementsAre(12, 14, 16, 18, 20));
  EXPECT_LE(spool.reads, 10 + 2 * 2) << "ten messages, and what a page looked at in vain";
}

TEST_F(SelectionTest, OthersRunInTheMiddleOfALongSearch) {
  for (std::uint64_t id = 1; id <= 10'000; ++id) add(id, "a", "x", "d.example");
  int others = 0;
  std::function<void()> other = [&] {
    if (++others < 1000) boost::asio::post(io, other);
  };
  boost::asio::post(io, other);
  EXPECT_THAT(values(page({.destination = "none.example"})), IsEmpty());
  EXPECT_GE(others, 5);
  EXPECT_LT(others, 1000) << "the search did not wait for them either";
}

TEST_F(SelectionTest, APageThatFindsLittleEndsAllTheSame) {
  for (std::uint64_t id = 1; id <= 7'000; ++id) add(id, "a", id == 6'999 ? "bob" : "eve", "d.example");
  const auto first = page({.recipient = "bob@d.example"});
  EXPECT_THAT(values(first), IsEmpty());
  ASSERT_TRUE(first.next);
  EXPECT_LT(spool.reads, 6'500);
  EXPECT_THAT(all({.recipient = "bob@d.example"}, 100), ElementsAre(6'999));
}

}  // namespace
}  // namespace godwit::dispatch
