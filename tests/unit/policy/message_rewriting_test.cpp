// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/message_rewriting.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/manual_clock.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::policy {
namespace {

constexpr std::string_view submitted_message =
    "From: Alice <alice@int.example>\r\nTo: bob@int.example,\r\n carol@elsewhere.example\r\n"
    "User-Agent: secret\r\nSubject: alice@int.example\r\n\r\nalice@int.example\r\n";

class MessageRewritingTest : public ::testing::Test {
 protected:
  std::string rewrite(std::string_view message, std::size_t piece) {
    route::CanonicalSettings settings;
    settings.senders.addresses = {{"alice@int.example", "alice.smith@example.com"}};
    settings.recipients.addresses = {{"@int.example", "@example.com"}};
    MessageRewriting rewriting(std::make_shared<const route::Canonical>(settings, "+", route::Lookups{}),
                               {{.field = "user-agent"}}, clock_);
    std::string out;
    for (std::size_t at = 0; at < message.size(); at += piece) {
      auto passed = testing::run_awaitable(rewriting.put(std::string(message.substr(at, piece))));
      out += passed ? *passed : "error: " + passed.error().message;
      if (!passed) return out;
    }
    auto rest = testing::run_awaitable(rewriting.finish());
    out += rest ? *rest : "error: " + rest.error().message;
    summary_ = rewriting.summary();
    return out;
  }

  testing::ManualClock clock_;
  std::string summary_;
};

TEST_F(MessageRewritingTest, OnlyTheHeaderChangesHoweverItIsCut) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, submitted_message.size()}) {
    EXPECT_EQ(rewrite(submitted_message, piece),
              "From: Alice <alice.smith@example.com>\r\nTo: bob@example.com,\r\n carol@elsewhere.example\r\n"
              "Subject: alice@int.example\r\n\r\nalice@int.example\r\n");
    EXPECT_EQ(summary_, "alice@int.example=alice.smith@example.com bob@int.example=bob@example.com -user-agent");
  }
}

TEST_F(MessageRewritingTest, WhatIsNotMeantPassesAsItIs) {
  for (const std::string_view message :
       {"From: x@y.example\r\n\r\nbody\r\n", "From: x@y.example\r\n\r\n", "\r\nbody\r\n"}) {
    EXPECT_EQ(rewrite(message, 3), message);
    EXPECT_EQ(summary_, "");
  }
}

TEST_F(MessageRewritingTest, HeadersHaveBounds) {
  EXPECT_THAT(rewrite("X: " + std::string(2U << 20U, 'a'), 64U << 10U), ::testing::HasSubstr("longer than 1024 KiB"));
  std::string many = "To: a@b.example";
  for (std::size_t i = 0; i < MessageRewriting::most_addresses; ++i) many += ",\r\n a@b.example";
  EXPECT_THAT(rewrite(many + "\r\n\r\n", many.size()), ::testing::HasSubstr("more than 5000 addresses"));
}

}  // namespace
}  // namespace godwit::policy
