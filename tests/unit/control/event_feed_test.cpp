// SPDX-License-Identifier: Apache-2.0
#include "godwit/control/event_feed.hpp"

#include <gmock/gmock.h>

#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "support/manual_clock.hpp"

namespace godwit::control {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class EventFeedTest : public ::testing::Test {
 protected:
  using Subscription = std::shared_ptr<EventFeed::Subscription>;

  void log(std::string_view event, std::string_view id = "06ZQ3W8K1M4TR") {
    const log::Field fields[] = {{"id", id}, {"to", "<bob@a.example>"}};
    feed.add(log::Level::info, event, fields);
    run();
  }
  void run() {
    deadlines.expire(clock.now);
    io.restart();
    io.poll();
  }
  // Starts to wait; what came is in `got`.
  void wait(const Subscription& subscription) {
    got.reset();
    auto waiting = [](EventFeedTest& test, Subscription from) -> boost::asio::awaitable<void> {
      test.got = co_await from->next(test.clock.now + 15s);
    };
    boost::asio::co_spawn(io, waiting(*this, subscription), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
    run();
  }
  std::string next(const Subscription& subscription) {
    wait(subscription);
    return got && *got ? **got : "";
  }

  testing::ManualClock clock;
  net::Deadlines deadlines{clock};
  boost::asio::io_context io;
  EventFeed feed{io.get_executor(), deadlines, clock};
  std::optional<base::Result<std::string>> got;
};

TEST_F(EventFeedTest, EventsAreThoseOfTheLog) {
  const auto subscription = feed.subscribe("");
  log("delivered");
  const auto text = next(subscription);
  EXPECT_THAT(text, StartsWith("event: delivered\ndata: {\"time\":\""));
  EXPECT_THAT(text, HasSubstr("\"event\":\"delivered\",\"id\":\"06ZQ3W8K1M4TR\",\"to\":\"<bob@a.example>\"}"));
  EXPECT_THAT(text, EndsWith("}\n\n"));
}

TEST_F(EventFeedTest, WhoWaitsIsWoken) {
  const auto subscription = feed.subscribe("");
  wait(subscription);
  EXPECT_FALSE(got);
  log("held");
  ASSERT_TRUE(got);
  EXPECT_THAT(**got, HasSubstr("event: held\n"));
}

TEST_F(EventFeedTest, OnlyEventsOfMessagesAreTold) {
  const auto subscription = feed.subscribe("");
  const log::Field fields[] = {{"client", "192.0.2.1"}};
  feed.add(log::Level::info, "login_failed", fields);
  feed.add(log::Level::info, "reloaded", {});
  log("accepted");
  EXPECT_THAT(next(subscription), StartsWith("event: accepted\n"));
}

TEST_F(EventFeedTest, ANameSelects) {
  const auto subscription = feed.subscribe("bounced");
  log("delivered");
  log("bounced");
  EXPECT_THAT(next(subscription), StartsWith("event: bounced\n"));
}

TEST_F(EventFeedTest, NothingIsKeptFromBeforeOneListens) {
  log("accepted");
  const auto subscription = feed.subscribe("");
  log("delivered");
  EXPECT_THAT(next(subscription), Not(HasSubstr("accepted")));
}

TEST_F(EventFeedTest, WhoReadsTooSlowlyLosesTheNewestAndIsTold) {
  const auto slow = feed.subscribe(""), quick = feed.subscribe("");
  for (std::size_t i = 0; i < EventFeed::most_waiting + 7; ++i) {
    log("delivered");
    EXPECT_THAT(next(quick), StartsWith("event: delivered\n"));
  }
  const auto text = next(slow);
  EXPECT_THAT(text, StartsWith("event: delivered\n"));
  EXPECT_THAT(text, EndsWith("event: lost\ndata: {\"count\":7}\n\n"));
  log("held");
  EXPECT_THAT(next(slow), StartsWith("event: held\n"));
}

TEST_F(EventFeedTest, AReactorThatDoesNotComeToItLosesThemAndTells) {
  const auto subscription = feed.subscribe("");
  const log::Field fields[] = {{"id", "06ZQ3W8K1M4TR"}};
  for (std::size_t i = 0; i < EventFeed::most_on_the_way + 5; ++i) feed.add(log::Level::info, "held", fields);
  run();
  EXPECT_THAT(next(subscription), HasSubstr("event: lost\n"));
}

TEST_F(EventFeedTest, SilenceEndsWithTheDeadline) {
  const auto subscription = feed.subscribe("");
  wait(subscription);
  clock.now += 16s;
  run();
  ASSERT_TRUE(got && !*got);
  EXPECT_EQ(got->error().kind, base::ErrorKind::timed_out);
}

TEST_F(EventFeedTest, AStopEndsTheWait) {
  const auto subscription = feed.subscribe("");
  wait(subscription);
  subscription->end();
  run();
  ASSERT_TRUE(got && !*got);
  EXPECT_EQ(got->error().kind, base::ErrorKind::cancelled);
}

TEST_F(EventFeedTest, SoManyMayListen) {
  std::vector<Subscription> all;
  for (std::size_t i = 0; i < EventFeed::most_listeners; ++i) all.push_back(feed.subscribe(""));
  EXPECT_EQ(feed.subscribe(""), nullptr);
  all.pop_back();
  EXPECT_NE(feed.subscribe(""), nullptr);
}

}  // namespace
}  // namespace godwit::control
