// SPDX-License-Identifier: Apache-2.0
// Addresses that answer late, refuse or are silent, in virtual time.
#include "deliver/connect_race.hpp"

#include <gmock/gmock.h>

#include <map>
#include <stdexcept>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "support/manual_clock.hpp"
#include "support/scripted_stream.hpp"

namespace godwit::deliver {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::ManualClock;
using testing::ScriptedStream;

constexpr base::Duration never = std::chrono::hours(1000);

class SlowNetwork final : public net::Network {
 public:
  struct Answer {
    base::Duration after{};
    bool refuses = false;
  };

  SlowNetwork(boost::asio::any_io_executor executor, net::Deadlines& deadlines, ManualClock& clock)
      : executor_(std::move(executor)), deadlines_(deadlines), clock_(clock), start_(clock.now) {}

  net::Task<std::unique_ptr<net::Stream>> connect(base::Endpoint remote, net::ConnectOptions options) override {
    const auto name = to_string(remote.address);
    tried.push_back(name + " after " + since_start());
    const auto answer = answers[name];
    net::Signal waiting(executor_, deadlines_);
    const net::Canceller::Hook hook(options.canceller, [&waiting] { waiting.cancel(); });
    const auto until = clock_.now + answer.after;
    const auto ended = co_await waiting.wait(std::min(until, options.deadline));
    if (ended.error().kind == base::ErrorKind::cancelled) {
      cancelled.push_back(name);
      co_return base::fail(base::ErrorKind::cancelled, "cancelled");
    }
    if (until > options.deadline) co_return base::fail(base::ErrorKind::timed_out, "timed out");
    if (answer.refuses) co_return base::fail(base::ErrorKind::refused, "refused");
    co_return std::make_unique<ScriptedStream>(executor_);
  }
  net::Task<> sleep_until(base::MonoTime) override { co_return base::Result<>(); }
  base::MonoTime now() const override { return clock_.now; }
  std::string since_start() const {
    return std::to_string(std::chrono::floor<std::chrono::milliseconds>(clock_.now - start_).count()) + "ms";
  }

  std::map<std::string, Answer> answers;
  std::vector<std::string> tried, cancelled;

 private:
  boost::asio::any_io_executor executor_;
  net::Deadlines& deadlines_;
  ManualClock& clock_;
  base::MonoTime start_;
};

class ConnectRaceTest : public ::testing::Test {
 protected:
  RaceResult run(std::initializer_list<const char*> addresses, base::Duration head_start = 250ms) {
    std::vector<Runner> runners;
    for (const char* text : addresses)
      runners.push_back({.remote = {.address = *base::IpAddress::parse(text), .port = 25, .unix_path = {}}});
    ConnectRace race(network_, deadlines_, stopping_, io_.get_executor(),
                     [this](std::size_t runner, const base::Error* failure) {
                       told_.push_back(std::to_string(runner) + (failure != nullptr ? " " + failure->message : ""));
                     });
    std::optional<RaceResult> result;
    auto running = race.run(std::move(runners), head_start, 30s);
    boost::asio::co_spawn(io_, std::move(running),
                          [&](std::exception_ptr, RaceResult ended) { result = std::move(ended); });
    while (!result) {
      io_.restart();
      io_.poll();
      if (result) break;
      const auto next = deadlines_.next();
      if (next == base::no_deadline) throw std::runtime_error("it waits for nothing");
      if (stop_at_ != base::no_deadline && next >= stop_at_) {
        stop_at_ = base::no_deadline;
        stopping_.cancel();
        continue;
      }
      clock_.advance_to(next);
      deadlines_.expire(clock_.now);
    }
    return std::move(*result);
  }

  std::vector<std::string> told_;
  boost::asio::io_context io_;
  ManualClock clock_;
  net::Deadlines deadlines_{clock_};
  net::Canceller stopping_;
  base::MonoTime stop_at_ = base::no_deadline;
  SlowNetwork network_{io_.get_executor(), deadlines_, clock_};
};

constexpr const char* six = "2001:db8::1";
constexpr const char* four = "192.0.2.1";
constexpr const char* other = "192.0.2.2";

TEST_F(ConnectRaceTest, WhoAnswersWithinItsHeadStartIsNotRacedAgainst) {
  network_.answers = {{six, {100ms}}, {four, {1ms}}};
  const auto result = run({six, four});
  ASSERT_TRUE(result.stream);
  EXPECT_EQ(result.winner, 0U);
  EXPECT_THAT(network_.tried, ElementsAre("2001:db8::1 after 0ms"));
}

TEST_F(ConnectRaceTest, ASilentAddressCostsItsHeadStart) {
  network_.answers = {{six, {never}}, {four, {20ms}}};
  const auto result = run({six, four});
  EXPECT_EQ(result.winner, 1U);
  EXPECT_THAT(network_.tried, ElementsAre("2001:db8::1 after 0ms", "192.0.2.1 after 250ms"));
  EXPECT_THAT(network_.cancelled, ElementsAre(six));
  EXPECT_EQ(network_.since_start(), "270ms");
  EXPECT_TRUE(result.failures.empty()) << "it was not tried to the end";
}

TEST_F(ConnectRaceTest, TheFirstMayStillWin) {
  network_.answers = {{six, {300ms}}, {four, {100ms}}};
  EXPECT_EQ(run({six, four}).winner, 0U);
  EXPECT_THAT(network_.cancelled, ElementsAre(four));
}

TEST_F(ConnectRaceTest, ARefusalSendsTheNextAtOnce) {
  network_.answers = {{six, {10ms, true}}, {four, {10ms}}};
  const auto result = run({six, four});
  EXPECT_EQ(result.winner, 1U);
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(result.failures[0].runner, 0U);
  EXPECT_THAT(network_.tried, ElementsAre("2001:db8::1 after 0ms", "192.0.2.1 after 10ms"));
}

TEST_F(ConnectRaceTest, WhereNobodyAnswersAllSayWhy) {
  network_.answers = {{six, {never}}, {four, {10ms, true}}, {other, {10ms, true}}};
  const auto result = run({six, four, other});
  EXPECT_FALSE(result.stream);
  ASSERT_EQ(result.failures.size(), 3U);
  EXPECT_EQ(result.failures[2].runner, 0U);
  EXPECT_EQ(result.failures[2].error.kind, base::ErrorKind::timed_out);
  EXPECT_EQ(network_.since_start(), "30000ms");
}

TEST_F(ConnectRaceTest, WithoutHeadStartTheNextIsTriedWhenTheOneBeforeHasFailed) {
  network_.answers = {{six, {never}}, {four, {10ms}}};
  EXPECT_EQ(run({six, four}, 0s).winner, 1U);
  EXPECT_THAT(network_.tried, ElementsAre("2001:db8::1 after 0ms", "192.0.2.1 after 30000ms"));
}

TEST_F(ConnectRaceTest, AStopEndsIt) {
  network_.answers = {{six, {never}}, {four, {never}}};
  stop_at_ = clock_.now + 1s;
  const auto result = run({six, four});
  EXPECT_FALSE(result.stream);
  EXPECT_TRUE(result.failures.empty());
  EXPECT_THAT(network_.cancelled, ElementsAre(six, four));
}

}  // namespace
}  // namespace godwit::deliver
