// SPDX-License-Identifier: Apache-2.0
// A great many items: each is started once, and what one costs.
#include <cstdlib>
#include <new>

#include <malloc.h>

#include <gmock/gmock.h>

#include "godwit/base/random.hpp"
#include "unit/queue/queue_driver.hpp"

// Sanitizers make everything here twenty times as slow, and count memory of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GODWIT_SANITIZED 1
#else
#define GODWIT_SANITIZED 0
#endif

namespace {
std::size_t allocated = 0;  // bytes, as the allocator sees them
}

#if !GODWIT_SANITIZED
void* operator new(std::size_t size) {
  void* got = std::malloc(size);
  if (got == nullptr) throw std::bad_alloc();
  allocated += malloc_usable_size(got) + sizeof(std::size_t);
  return got;
}
void operator delete(void* gone) noexcept {
  if (gone != nullptr) allocated -= malloc_usable_size(gone) + sizeof(std::size_t);
  std::free(gone);
}
void operator delete(void* gone, std::size_t) noexcept {
  operator delete(gone);
}
#endif

namespace godwit::queue {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t many = GODWIT_SANITIZED ? 100'000 : 1'000'000;
constexpr std::uint64_t very_many = GODWIT_SANITIZED ? many : 3 * many;
constexpr std::size_t bytes_per_item = 110;

// Of a thousand domains and a thousand senders.
void fill(Queue& queue, base::Duration within, std::uint64_t count = many) {
  base::SeededRandom random(1);
  for (std::uint64_t id = 1; id <= count; ++id) {
    Item added = item(key(id, "d" + std::to_string(random.below(1000)) + ".example"));
    added.next_attempt = start + base::Duration(random.below(static_cast<std::uint64_t>(within.count())) + 1);
    added.deadline = start + 120h;
    added.sender = sender_key("user" + std::to_string(random.below(1000)));
    added.size = random.below(100'000);
    ASSERT_TRUE(queue.add(added));
  }
}

TEST(ManyItems, MillionsAreEachStartedOnce) {
  Queue queue(with_connections(500, 20));
  fill(queue, 1h, very_many);
  ASSERT_EQ(queue.counts().items, very_many);
  ASSERT_EQ(queue.check(), "");
  std::uint64_t started = 0;
  base::WallTime now = start;
  std::vector<Work> active;
  while (queue.counts().items > 0) {
    Due due = queue.due(now);
    if (auto* work = std::get_if<Work>(&due)) {
      ++started;
      active.push_back(std::move(*work));
      continue;
    }
    for (const Work& each : active) {
      queue.ended(each.grant, {.kind = SiteReport::Kind::success}, now);
      queue.remove(each.item.key);
    }
    if (active.empty()) {
      const auto until = std::get<SleepUntil>(due).until;
      ASSERT_TRUE(until);
      now = std::max(now + 1ms, *until);
    }
    active.clear();
  }
  EXPECT_EQ(started, very_many);
  EXPECT_EQ(queue.check(), "");
}

TEST(ManyItems, WaitingItemCostsLessThan110Bytes) {
  if (GODWIT_SANITIZED) GTEST_SKIP() << "the sanitizer's allocator is another";
  const auto before = allocated;
  Queue queue(Settings{});
  fill(queue, 1h);
  EXPECT_LE((allocated - before) / many, bytes_per_item);
  RecordProperty("bytes_per_item", static_cast<int>((allocated - before) / many));
}

TEST(ManyItems, DueItemOfABacklogCostsLessThan110Bytes) {
  if (GODWIT_SANITIZED) GTEST_SKIP() << "the sanitizer's allocator is another";
  const auto before = allocated;
  Queue queue(Settings{});
  base::SeededRandom random(1);
  for (std::uint64_t id = 1; id <= many; ++id) {
    Item added = item(key(id, "d" + std::to_string(random.below(100)) + ".example"));
    added.deadline = start + 120h;
    added.sender = sender_key("user" + std::to_string(random.below(1000)));
    ASSERT_TRUE(queue.add(added));
  }
  queue.suspend("", {}, start);
  for (Due due = queue.due(start); std::get<SleepUntil>(due).until <= start; due = queue.due(start)) {
  }
  ASSERT_EQ(queue.counts().due, many);
  EXPECT_LE((allocated - before) / many, bytes_per_item);
  RecordProperty("bytes_per_item", static_cast<int>((allocated - before) / many));
}

TEST(ManyItems, MemoryComesBackWhenTheyAreGone) {
  if (GODWIT_SANITIZED) GTEST_SKIP() << "the sanitizer's allocator is another";
  Queue queue(Settings{});
  const auto before = allocated;
  fill(queue, 1h);
  for (std::uint64_t id = 1; id <= many; ++id)
    for (const auto& each : queue.keys_of({id})) queue.remove(each);
  EXPECT_LT(allocated - before, std::size_t{2} << 20U);
}

}  // namespace
}  // namespace godwit::queue
