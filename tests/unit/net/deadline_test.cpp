// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/deadline.hpp"

#include <memory>
#include <random>

#include <gmock/gmock.h>

namespace godwit::net {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr base::MonoTime start(1000s);

class DeadlinesTest : public ::testing::Test {
 protected:
  struct One {
    One(DeadlinesTest& test, int number)
        : owner(test),
          id(number),
          deadline(
              test.deadlines, [](void* self) { static_cast<One*>(self)->passed(); }, this) {}
    void passed() { owner.fired.push_back(id); }
    DeadlinesTest& owner;
    int id;
    Deadline deadline;
  };
  base::SystemClock clock;
  std::vector<int> fired;
  Deadlines deadlines{clock};
};

TEST_F(DeadlinesTest, PassInTheOrderOfTheirTimes) {
  One a(*this, 1), b(*this, 2), c(*this, 3);
  a.deadline.arm(start + 3s);
  b.deadline.arm(start + 1s);
  c.deadline.arm(start + 2s);
  EXPECT_EQ(deadlines.next(), start + 1s);
  deadlines.expire(start + 2s);
  EXPECT_THAT(fired, ElementsAre(2, 3));
  EXPECT_TRUE(b.deadline.passed());
  EXPECT_FALSE(a.deadline.passed());
  deadlines.expire(start + 3s);
  EXPECT_THAT(fired, ElementsAre(2, 3, 1));
  EXPECT_EQ(deadlines.next(), base::no_deadline);
}

TEST_F(DeadlinesTest, ALaterTimeReplacesAnEarlierOneWithoutAWake) {
  int wakes = 0;
  deadlines.on_earlier([&] { ++wakes; });
  One a(*this, 1);
  a.deadline.arm(start + 1s);
  for (int i = 2; i < 100; ++i) a.deadline.arm(start + std::chrono::seconds(i));
  EXPECT_EQ(wakes, 1);
  deadlines.expire(start + 98s);
  EXPECT_TRUE(fired.empty());
  EXPECT_EQ(deadlines.next(), start + 99s);
  deadlines.expire(start + 99s);
  EXPECT_THAT(fired, ElementsAre(1));
}

TEST_F(DeadlinesTest, AnEarlierTimeReplacesALaterOneAndWakes) {
  int wakes = 0;
  One a(*this, 1), b(*this, 2);
  a.deadline.arm(start + 5s);
  b.deadline.arm(start + 9s);
  deadlines.on_earlier([&] { ++wakes; });
  b.deadline.arm(start + 1s);
  EXPECT_EQ(wakes, 1);
  deadlines.expire(start + 1s);
  EXPECT_THAT(fired, ElementsAre(2));
}

TEST_F(DeadlinesTest, ADisarmedOneNeverPasses) {
  One a(*this, 1);
  a.deadline.arm(start + 1s);
  a.deadline.disarm();
  deadlines.expire(start + 10s);
  EXPECT_TRUE(fired.empty());
  EXPECT_EQ(deadlines.next(), base::no_deadline);
}

TEST_F(DeadlinesTest, ADestroyedOneNeverPasses) {
  One a(*this, 1);
  auto b = std::make_unique<One>(*this, 2);
  b->deadline.arm(start + 1s);
  a.deadline.arm(start + 2s);
  b.reset();
  deadlines.expire(start + 2s);
  EXPECT_THAT(fired, ElementsAre(1));
}

TEST_F(DeadlinesTest, AnActionMayDestroyTheOthers) {
  std::vector<std::unique_ptr<One>> all;
  for (int i = 0; i < 8; ++i) {
    all.push_back(std::make_unique<One>(*this, i));
    all.back()->deadline.arm(start + 1s);
  }
  Deadline killer(
      deadlines, [](void* victims) { static_cast<std::vector<std::unique_ptr<One>>*>(victims)->clear(); }, &all);
  killer.arm(start);
  deadlines.expire(start + 1s);
  EXPECT_TRUE(fired.empty());
}

TEST_F(DeadlinesTest, ArmingAgainForgetsThatAnEarlierTimePassed) {
  One a(*this, 1);
  a.deadline.arm(start);
  deadlines.expire(start);
  EXPECT_TRUE(a.deadline.passed());
  a.deadline.arm(start + 1s);
  EXPECT_FALSE(a.deadline.passed());
}

// Against a plain model: every operation in random order, then all expire in order.
TEST_F(DeadlinesTest, BehaveLikeASortedListUnderRandomOperations) {
  constexpr unsigned seed = 20260201;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  std::vector<std::unique_ptr<One>> all;
  std::vector<base::MonoTime> model(200, base::no_deadline);
  for (int i = 0; i < 200; ++i) all.push_back(std::make_unique<One>(*this, i));
  base::MonoTime now = start;
  for (int step = 0; step < 20000; ++step) {
    const auto which = random() % all.size();
    switch (random() % 8) {
      case 0:
        all[which]->deadline.disarm();
        model[which] = base::no_deadline;
        break;
      case 1:
        all[which] = std::make_unique<One>(*this, static_cast<int>(which));
        model[which] = base::no_deadline;
        break;
      case 2: {
        now += std::chrono::milliseconds(random() % 50);
        fired.clear();
        deadlines.expire(now);
        std::vector<int> due;
        for (std::size_t i = 0; i < model.size(); ++i) {
          if (model[i] > now) continue;
          due.push_back(static_cast<int>(i));
          model[i] = base::no_deadline;
        }
        ASSERT_THAT(fired, ::testing::UnorderedElementsAreArray(due));
        break;
      }
      default:
        model[which] = now + std::chrono::milliseconds(1 + random() % 1000);
        all[which]->deadline.arm(model[which]);
    }
    for (auto time : model) ASSERT_LE(deadlines.next(), time);
  }
}

}  // namespace
}  // namespace godwit::net
