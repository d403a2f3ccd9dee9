// SPDX-License-Identifier: Apache-2.0
// What orders of an administrator concern.
#include "unit/dispatch/dispatcher_fixture.hpp"

namespace godwit::dispatch {
namespace {

using ::testing::ElementsAre;

// One message of which a delivery is in each state.
class OrderedStatesTest : public DispatcherTest {
 protected:
  OrderedStatesTest() {
    auto settings = discarding();
    auto& held = settings.routes.emplace_back();
    held.domains = {"held.example"};
    held.hold = true;
    auto& active = settings.domains["active.example"];
    active.deliver.kind = route::DeliverKind::discard;
    active.user_table = "stores";
    dispatcher_.reload(
        Settings{},
        router_of(settings, {.accounts = {}, .tables = {{"stores", std::make_shared<SlowStores>(network_)}}}));
    resolver_.fail("MX waiting.example");
    EXPECT_TRUE(is_done(dispatcher_.suspend("due.example", {})));
    mail::Envelope envelope;
    envelope.accepted = clock_.wall();
    for (const auto state : states) {
      auto& recipient = envelope.recipients.emplace_back();
      recipient.address = {"r", std::string(to_string(state)) + ".example"};
      recipient.notify = smtp::notify_never;  // the spool takes no report
    }
    id_ = commit(std::move(envelope));
    spool_.updates.clear();
  }
  std::map<std::string, queue::State> shown() {
    std::map<std::string, queue::State> result;
    spawn([&]() -> boost::asio::awaitable<void> {
      auto showing = dispatcher_.show(id_);
      const auto entry = co_await std::move(showing);
      for (const auto& item : entry.value().items) result[item.key.destination] = item.state;
    });
    poll();
    return result;
  }

  // Once nobody works on the message any more, orders read it from the spool.
  void let_next_read_wait() {
    pass(30s);
    spool_.updates.clear();
    spool_.before_next_read = [this]() -> boost::asio::awaitable<void> {
      static_cast<void>(co_await network_.sleep_until(clock_.now + 1s));
    };
  }

