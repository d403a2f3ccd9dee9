// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "unit/queue/queue_driver.hpp"

namespace godwit::queue {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::StartsWith;

using QueueTest = QueueFixture;

TEST_F(QueueTest, EmptyQueueSleepsUntilSomethingComes) {
  EXPECT_EQ(next(start), "sleep");
}

TEST_F(QueueTest, SleepsUntilTheEarliestAttempt) {
  queue.add(item(key(1), 10min));
  queue.add(item(key(2), 5min));
  EXPECT_EQ(next(start), "sleep 5m");
  EXPECT_EQ(next(start + 5min), "2 a.example");
  EXPECT_EQ(next(start + 5min), "sleep 5m");
}

TEST_F(QueueTest, ItemIsDueAtItsVeryTime) {
  queue.add(item(key(1), 1s));
  EXPECT_EQ(next(start + 1s - 1ns), "sleep 0s");
  EXPECT_EQ(next(start + 1s), "1 a.example");
}

TEST_F(QueueTest, StartedItemIsActiveAndNotGivenTwice) {
  queue.add(item(key(1)));
  EXPECT_THAT(drain(start), ElementsAre("1 a.example", "sleep"));
  EXPECT_EQ(state(key(1)), State::active);
}

TEST_F(QueueTest, KeyThatIsThereIsRefused) {
  EXPECT_TRUE(queue.add(item(key(1))));
  EXPECT_FALSE(queue.add(item(key(1), 1h)));
  EXPECT_EQ(queue.find(key(1))->next_attempt, start);
}

TEST_F(QueueTest, OneMessageWaitsOncePerDestination) {
  queue.add(item(key(7, "b.example")));
  queue.add(item(key(7, "a.example")));
  queue.add(item(key(8, "a.example")));
  EXPECT_THAT(queue.keys_of({7}), ElementsAre(key(7, "a.example"), key(7, "b.example")));
  EXPECT_THAT(queue.keys_of({9}), ElementsAre());
  EXPECT_EQ(queue.counts().destinations, 2U);
}

TEST_F(QueueTest, ItemKeepsWhatItWasGiven) {
  queue.add({.key = key(1), .accepted = start, .next_attempt = start + 1h, .attempts = 3, .state = State::held});
  const Item* found = queue.find(key(1));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->accepted, start);
  EXPECT_EQ(found->next_attempt, start + 1h);
  EXPECT_EQ(found->attempts, 3U);
  EXPECT_EQ(found->state, State::held);
}

TEST_F(QueueTest, DestinationsTakeTurns) {
  queue.change_settings(with_connections(100, 100), start);
  for (std::uint64_t id = 1; id <= 4; ++id) queue.add(item(key(id, "big.example")));
  queue.add(item(key(5, "small.example")));
  queue.add(item(key(6, "tiny.example")));
  EXPECT_THAT(drain(start), ElementsAre("1 big.example", "5 small.example", "6 tiny.example", "2 big.example",
                                        "3 big.example", "4 big.example", "sleep"));
}

TEST_F(QueueTest, FullDestinationDoesNotBlockOthers) {
  for (std::uint64_t id = 1; id <= 4; ++id) queue.add(item(key(id, "full.example")));
  queue.add(item(key(5, "other.example")));
  EXPECT_THAT(drain(start), ElementsAre("1 full.example", "5 other.example", "2 full.example", "sleep"));
  EXPECT_EQ(queue.counts().due, 2U);
}

TEST_F(QueueTest, FreedSlotStartsTheNextOfItsDestination) {
  for (std::uint64_t id = 1; id <= 4; ++id) queue.add(item(key(id)));
  EXPECT_THAT(drain(start), ElementsAre("1 a.example", "2 a.example", "sleep"));
  deliver(key(1), start);
  EXPECT_THAT(drain(start), ElementsAre("3 a.example", "sleep"));
  end(key(2), start);
  queue.reschedule(key(2), {.attempt = start + 5min, .attempts = 1});
  EXPECT_THAT(drain(start), ElementsAre("4 a.example", "sleep 5m"));
}

TEST_F(QueueTest, ConnectionsInAllAreBounded) {
  for (std::uint64_t id = 1; id <= 12; ++id) queue.add(item(key(id, std::to_string(id) + ".example")));
  EXPECT_EQ(drain(start).size(), 11U);
  EXPECT_EQ(queue.counts().active, 10U);
  deliver(key(3, "3.example"), start);
  EXPECT_EQ(next(start), "11 11.example");
  EXPECT_THAT(next(start), StartsWith("sleep"));
}

