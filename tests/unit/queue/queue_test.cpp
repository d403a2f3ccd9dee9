// SPDX-License-Identifier: Apache-2.0
#include "godwit/queue/queue.hpp"

#include <gmock/gmock.h>

#include <map>
#include <string>
#include <vector>

#include "godwit/base/random.hpp"

namespace godwit::queue {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr base::WallTime start{std::chrono::hours(24 * 365)};

Key key(std::uint64_t id, std::string destination = "a.example") {
  return {{id}, std::move(destination)};
}

Item item(const Key& item_key, base::Duration wait = 0s) {
  return {.key = item_key, .accepted = start, .next_attempt = start + wait};
}

// What due() started, as "id destination"; or "sleep", "sleep 5m".
std::string next(Queue& queue, base::WallTime now) {
  const Due due = queue.due(now);
  if (const auto* started = std::get_if<Item>(&due))
    return std::to_string(started->key.id.value) + " " + started->key.destination;
  const auto until = std::get<SleepUntil>(due).until;
  return until ? "sleep " + base::format_duration(*until - now) : "sleep";
}

std::vector<std::string> drain(Queue& queue, base::WallTime now) {
  std::vector<std::string> started;
  do {
    started.push_back(next(queue, now));
  } while (!started.back().starts_with("sleep"));
  return started;
}

class QueueTest : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(queue.check(), ""); }
  State state(const Key& of) const { return queue.find(of)->state; }

  Queue queue{Settings{.retry = {}, .connections = 10, .connections_per_destination = 2}};
};

TEST_F(QueueTest, EmptyQueueSleepsUntilSomethingComes) {
  EXPECT_EQ(next(queue, start), "sleep");
}

TEST_F(QueueTest, SleepsUntilTheEarliestAttempt) {
  queue.add(item(key(1), 10min));
  queue.add(item(key(2), 5min));
  EXPECT_EQ(next(queue, start), "sleep 5m");
  EXPECT_EQ(next(queue, start + 5min), "2 a.example");
  EXPECT_EQ(next(queue, start + 5min), "sleep 5m");
}

TEST_F(QueueTest, ItemIsDueAtItsVeryTime) {
  queue.add(item(key(1), 1s));
  EXPECT_EQ(next(queue, start + 1s - 1ns), "sleep 0s");
  EXPECT_EQ(next(queue, start + 1s), "1 a.example");
}

TEST_F(QueueTest, StartedItemIsActiveAndNotGivenTwice) {
  queue.add(item(key(1)));
  EXPECT_THAT(drain(queue, start), ElementsAre("1 a.example", "sleep"));
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
  queue.add({.key = key(1),
             .accepted = start,
             .next_attempt = start + 1h,
             .attempts = 3,
             .bounce = true,
             .state = State::held});
  const Item* found = queue.find(key(1));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->accepted, start);
  EXPECT_EQ(found->next_attempt, start + 1h);
  EXPECT_EQ(found->attempts, 3U);
  EXPECT_TRUE(found->bounce);
  EXPECT_EQ(found->state, State::held);
}

TEST_F(QueueTest, DestinationsTakeTurns) {
  queue.change_settings({.retry = {}, .connections = 100, .connections_per_destination = 100});
  for (std::uint64_t id = 1; id <= 4; ++id) queue.add(item(key(id, "big.example")));
  queue.add(item(key(5, "small.example")));
  queue.add(item(key(6, "tiny.example")));
  EXPECT_THAT(drain(queue, start), ElementsAre("1 big.example", "5 small.example", "6 tiny.example", "2 big.example",
                                               "3 big.example", "4 big.example", "sleep"));
}

TEST_F(QueueTest, FullDestinationDoesNotBlockOthers) {
  for (std::uint64_t id = 1; id <= 4; ++id) queue.add(item(key(id, "full.example")));
  queue.add(item(key(5, "other.example")));
  EXPECT_THAT(drain(queue, start), ElementsAre("1 full.example", "5 other.example", "2 full.example", "sleep"));
  EXPECT_EQ(queue.counts().due, 2U);
}

TEST_F(QueueTest, FreedSlotStartsTheNextOfItsDestination) {
  for (std::uint64_t id = 1; id <= 4; ++id) queue.add(item(key(id)));
  EXPECT_THAT(drain(queue, start), ElementsAre("1 a.example", "2 a.example", "sleep"));
  queue.remove(key(1));
  EXPECT_THAT(drain(queue, start), ElementsAre("3 a.example", "sleep"));
  queue.reschedule(key(2), start + 5min, 1);
  EXPECT_THAT(drain(queue, start), ElementsAre("4 a.example", "sleep 5m"));
}

TEST_F(QueueTest, ConnectionsInAllAreBounded) {
  for (std::uint64_t id = 1; id <= 12; ++id) queue.add(item(key(id, std::to_string(id) + ".example")));
  EXPECT_EQ(drain(queue, start).size(), 11U);
  EXPECT_EQ(queue.counts().active, 10U);
  queue.remove(key(3, "3.example"));
  EXPECT_THAT(drain(queue, start), ElementsAre("11 11.example", "sleep"));
}

