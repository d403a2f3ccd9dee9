// SPDX-License-Identifier: Apache-2.0
// Items of one message that go in one transaction.
#include <gmock/gmock.h>

#include "unit/queue/queue_driver.hpp"

namespace godwit::queue {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class JoinTest : public QueueFixture {
 protected:
  JoinTest() {
    for (const auto& one : {here, too}) add(one, "store");
    EXPECT_EQ(next(start), "1 a.example");
  }
  void add(const Key& one, std::string via, base::Duration wait = {}) {
    auto added = item(one, wait);
    added.via = std::move(via);
    queue.add(std::move(added));
  }
  bool join(const Key& other) { return queue.join(other, grants.at(here)); }

  const Key here = key(1, "a.example"), too = key(1, "b.example");
};

TEST_F(JoinTest, AnotherItemOfTheSiteGoesAlongWithoutAConnection) {
  EXPECT_TRUE(join(too));
  EXPECT_EQ(state(too), State::active);
  EXPECT_EQ(queue.site("store")->connections, 1U);
  EXPECT_EQ(next(start), "sleep");
  deliver(here, start);
  queue.remove(too);
  EXPECT_EQ(queue.counts().items, 0U);
}

TEST_F(JoinTest, WhatGoesElsewhereOrMustNotStartStaysWhereItIs) {
  const auto other_site = key(1, "c.example"), later = key(1, "d.example"), suspended = key(1, "e.example"),
             held = key(1, "f.example");
  add(other_site, "mx");
  add(later, "store", 1min);
  add(suspended, "store");
  add(held, "store");
  queue.suspend(suspended.destination, {}, start);
  queue.hold(held);
  for (const auto& one : {other_site, later, suspended, held, here, key(2, "b.example")})
    EXPECT_FALSE(join(one)) << one.destination;
}

TEST_F(JoinTest, UsersAreSuspendedWithTheirDomain) {
  const auto user = key(1, "bob@c.example");
  add(user, "store");
  queue.suspend("c.example", {.until = never, .reason = "moving"}, start);
  EXPECT_EQ(next(start), "1 b.example");
  EXPECT_THAT(queue.reason(user), ::testing::HasSubstr("moving"));
  EXPECT_EQ(queue.check(), "");
  EXPECT_FALSE(join(user));
  queue.resume("c.example", start);
  EXPECT_TRUE(join(user));
}

TEST_F(JoinTest, WhatIsGivenBackIsTheNext) {
  add(key(2, "b.example"), "store");
  EXPECT_TRUE(join(too));
  queue.give_back(too);
  EXPECT_EQ(queue.find(too)->attempts, 0U);
  EXPECT_EQ(next(start), "1 b.example");
}

TEST_F(JoinTest, AHoldThatCameMeanwhileCountsWhenItIsGivenBack) {
  EXPECT_TRUE(join(too));
  queue.hold(too);
  queue.give_back(too);
  EXPECT_EQ(state(too), State::held);
}

// With the site it comes back at once, as the one whose grant it shared.
TEST_F(JoinTest, WhatFailedTogetherComesTogetherAgain) {
  EXPECT_TRUE(join(too));
  fail(here, start, 1h);
  queue.reschedule(too, {.attempt = start + 1h, .attempts = 1, .deadline = never, .with_site = true});
  add(key(2, "a.example"), "store");
  const auto probe = queue.site("store")->next.value();
  EXPECT_EQ(next(probe), "2 a.example (probe)");
  end(key(2, "a.example"), probe);
  EXPECT_EQ(state(here), State::due);
  EXPECT_EQ(state(too), State::due);
}

}  // namespace
}  // namespace godwit::queue
