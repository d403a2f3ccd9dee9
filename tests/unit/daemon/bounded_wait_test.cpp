// SPDX-License-Identifier: Apache-2.0
#include "daemon/bounded_wait.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "support/manual_clock.hpp"

namespace godwit::daemon {
namespace {

using namespace std::chrono_literals;

class BoundedWait : public ::testing::Test {
 protected:
  // The wait for `text`, once it is said.
  void wait(base::MonoTime deadline) {
    auto task = wait_within(place, say(*this), deadline);
    boost::asio::co_spawn(io, std::move(task), [this](std::exception_ptr thrown, std::optional<std::string> result) {
      ended = true;
      error = std::move(thrown);
      said = std::move(result);
    });
    turn();
  }
  static boost::asio::awaitable<std::string> say(BoundedWait& test) {
    auto waiting = test.may_speak.wait(base::no_deadline);
    static_cast<void>(co_await std::move(waiting));
    if (test.throws) throw std::runtime_error("no memory");
    ++test.spoken;
    co_return "a text";
  }
  void turn() {
    io.restart();
    io.poll();
  }
  void pass(base::Duration time) {
    clock.now += time;
    deadlines.expire(clock.now);
    turn();
  }
  void speak() {
    may_speak.notify();
    turn();
  }

  testing::ManualClock clock;
  net::Deadlines deadlines{clock};
  boost::asio::io_context io;
  net::TaskGroup tasks{io.get_executor(), deadlines, [](const std::exception_ptr&) {}};
  net::Signal may_speak{io.get_executor(), deadlines};
  WaitPlace place{io.get_executor(), deadlines, tasks};
  bool throws = false;
  int spoken = 0;
  bool ended = false;
  std::exception_ptr error;
  std::optional<std::string> said;
};

TEST_F(BoundedWait, GivesWhatComesInTime) {
  wait(clock.now + 10s);
  pass(9s);
  EXPECT_FALSE(ended);
  speak();
  ASSERT_TRUE(ended);
  EXPECT_EQ(said, "a text");
}

TEST_F(BoundedWait, EndsAtItsDeadlineAndTheOtherGoesOn) {
  wait(clock.now + 10s);
  pass(10s);
  ASSERT_TRUE(ended);
  EXPECT_FALSE(said);
  EXPECT_EQ(spoken, 0);
  speak();
  EXPECT_EQ(spoken, 1);
}

TEST_F(BoundedWait, EndsWithItsGroup) {
  wait(base::no_deadline);
  tasks.cancel();
  turn();
  ASSERT_TRUE(ended);
  EXPECT_FALSE(said);
  speak();
}

TEST_F(BoundedWait, ThrowsWhatIsThrown) {
  throws = true;
  wait(clock.now + 10s);
  speak();
  ASSERT_TRUE(ended);
  EXPECT_THROW(std::rethrow_exception(error), std::runtime_error);
}

}  // namespace
}  // namespace godwit::daemon
