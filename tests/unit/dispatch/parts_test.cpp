// SPDX-License-Identifier: Apache-2.0
#include "dispatch/parts.hpp"

#include <gmock/gmock.h>

namespace godwit::dispatch {
namespace {

using ::testing::ElementsAre;

// Of one message: "a" to a.example, "b" and "c" to b.example.
Parts two_parts() {
  auto message = std::make_shared<spool::StoredMessage>();
  for (const char* address : {"a", "b", "c"}) {
    auto& recipient = message->envelope.recipients.emplace_back();
    recipient.address = {address, *address == 'a' ? "a.example" : "b.example"};
  }
  Parts parts;
  for (const char* domain : {"a.example", "b.example"}) {
    auto transaction = make_transaction(message, domain, 0);
    Answers none(transaction.recipients.size());
    parts.push_back({.item = {.key = {.id = {1}, .destination = domain}},
                     .transaction = std::move(transaction),
                     .answers = std::move(none)});
  }
  return parts;
}

deliver::Outcome told(std::string relay) {
  deliver::Outcome outcome;
  outcome.relay = std::move(relay);
  return outcome;
}

std::vector<std::string> relays(const deliver::Outcomes& outcomes) {
  std::vector<std::string> all;
  for (const auto& outcome : outcomes) all.push_back(outcome.relay);
  return all;
}

TEST(Parts, EachHasItsOwnOutcomes) {
  auto parts = two_parts();
  EXPECT_THAT(together(parts).recipients, ElementsAre(0U, 1U, 2U));
  EXPECT_EQ(destinations_of(parts), "a.example,b.example");
  const auto outcomes = apart(parts, {told("to a"), told("to b"), told("to c")});
  EXPECT_THAT(relays(outcomes[0]), ElementsAre("to a"));
  EXPECT_THAT(relays(outcomes[1]), ElementsAre("to b", "to c"));
}

TEST(Parts, WhatIsAttemptedTogetherSawTheSameJumpOfTheClock) {
  auto parts = two_parts();
  for (auto& part : parts) part.transaction.jumped = std::chrono::hours(2);
  EXPECT_EQ(together(parts).jumped, std::chrono::hours(2));
}

TEST(Parts, WhoIsAnsweredForTakesNoPartInTheAttempt) {
  auto parts = two_parts();
  parts[0].answers[0] = told("answered");
  parts[1].answers[1] = told("answered too");
  EXPECT_THAT(together(parts).recipients, ElementsAre(1U));
  const auto outcomes = apart(parts, {told("to b")});
  EXPECT_THAT(relays(outcomes[0]), ElementsAre("answered"));
  EXPECT_THAT(relays(outcomes[1]), ElementsAre("to b", "answered too"));
}

TEST(Parts, WhoWasNotTriedHasNoOutcome) {
  auto parts = two_parts();
  auto outcomes = apart(parts, {told("to a"), told("to b"), told("to c")});
  leave_untried(parts, outcomes);
  EXPECT_FALSE(parts[1].others_wait);
  EXPECT_EQ(parts.size(), 2U);
  outcomes[1][0].untried = true;
  leave_untried(parts, outcomes);
  EXPECT_THAT(relays(outcomes[1]), ElementsAre("to c"));
  EXPECT_THAT(parts[1].transaction.recipients, ElementsAre(2U));
  EXPECT_TRUE(parts[1].others_wait);
  outcomes[0][0].untried = true;
  leave_untried(parts, outcomes);
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0].item.key.destination, "b.example");
  EXPECT_THAT(relays(outcomes[0]), ElementsAre("to c"));
}

TEST(Parts, OfManyDestinationsTheLogHasTheFirst) {
  auto parts = two_parts();
  parts.resize(1000, parts.back());
  EXPECT_LT(destinations_of(parts).size(), 300U);
}

}  // namespace
}  // namespace godwit::dispatch
