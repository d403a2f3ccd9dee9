// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/message_copies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "godwit/route/return_paths.hpp"
#include "support/manual_clock.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

smtp::Mailbox mailbox_of(std::string_view text) {
  return *smtp::parse_mailbox(text);
}

class MessageCopiesTest : public ::testing::Test {
 protected:
  MessageCopiesTest() {
    route_.hostname = "mail.example.com";
    route_.origin = "example.com";
    route_.domains["example.com"].recipients = route::RecipientRule::list;
    route_.domains["example.com"].local_parts = {"alice", "archive"};
    envelope_.sender = mailbox_of("mod@abc.example");
    envelope_.recipients.push_back({.address = mailbox_of("alice@example.com")});
  }

  std::vector<std::string> add(MailOrigin origin = MailOrigin::others) {
    const auto paths = std::make_shared<const route::ReturnPaths>(std::vector<std::string>{"secret"}, route_, clock_);
    const auto router =
        std::make_shared<const route::Router>(route_, route::Lookups{}, std::vector<base::Endpoint>{}, paths);
    const MessageCopies copies(rules_, origin, router);
    const std::vector<smtp::Mailbox> asked{mailbox_of("asked@example.com")};
    auto added = testing::run_awaitable(copies.add(envelope_, given_ ? given_ : envelope_.sender, asked));
    if (!added) return {"error: " + added.error().message};
    return std::move(*added);
  }

  testing::ManualClock clock_;
  route::Settings route_;
  std::vector<CopySettings> rules_;
  mail::Envelope envelope_;
  smtp::ReversePath given_;  // in MAIL; empty: as the envelope has it
};

TEST_F(MessageCopiesTest, NobodyIsToldOfThem) {
  rules_ = {{.to = "archive@example.com"}};
  EXPECT_THAT(add(), ElementsAre("archive@example.com"));
  ASSERT_EQ(envelope_.recipients.size(), 2U);
  EXPECT_EQ(envelope_.recipients[1].notify, smtp::notify_never);
  EXPECT_FALSE(envelope_.recipients[1].owner);
  EXPECT_THAT(add(), IsEmpty());  // who has it anyway
}

TEST_F(MessageCopiesTest, RulesAreForSomeMailOnly) {
  rules_ = {{.to = "archive@example.com", .senders = {"@other.example"}}};
  EXPECT_THAT(add(), IsEmpty());
  rules_ = {{.to = "archive@example.com", .recipients = {"other@example.com"}}};
  EXPECT_THAT(add(), IsEmpty());
  rules_ = {{.to = "archive@example.com", .mail = {MailOrigin::submitted}}};
  EXPECT_THAT(add(), IsEmpty());
  rules_ = {{.to = "archive@example.com", .senders = {"MOD@abc.example"}, .recipients = {"asked@example.com"}}};
  EXPECT_THAT(add(), ElementsAre("archive@example.com"));
}

TEST_F(MessageCopiesTest, ASenderIsKnownByBothAddresses) {
  given_ = mailbox_of("mod@pc7.abc.example");
  for (const auto* pattern : {"mod@pc7.abc.example", "@pc7.abc.example", "mod@abc.example", "@abc.example"}) {
    rules_ = {{.to = "archive@example.com", .senders = {pattern}}};
    EXPECT_THAT(add(), ElementsAre("archive@example.com")) << pattern;
    envelope_.recipients.pop_back();
  }
  rules_ = {{.to = "archive@example.com", .senders = {"@example"}}};
  EXPECT_THAT(add(), IsEmpty());
}

TEST_F(MessageCopiesTest, OneThatComesBackIsNotCopiedAgain) {
  rules_ = {{.to = "archive@elsewhere.example"}};
  EXPECT_THAT(add(), ElementsAre("archive@elsewhere.example"));
  const auto& owner = envelope_.recipients[1].owner;
  ASSERT_TRUE(owner);
  EXPECT_THAT(owner->local, HasSubstr("postmaster"));
  EXPECT_NE(owner->local, "postmaster");
  envelope_.sender = owner;
  envelope_.recipients.pop_back();
  EXPECT_THAT(add(), IsEmpty());
  envelope_.sender->local.replace(5, 4, "AAAA");  // forged
  EXPECT_THAT(add(), ElementsAre("archive@elsewhere.example"));
}

TEST_F(MessageCopiesTest, WithoutItsCopyNothingIsTaken) {
  rules_ = {{.to = "archive@example.com"}, {.to = "nobody@example.com"}};
  EXPECT_THAT(add(), ElementsAre(HasSubstr("nobody@example.com: 550 5.1.1")));
  EXPECT_EQ(envelope_.recipients.size(), 1U);
}

}  // namespace
}  // namespace godwit::policy