  static constexpr queue::State states[] = {queue::State::waiting, queue::State::due, queue::State::active,
                                            queue::State::held};
  base::MessageId id_;
};

struct OrderedEnd {
  bool bounces;
  queue::State state;
};
class EndedByStateTest : public OrderedStatesTest, public ::testing::WithParamInterface<OrderedEnd> {};

TEST_P(EndedByStateTest, OnlyWhatIsInThatStateEnds) {
  const auto [bounces, state] = GetParam();
  const auto destination = std::string(to_string(state)) + ".example";
  auto before = shown();
  ASSERT_EQ(before.size(), 4U);
  for (const auto each : states) ASSERT_EQ(before[std::string(to_string(each)) + ".example"], each) << to_string(each);
  const Selector selector{.state = state};
  const bool is_left_alone = bounces && state == queue::State::active;
  EXPECT_EQ(is_done(bounces ? dispatcher_.bounce(id_, "", selector) : dispatcher_.remove(id_, selector)),
            !is_left_alone);
  const auto index = std::to_string(std::ranges::find(states, state) - std::begin(states));
  EXPECT_EQ(told(), is_left_alone ? Told{} : Told{index + (bounces ? " bounced" : " deleted")});
  if (state != queue::State::active) before.erase(destination);
  EXPECT_EQ(shown(), before) << "the others wait on as they did";
}
INSTANTIATE_TEST_SUITE_P(
    Orders, EndedByStateTest,
    ::testing::Values(OrderedEnd{false, queue::State::waiting}, OrderedEnd{false, queue::State::due},
                      OrderedEnd{false, queue::State::active}, OrderedEnd{false, queue::State::held},
                      OrderedEnd{true, queue::State::waiting}, OrderedEnd{true, queue::State::due},
                      OrderedEnd{true, queue::State::active}, OrderedEnd{true, queue::State::held}),
    [](const auto& each) {
      return (each.param.bounces ? "bounce_" : "delete_") + std::string(to_string(each.param.state));
    });

TEST_F(OrderedStatesTest, WithoutAStateAllEndButWhatABounceLeavesInDelivery) {
  EXPECT_TRUE(is_done(dispatcher_.bounce(id_, "", {})));
  EXPECT_EQ(told(), (Told{"0 bounced", "1 bounced", "3 bounced"}));
  EXPECT_TRUE(is_done(dispatcher_.remove(id_, {})));
  EXPECT_EQ(told().back(), "2 deleted");
}

TEST_F(OrderedStatesTest, StateAndDestinationMustBothHold) {
  EXPECT_FALSE(remove(id_, {.destination = "held.example", .state = queue::State::waiting}));
  EXPECT_FALSE(remove(id_, {.older = 1h}));
  EXPECT_EQ(told(), Told{});
  EXPECT_EQ(shown().size(), 4U);
}

// While the disk lets the first order wait, what it keeps from delivery looks as if it were held.
TEST_F(OrderedStatesTest, WhatAnotherOrderKeepsIsNotTakenForHeld) {
  let_next_read_wait();
  EXPECT_FALSE(remove(id_, {.destination = "due.example"}));
  EXPECT_FALSE(remove(id_, {.state = queue::State::held}));
  pass(1s);
  EXPECT_EQ(told(), Told{"1 deleted"});
  EXPECT_TRUE(remove(id_, {.state = queue::State::held}));
  EXPECT_EQ(told(), (Told{"1 deleted", "3 deleted"}));
}

TEST_F(OrderedStatesTest, WhatIsReleasedWhileAnOrderWaitsIsNotBegunTwice) {
  let_next_read_wait();
  EXPECT_FALSE(is_done(dispatcher_.bounce(id_, "", {.recipient = "nobody@*"})));
  const auto asked = std::ranges::count(resolver_.asked, "MX waiting.example");
  EXPECT_TRUE(dispatcher_.release(id_));
  poll();
  const auto released = shown();
  pass(1s);
  EXPECT_EQ(shown(), released);
  EXPECT_EQ(std::ranges::count(resolver_.asked, "MX waiting.example"), asked + 1);
}

TEST_F(OrderedStatesTest, WhatIsHeldWhileAnOrderWaitsStaysHeld) {
  let_next_read_wait();
  EXPECT_FALSE(remove(id_, {.recipient = "nobody@*"}));
  EXPECT_TRUE(dispatcher_.hold(id_, "an administrator"));
  const auto asked = resolver_.asked;
  pass(1s);
  EXPECT_THAT(shown(), ::testing::Each(::testing::Pair(::testing::_, queue::State::held)));
  EXPECT_EQ(shown().size(), 3U);
  EXPECT_EQ(resolver_.asked, asked);
}

TEST_F(OrderedStatesTest, WhatIsHeldAndReleasedWhileAnOrderWaitsGoesOn) {
  let_next_read_wait();
  EXPECT_FALSE(remove(id_, {.recipient = "nobody@*"}));
  EXPECT_TRUE(dispatcher_.hold(id_, "an administrator"));
  EXPECT_TRUE(dispatcher_.release(id_));
  pass(1s);
  EXPECT_THAT(shown(), ::testing::Contains(::testing::Pair("waiting.example", queue::State::waiting)));
  EXPECT_THAT(shown(), ::testing::Contains(::testing::Pair("due.example", queue::State::due)));
}

// By the administrator, from a rule.
TEST_F(OrderedStatesTest, WhatWasReleasedIsNotHeldAgainForAnOrderAboutOthers) {
  resolver_.fail("MX held.example");
  EXPECT_TRUE(is_done(dispatcher_.suspend("held.example", {})));
  EXPECT_TRUE(dispatcher_.release(id_));
  EXPECT_FALSE(remove(id_, {.recipient = "nobody@*"}));
  EXPECT_TRUE(is_done(dispatcher_.resume("held.example")));
  EXPECT_EQ(shown().at("held.example"), queue::State::waiting);
}

TEST_F(DispatcherTest, OnlyWhatIsMeantIsTriedAgain) {
  for (const char* domain : {"one.example", "two.example"}) resolver_.fail("MX " + std::string(domain));
  const auto id = commit({"one.example", "two.example"});
  const auto asked = [this] {
    return std::vector{std::ranges::count(resolver_.asked, "MX one.example"),
                       std::ranges::count(resolver_.asked, "MX two.example")};
  };
  ASSERT_THAT(asked(), ElementsAre(1, 1));
  EXPECT_TRUE(retry(id, {.destination = "one.example"}));
  EXPECT_THAT(asked(), ElementsAre(2, 1));
  EXPECT_TRUE(retry(id, {.recipient = "r@two.*"}));
  EXPECT_THAT(asked(), ElementsAre(2, 2));
  EXPECT_TRUE(retry(id, {.recipient = "@one.example", .state = queue::State::waiting}));
  EXPECT_THAT(asked(), ElementsAre(3, 2));
  EXPECT_FALSE(retry(id, {.state = queue::State::held}));
  EXPECT_FALSE(retry(id, {.recipient = "x@one.example"}));
  EXPECT_FALSE(retry({4711}));
  EXPECT_THAT(asked(), ElementsAre(3, 2));
  EXPECT_TRUE(retry(id));
  EXPECT_THAT(asked(), ElementsAre(4, 3));
}

}  // namespace
}  // namespace godwit::dispatch