TEST_F(QueueTest, RaisedLimitStartsWhatWasBlocked) {
  for (std::uint64_t id = 1; id <= 3; ++id) queue.add(item(key(id)));
  drain(start);
  queue.change_settings(with_connections(10, 3), start);
  EXPECT_THAT(drain(start), ElementsAre("3 a.example", "sleep"));
}

TEST_F(QueueTest, LoweredLimitHoldsBackUntilEnoughHaveEnded) {
  for (std::uint64_t id = 1; id <= 4; ++id) queue.add(item(key(id)));
  drain(start);
  queue.change_settings(with_connections(10, 1), start);
  deliver(key(1), start);
  EXPECT_THAT(drain(start), ElementsAre("sleep"));
  deliver(key(2), start);
  EXPECT_THAT(drain(start), ElementsAre("3 a.example", "sleep"));
}

TEST_F(QueueTest, RescheduledItemComesBackWithItsAttempts) {
  queue.add(item(key(1)));
  drain(start);
  queue.reschedule(key(1), {.attempt = start + 5min, .attempts = 1});
  EXPECT_EQ(state(key(1)), State::waiting);
  EXPECT_EQ(queue.find(key(1))->attempts, 1U);
  EXPECT_THAT(drain(start + 5min), ElementsAre("1 a.example", "sleep"));
}

TEST_F(QueueTest, RescheduleOfWhatIsNotActiveIsIgnored) {
  queue.add(item(key(1), 1h));
  queue.reschedule(key(1), {.attempt = start, .attempts = 9});
  queue.reschedule(key(2), {.attempt = start, .attempts = 9});
  EXPECT_EQ(queue.find(key(1))->next_attempt, start + 1h);
  EXPECT_EQ(queue.find(key(2)), nullptr);
}

TEST_F(QueueTest, RemovedWhileActiveStaysGoneAndItsConnectionCountsUntilItEnds) {
  for (std::uint64_t id = 1; id <= 3; ++id) queue.add(item(key(id)));
  drain(start);
  queue.remove(key(1));
  queue.reschedule(key(1), {.attempt = start + 5min, .attempts = 1});
  queue.remove(key(1));
  EXPECT_EQ(queue.counts().items, 2U);
  EXPECT_THAT(drain(start), ElementsAre("sleep"));
  end(key(1), start);
  EXPECT_THAT(drain(start), ElementsAre("3 a.example", "sleep"));
}

TEST_F(QueueTest, NothingRemainsOfWhatIsGone) {
  queue.add(item(key(1)));
  drain(start);
  queue.remove(key(1));
  end(key(1), start);
  EXPECT_EQ(queue.counts().items, 0U);
  EXPECT_EQ(queue.counts().destinations, 0U);
  EXPECT_THAT(drain(start), ElementsAre("sleep 10m")) << "what is known of its site";
  EXPECT_THAT(drain(start + 10min), ElementsAre("sleep"));
  EXPECT_EQ(queue.counts().sites, 0U);
}

TEST_F(QueueTest, HeldItemIsNeverDueUntilReleased) {
  queue.add(item(key(1)));
  queue.hold(key(1));
  EXPECT_THAT(drain(start + 24h), ElementsAre("sleep"));
  queue.release(key(1));
  EXPECT_THAT(drain(start), ElementsAre("1 a.example", "sleep"));
}

TEST_F(QueueTest, ReleasedItemIsDueBeforeItsTime) {
  queue.add({.key = key(1), .accepted = start, .next_attempt = start + 4h, .state = State::held});
  queue.release(key(1));
  EXPECT_EQ(next(start), "1 a.example");
}

TEST_F(QueueTest, HeldWhileActiveStaysHeldAfterTheAttempt) {
  queue.add(item(key(1)));
  drain(start);
  queue.hold(key(1));
  EXPECT_EQ(state(key(1)), State::active);
  queue.reschedule(key(1), {.attempt = start + 5min, .attempts = 1});
  EXPECT_EQ(state(key(1)), State::held);
}

TEST_F(QueueTest, ReloadReleasesWhatARuleHeldAndNothingElse) {
  for (std::uint64_t id = 1; id <= 2; ++id) queue.add(item(key(id)));
  drain(start);
  queue.hold(key(1), HoldBy::rule);
  queue.hold(key(2));
  queue.hold(key(2), HoldBy::rule);
  for (std::uint64_t id = 1; id <= 2; ++id) {
    end(key(id), start);
    queue.reschedule(key(id), {.attempt = start, .attempts = 0});
  }
  EXPECT_EQ(queue.reason(key(1)), "held by a rule");
  EXPECT_EQ(queue.reason(key(2)), "held by the administrator");
  EXPECT_EQ(queue.release_rule_held(), 1U);
  EXPECT_THAT(drain(start), ElementsAre("1 a.example", "sleep"));
}

