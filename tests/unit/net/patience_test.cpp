// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/patience.hpp"

#include <string>

#include <gtest/gtest.h>

#include "support/manual_clock.hpp"

namespace godwit::net {
namespace {

using namespace std::chrono_literals;

class PatienceTest : public ::testing::Test {
 protected:
  using Answer = std::optional<std::string>;

  // Takes until somebody notifies the signal.
  boost::asio::awaitable<std::string> slow(std::string result) {
    const auto let_go = co_await gate_.wait(base::no_deadline);
    ++ended_;
    co_return let_go ? std::move(result) : "cancelled";
  }
  void ask() {
    auto asking = [](PatienceTest& test) -> boost::asio::awaitable<void> {
      auto task = test.slow("done");
      auto until = [&test] { return test.until_; };
      test.answer_ = co_await test.patience_.wait(std::move(task), until);
      test.answered_ = true;
    };
    boost::asio::co_spawn(io_, asking(*this), [](std::exception_ptr) {});
    run();
  }
  void run() {
    deadlines_.expire(clock_.now);
    io_.restart();
    io_.poll();
  }

  testing::ManualClock clock_;
  Deadlines deadlines_{clock_};
  boost::asio::io_context io_;
  TaskGroup group_{io_.get_executor(), deadlines_, [](std::exception_ptr) {}};
  Haste haste_;
  Patience patience_{io_.get_executor(), deadlines_, group_, &haste_};
  Signal gate_{io_.get_executor(), deadlines_};
  base::MonoTime until_ = clock_.now + 30s;
  Answer answer_;
  bool answered_ = false;
  int ended_ = 0;
};

TEST_F(PatienceTest, WhatEndsInTimeIsGiven) {
  ask();
  EXPECT_FALSE(answered_);
  gate_.notify();
  run();
  EXPECT_TRUE(answered_);
  EXPECT_EQ(answer_, "done");
}

TEST_F(PatienceTest, WhatTakesTooLongGoesOnByItself) {
  ask();
  clock_.now += 30s;
  run();
  EXPECT_TRUE(answered_);
  EXPECT_FALSE(answer_);
  EXPECT_EQ(group_.size(), 1U);
  EXPECT_EQ(ended_, 0);
  gate_.notify();
  run();
  EXPECT_EQ(ended_, 1);
  EXPECT_EQ(group_.size(), 0U);
}

TEST_F(PatienceTest, TheTimeMayMoveOnMeanwhile) {
  ask();
  until_ += 30s;
  clock_.now += 40s;
  run();
  EXPECT_FALSE(answered_);
  clock_.now += 20s;
  run();
  EXPECT_TRUE(answered_);
  EXPECT_FALSE(answer_);
  gate_.notify();
  run();
}

TEST_F(PatienceTest, InHasteItIsAskedAgainHowLongToWait) {
  ask();
  clock_.now += 10s;
  until_ = clock_.now + 2s;
  haste_.begin(clock_.now, 2s);
  run();
  EXPECT_FALSE(answered_);
  clock_.now += 2s;
  run();
  EXPECT_TRUE(answered_);
  EXPECT_FALSE(answer_);
  gate_.notify();
  run();
}

TEST(Haste, NobodyIsWaitedForLonger) {
  const base::MonoTime start{100s};
  Haste haste;
  EXPECT_EQ(haste.until(start, 30s), start + 30s);
  haste.begin(start + 10s, 2s);
  EXPECT_TRUE(haste.begun());
  EXPECT_EQ(haste.until(start, 30s), start + 12s);
  EXPECT_EQ(haste.until(start, 5s), start + 5s);
  EXPECT_EQ(haste.until(start + 20s, 30s), start + 22s) << "who is asked later has as long";
}

TEST_F(PatienceTest, InAClosedGroupTheTaskIsWaitedFor) {
  group_.close();
  ask();
  clock_.now += 40s;
  run();
  EXPECT_FALSE(answered_);
  gate_.notify();
  run();
  EXPECT_EQ(answer_, "done");
}

}  // namespace
}  // namespace godwit::net