TEST_F(QueueTest, RaisedLimitStartsWhatWasBlocked) {
  for (std::uint64_t id = 1; id <= 3; ++id) queue.add(item(key(id)));
  drain(queue, start);
  queue.change_settings({.retry = {}, .connections = 10, .connections_per_destination = 3});
  EXPECT_THAT(drain(queue, start), ElementsAre("3 a.example", "sleep"));
}

TEST_F(QueueTest, LoweredLimitHoldsBackUntilEnoughHaveEnded) {
  for (std::uint64_t id = 1; id <= 4; ++id) queue.add(item(key(id)));
  drain(queue, start);
  queue.change_settings({.retry = {}, .connections = 10, .connections_per_destination = 1});
  queue.remove(key(1));
  EXPECT_THAT(drain(queue, start), ElementsAre("sleep"));
  queue.remove(key(2));
  EXPECT_THAT(drain(queue, start), ElementsAre("3 a.example", "sleep"));
}

TEST_F(QueueTest, RescheduledItemComesBackWithItsAttempts) {
  queue.add(item(key(1)));
  drain(queue, start);
  queue.reschedule(key(1), start + 5min, 1);
  EXPECT_EQ(state(key(1)), State::waiting);
  EXPECT_EQ(queue.find(key(1))->attempts, 1U);
  EXPECT_THAT(drain(queue, start + 5min), ElementsAre("1 a.example", "sleep"));
}

TEST_F(QueueTest, RescheduleOfWhatIsNotActiveIsIgnored) {
  queue.add(item(key(1), 1h));
  queue.reschedule(key(1), start, 9);
  queue.reschedule(key(2), start, 9);
  EXPECT_EQ(queue.find(key(1))->next_attempt, start + 1h);
  EXPECT_EQ(queue.find(key(2)), nullptr);
}

TEST_F(QueueTest, RemovedWhileActiveStaysGone) {
  queue.add(item(key(1)));
  drain(queue, start);
  queue.remove(key(1));
  queue.reschedule(key(1), start + 5min, 1);
  queue.remove(key(1));
  EXPECT_EQ(queue.counts().items, 0U);
  EXPECT_EQ(queue.counts().destinations, 0U);
}

TEST_F(QueueTest, HeldItemIsNeverDueUntilReleased) {
  queue.add(item(key(1)));
  queue.hold(key(1));
  EXPECT_THAT(drain(queue, start + 24h), ElementsAre("sleep"));
  queue.release(key(1));
  EXPECT_THAT(drain(queue, start), ElementsAre("1 a.example", "sleep"));
}

TEST_F(QueueTest, ReleasedItemIsDueBeforeItsTime) {
  queue.add({.key = key(1), .accepted = start, .next_attempt = start + 4h, .state = State::held});
  queue.release(key(1));
  EXPECT_EQ(next(queue, start), "1 a.example");
}

TEST_F(QueueTest, HeldWhileActiveStaysHeldAfterTheAttempt) {
  queue.add(item(key(1)));
  drain(queue, start);
  queue.hold(key(1));
  EXPECT_EQ(state(key(1)), State::active);
  queue.reschedule(key(1), start + 5min, 1);
  EXPECT_EQ(state(key(1)), State::held);
}

TEST_F(QueueTest, ReleaseTakesBackAHoldOfAnActiveItem) {
  queue.add(item(key(1)));
  drain(queue, start);
  queue.hold(key(1));
  queue.release(key(1));
  queue.reschedule(key(1), start + 5min, 1);
  EXPECT_EQ(state(key(1)), State::waiting);
}

TEST_F(QueueTest, RetryNowMakesAWaitingItemDue) {
  queue.add(item(key(1), 4h));
  EXPECT_TRUE(queue.retry_now(key(1), start + 1min));
  EXPECT_EQ(queue.find(key(1))->next_attempt, start + 1min);
  EXPECT_EQ(next(queue, start + 1min), "1 a.example");
}

TEST_F(QueueTest, RetryNowSaysWhenItCanDoNothing) {
  queue.add(item(key(1)));
  queue.add({.key = key(2), .accepted = start, .state = State::held});
  drain(queue, start);
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
  drain(queue, start);
  for (std::uint64_t id = 10; id < 5000; ++id) queue.add(item(key(id), 1min));
  queue.add(item(key(9000, "b.example"), 1min));
  std::string got = next(queue, start + 1min);
  for (int calls = 0; got == "sleep 0s" && calls < 10; ++calls) got = next(queue, start + 1min);
  EXPECT_EQ(got, "9000 b.example");
  EXPECT_EQ(queue.counts().waiting, 0U);
}