TEST_F(QueueTest, WhatWasReleasedSaysSoUntilItIsHeldAgain) {
  queue.add(item(key(1)));
  queue.release(key(1));
  EXPECT_FALSE(queue.find(key(1))->released) << "it was not held";
  queue.hold(key(1), HoldBy::rule);
  queue.release(key(1));
  Due due = queue.due(start);
  EXPECT_TRUE(std::get<Work>(due).item.released);
  queue.ended(std::get<Work>(due).grant, {}, start);
  queue.reschedule(key(1), {.attempt = start + 5min, .attempts = 1});
  EXPECT_TRUE(queue.find(key(1))->released) << "for its next attempt, too";
  queue.hold(key(1));
  EXPECT_FALSE(queue.find(key(1))->released);
}

TEST_F(QueueTest, ReleaseTakesBackAHoldOfAnActiveItem) {
  queue.add(item(key(1)));
  drain(start);
  queue.hold(key(1));
  queue.release(key(1));
  queue.reschedule(key(1), {.attempt = start + 5min, .attempts = 1});
  EXPECT_EQ(state(key(1)), State::waiting);
}

TEST_F(QueueTest, RetryNowMakesAWaitingItemDue) {
  queue.add(item(key(1), 4h));
  EXPECT_TRUE(queue.retry_now(key(1), start + 1min));
  EXPECT_EQ(queue.find(key(1))->next_attempt, start + 1min);
  EXPECT_EQ(next(start + 1min), "1 a.example");
}

TEST_F(QueueTest, RetriedItemGoesBeforeThoseThatWaitedLonger) {
  for (std::uint64_t id = 1; id <= 3; ++id) queue.add(item(key(id)));
  queue.add(item(key(4), 4h));
  EXPECT_EQ(next(start), "1 a.example");
  queue.retry_now(key(4), start);
  EXPECT_EQ(next(start), "4 a.example");
}

TEST_F(QueueTest, RetryNowSaysWhenItCanDoNothing) {
  queue.add(item(key(1)));
  queue.add({.key = key(2), .accepted = start, .state = State::held});
  drain(start);
  EXPECT_FALSE(queue.retry_now(key(1), start)) << "active";
  EXPECT_FALSE(queue.retry_now(key(2), start)) << "held";
  EXPECT_FALSE(queue.retry_now(key(3), start)) << "unknown";
}

TEST_F(QueueTest, ListingStartsAfterAGivenIdAndStopsWhenTold) {
  for (const std::uint64_t id : {5U, 1U, 3U, 2U}) queue.add(item(key(id)));
  queue.add(item(key(3, "b.example")));
  std::vector<std::uint64_t> ids;
  const auto three = [&](const Item& each) {
    ids.push_back(each.key.id.value);
    return ids.size() < 3;
  };
  queue.for_each(three, {1});
  EXPECT_THAT(ids, ElementsAre(2, 3, 3));
  ids.clear();
  queue.for_each(three);
  EXPECT_THAT(ids, ElementsAre(1, 2, 3));
}

TEST_F(QueueTest, NeverStopsWhileManyOfABlockedDestinationBecomeDue) {
  for (std::uint64_t id = 1; id <= 3; ++id) queue.add(item(key(id)));
  drain(start);
  for (std::uint64_t id = 10; id < 5000; ++id) queue.add(item(key(id), 1min));
  queue.add(item(key(9000, "b.example"), 1min));
  std::string got = next(start + 1min);
  for (int calls = 0; got == "sleep 0s" && calls < 10; ++calls) got = next(start + 1min);
  EXPECT_EQ(got, "9000 b.example");
  EXPECT_EQ(queue.counts().waiting, 0U);
}

TEST(QueueCheck, SlicesEndBetweenMessagesAndCoverAll) {
  Queue queue(Settings{});
  for (std::uint64_t id = 1; id <= 10; ++id)
    for (const auto* domain : {"a.example", "b.example"}) queue.add(item(key(id, domain)));
  std::optional<base::MessageId> after;
  std::vector<std::uint64_t> ends;
  do {
    EXPECT_EQ(queue.check_some(after, 5), "");
    ends.push_back(after ? after->value : 0);
  } while (after);
  EXPECT_THAT(ends, ElementsAre(3U, 6U, 9U, 0U));
}

}  // namespace
}  // namespace godwit::queue
