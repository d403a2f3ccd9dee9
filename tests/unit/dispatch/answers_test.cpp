// SPDX-License-Identifier: Apache-2.0
// Mail that an alias forwarded to another host, and that came back.
#include "dispatch/answers.hpp"

#include <gmock/gmock.h>

#include "support/run_awaitable.hpp"
#include "unit/dispatch/text_body.hpp"

namespace godwit::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LoopTest : public ::testing::Test {
 protected:
  static std::shared_ptr<const route::Router> router() {
    route::Settings settings;
    settings.hostname = "mail.example.com";
    settings.domains["example.com"].deliver.kind = route::DeliverKind::discard;
    return std::make_shared<const route::Router>(std::move(settings), route::Lookups{}, std::vector<base::Endpoint>{});
  }
  // To `address`, which was asked for as `asked`.
  static Transaction transaction(smtp::Mailbox address, std::string asked, std::string text) {
    auto message = std::make_shared<spool::StoredMessage>();
    message->body = std::make_shared<TextBody>(std::move(text));
    const auto domain = address.domain;
    message->envelope.recipients.push_back({.address = std::move(address), .original = std::move(asked)});
    return make_transaction(std::move(message), domain, 0);
  }
  static std::set<std::string> passed(const Transaction& transaction) {
    return testing::run_awaitable(passed_before(transaction.message, router()));
  }
  static Answers answers(const Transaction& transaction) {
    return answers_for(transaction, *router(), nullptr, passed(transaction));
  }
};

const std::string forwarded_before = "Delivered-To: Away@Example.com\r\nSubject: s\r\n\r\n";

TEST_F(LoopTest, WhatAnAliasForwardedIsNotForwardedAgain) {
  const auto back = transaction({"me", "far.example"}, "away@EXAMPLE.com", forwarded_before);
  const auto given = answers(back);
  ASSERT_TRUE(given[0]);
  EXPECT_EQ(given[0]->kind, deliver::Outcome::Kind::failed);
  EXPECT_EQ(to_line(given[0]->reply), "554 5.4.6 Mail loop: <away@example.com> has forwarded it already");
  EXPECT_THAT(unanswered(back, given).recipients, IsEmpty());
}

TEST_F(LoopTest, ThroughAnotherAliasItGoesOn) {
  const auto other = transaction({"me", "far.example"}, "other@example.com", forwarded_before);
  EXPECT_THAT(unanswered(other, answers(other)).recipients, ElementsAre(0U));
  const auto below =
      transaction({"me", "far.example"}, "away@example.com", "Subject: s\r\n\r\nDelivered-To: away@example.com\r\n");
  EXPECT_THAT(unanswered(below, answers(below)).recipients, ElementsAre(0U)) << "in the body it says nothing";
}

TEST_F(LoopTest, NothingIsReadOfWhatNoAliasForwards) {
  EXPECT_THAT(passed(transaction({"me", "far.example"}, "", forwarded_before)), IsEmpty());
  EXPECT_THAT(passed(transaction({"me", "far.example"}, "you@else.example", forwarded_before)), IsEmpty());
  EXPECT_THAT(passed(transaction({"alice", "example.com"}, "away@example.com", forwarded_before)), IsEmpty());
}

}  // namespace
}  // namespace godwit::dispatch