// The same queue, written to be seen to be right: a map, searched from end to end.
class Model {
 public:
  explicit Model(const Settings& settings) : settings_(settings) {}
  void add(const Item& added) { items_.try_emplace(added.key, added); }
  void remove(const Key& gone) { items_.erase(gone); }
  bool may_start(const Item& candidate, base::WallTime now) const {
    std::size_t active = 0, there = 0;
    for (const auto& [other, each] : items_) {
      if (each.state != State::active) continue;
      ++active;
      if (other.destination == candidate.key.destination) ++there;
    }
    const bool ripe =
        candidate.state == State::due || (candidate.state == State::waiting && candidate.next_attempt <= now);
    return ripe && active < settings_.connections && there < settings_.connections_per_destination;
  }
  bool anything_may_start(base::WallTime now) const {
    return std::ranges::any_of(items_, [&](const auto& each) { return may_start(each.second, now); });
  }
  std::map<Key, Item>& items() { return items_; }

 private:
  Settings settings_;
  std::map<Key, Item> items_;
};

TEST(Queue, RandomOperationsAgreeWithANaiveModel) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::SeededRandom random(seed);
    const Settings settings{.retry = {}, .connections = 5, .connections_per_destination = 1 + random.below(3)};
    Queue queue(settings);
    Model model(settings);
    std::map<Key, bool> hold_pending;
    base::WallTime now = start;
    for (int step = 0; step < 400; ++step) {
      const Key k = key(1 + random.below(25), std::string(1, static_cast<char>('a' + random.below(4))) + ".example");
      const auto known = model.items().find(k);
      const bool there = known != model.items().end();
      const bool active = there && known->second.state == State::active;
      switch (random.below(8)) {
        case 0:
        case 1: {
          Item added = item(k);
          added.next_attempt = now + std::chrono::seconds(random.below(100));
          if (random.below(10) == 0) added.state = State::held;
          EXPECT_EQ(queue.add(added), !there);
          model.add(added);
          break;
        }
        case 2:
          if (random.below(2) == 0) break;
          queue.remove(k);
          model.remove(k);
          hold_pending.erase(k);
          break;
        case 3:
          queue.hold(k);
          if (active)
            hold_pending[k] = true;
          else if (there)
            known->second.state = State::held;
          break;
        case 4:
          queue.release(k);
          hold_pending.erase(k);
          if (there && known->second.state == State::held) known->second.state = State::due;
          break;
        case 5: {
          const bool can = there && (known->second.state == State::waiting || known->second.state == State::due);
          EXPECT_EQ(queue.retry_now(k, now), can);
          if (can && known->second.state == State::waiting) known->second.next_attempt = now;
          if (can) known->second.state = State::due;
          break;
        }
        case 6: {
          const base::WallTime at = now + std::chrono::seconds(random.below(60));
          queue.reschedule(k, at, 2);
          if (!active) break;
          known->second.next_attempt = at;
          known->second.attempts = 2;
          known->second.state = hold_pending.erase(k) > 0 ? State::held : State::waiting;
          break;
        }
        case 7: {
          now += std::chrono::seconds(random.below(20));
          const Due due = queue.due(now);
          for (auto& [ripe, each] : model.items())
            if (each.state == State::waiting && each.next_attempt <= now) each.state = State::due;
          if (const auto* started = std::get_if<Item>(&due)) {
            Item& expected = model.items().at(started->key);
            EXPECT_TRUE(model.may_start(expected, now));
            expected.state = State::active;
          } else {
            EXPECT_FALSE(model.anything_may_start(now));
          }
          break;
        }
      }
      ASSERT_EQ(queue.check(), "");
      for (const auto& [each, expected] : model.items()) {
        const Item* found = queue.find(each);
        ASSERT_NE(found, nullptr);
        ASSERT_EQ(found->state, expected.state);
        ASSERT_EQ(found->attempts, expected.attempts);
        if (expected.state == State::waiting) {
          ASSERT_EQ(found->next_attempt, expected.next_attempt);
        }
      }
      ASSERT_EQ(queue.counts().items, model.items().size());
    }
  }
}

// Sanitizers make everything here twenty times as slow.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t many = 100'000;
#else
constexpr std::uint64_t many = 1'000'000;
#endif

TEST(Queue, AMillionItemsAreEachStartedOnce) {
  constexpr std::uint64_t items = many;
  Queue queue(Settings{.retry = {}, .connections = 500, .connections_per_destination = 20});
  base::SeededRandom random(1);
  for (std::uint64_t id = 1; id <= items; ++id) {
    Item added = item(key(id, "d" + std::to_string(random.below(1000)) + ".example"));
    added.next_attempt = start + std::chrono::milliseconds(random.below(3'600'000));
    ASSERT_TRUE(queue.add(added));
  }
  ASSERT_EQ(queue.counts().items, items);
  ASSERT_EQ(queue.check(), "");
  std::uint64_t started = 0;
  base::WallTime now = start;
  std::vector<Key> active;
  while (queue.counts().items > 0) {
    const Due due = queue.due(now);
    if (const auto* item = std::get_if<Item>(&due)) {
      ++started;
      active.push_back(item->key);
      continue;
    }
    for (const Key& each : active) queue.remove(each);
    if (active.empty()) {
      const auto until = std::get<SleepUntil>(due).until;
      ASSERT_TRUE(until);
      now = std::max(now + 1ms, *until);
    }
    active.clear();
  }
  EXPECT_EQ(started, items);
}

}  // namespace
}  // namespace godwit::queue
