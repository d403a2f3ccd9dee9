// SPDX-License-Identifier: Apache-2.0
// Senders take turns within a site.
#include <gmock/gmock.h>

#include "unit/queue/queue_driver.hpp"

namespace godwit::queue {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class TurnsTest : public QueueFixture {
 protected:
  TurnsTest() : QueueFixture(with_connections(1, 1)) {}
  void add(std::uint64_t id, std::string_view sender, std::uint64_t size = 1000,
           const std::string& domain = "a.example", int priority = 0) {
    auto added = item(key(id, domain));
    added.via = "site";
    added.sender = sender_key(sender, priority);
    added.size = size;
    queue.add(added);
  }
  // One connection delivers so many in turn; their ids.
  std::vector<std::uint64_t> deliver_some(std::size_t count) {
    std::vector<std::uint64_t> order;
    while (order.size() < count) {
      auto due = queue.due(start);
      const auto* work = std::get_if<Work>(&due);
      if (work == nullptr) continue;  // many become due in parts
      order.push_back(work->item.key.id.value);
      queue.ended(work->grant, {.kind = SiteReport::Kind::success}, start);
      queue.remove(work->item.key);
    }
    return order;
  }
};

TEST_F(TurnsTest, SendersTakeTurns) {
  for (std::uint64_t id = 1; id <= 3; ++id) add(id, "alice");
  for (std::uint64_t id = 11; id <= 13; ++id) add(id, "bob");
  EXPECT_THAT(deliver_some(6), ElementsAre(1, 11, 2, 12, 3, 13));
}

TEST_F(TurnsTest, SingleLetterIsNextBehindAListOfAHundredThousand) {
  for (std::uint64_t id = 1; id <= 100'000; ++id) add(id, "list");
  deliver_some(1000);
  add(200'000, "alice");
  const auto order = deliver_some(2);
  EXPECT_THAT(order, ::testing::Contains(200'000));
}

TEST_F(TurnsTest, BytesCountNotMessages) {
  for (std::uint64_t id = 1; id <= 4; ++id) add(id, "heavy", 160 << 10U);
  for (std::uint64_t id = 11; id <= 40; ++id) add(id, "light", 16 << 10U);
  const auto order = deliver_some(22);
  const auto heavy = std::ranges::count_if(order, [](auto id) { return id < 10; });
  EXPECT_EQ(heavy, 2) << "ten letters of 16 KiB for each of 160 KiB";
}

TEST_F(TurnsTest, SmallMessagesCostTheirTransaction) {
  for (std::uint64_t id = 1; id <= 50; ++id) add(id, "tiny", 1);
  for (std::uint64_t id = 101; id <= 150; ++id) add(id, "small", 16 << 10U);
  const auto order = deliver_some(20);
  EXPECT_EQ(std::ranges::count_if(order, [](auto id) { return id < 100; }), 10);
}

TEST_F(TurnsTest, AbsenceEarnsNoCredit) {
  for (std::uint64_t id = 1; id <= 100; ++id) add(id, "steady");
  deliver_some(50);
  for (std::uint64_t id = 201; id <= 220; ++id) add(id, "late");
  const auto order = deliver_some(20);
  EXPECT_EQ(std::ranges::count_if(order, [](auto id) { return id > 200; }), 10);
}

TEST_F(TurnsTest, ManyDomainsOfOneSiteGiveASenderNoMoreTurns) {
  for (std::uint64_t id = 1; id <= 20; ++id) add(id, "list", 1000, std::to_string(id) + ".example");
  add(101, "alice", 1000, "1.example");
  add(102, "alice", 1000, "1.example");
  const auto order = deliver_some(4);
  EXPECT_EQ(std::ranges::count_if(order, [](auto id) { return id > 100; }), 2);
}

TEST_F(TurnsTest, TheMoreUrgentGoesFirstWhoeverSendsIt) {
  for (std::uint64_t id = 1; id <= 3; ++id) add(id, "alice");
  for (std::uint64_t id = 11; id <= 13; ++id) add(id, "bob", 1000, "a.example", -9);
  for (std::uint64_t id = 21; id <= 22; ++id) add(id, "alice", 1000, "b.example", 9);
  for (std::uint64_t id = 31; id <= 32; ++id) add(id, "carol", 1000, "a.example", 9);
  EXPECT_THAT(deliver_some(10), ElementsAre(21, 31, 22, 32, 1, 2, 3, 11, 12, 13));
}

TEST_F(TurnsTest, WhatIsUrgentOvertakesWhatWaits) {
  for (std::uint64_t id = 1; id <= 100; ++id) add(id, "list");
  deliver_some(50);
  add(200, "alice", 1000, "a.example", 1);
  EXPECT_THAT(deliver_some(2), ElementsAre(200, 51));
}

}  // namespace
}  // namespace godwit::queue
