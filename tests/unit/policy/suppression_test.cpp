// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/suppression.hpp"

#include <gmock/gmock.h>
#include <boost/asio/io_context.hpp>

#include "support/manual_clock.hpp"

namespace godwit::policy {
namespace {

using ::testing::HasSubstr;

class SuppressionRefusal : public ::testing::Test {
 protected:
  void add(const char* address, const char* klass, const char* reason) {
    ASSERT_TRUE(list_.add({.address = address, .klass = klass, .reason = reason, .source = "bounce"}));
  }

  boost::asio::io_context context_;
  testing::ManualClock clock_;
  state::Suppressions list_{{}, context_.get_executor(), clock_, log::null_logger()};
};

TEST_F(SuppressionRefusal, SaysWhyAndUntilWhen) {
  add("gone@x.example", "bad_mailbox", "550 5.1.1 no such user");
  const auto refusal = suppression_refusal(list_, smtp::Mailbox{"Gone", "x.example"});
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, 550);
  EXPECT_EQ(refusal->enhanced, (smtp::EnhancedCode{5, 1, 1}));
  EXPECT_THAT(refusal->lines[0], HasSubstr("because of bad_mailbox (bounce): 550 5.1.1 no such user"));
  EXPECT_THAT(refusal->lines[0], HasSubstr("until 1970-01-31T"));
  EXPECT_FALSE(suppression_refusal(list_, smtp::Mailbox{"there", "x.example"}));
}

TEST_F(SuppressionRefusal, IsAMatterOfPolicyWhereTheMailboxExists) {
  add("unhappy@x.example", "complaint", "");
  EXPECT_EQ(suppression_refusal(list_, smtp::Mailbox{"unhappy", "x.example"})->enhanced, (smtp::EnhancedCode{5, 7, 1}));
}

TEST_F(SuppressionRefusal, AnAliasOfSeveralIsTaken) {
  add("gone@x.example", "bad_mailbox", "");
  const mail::Recipient gone{.address = {"gone", "x.example"}}, there{.address = {"there", "x.example"}};
  EXPECT_TRUE(suppression_refusal(list_, std::vector{gone}));
  EXPECT_FALSE(suppression_refusal(list_, std::vector{gone, there}));
  EXPECT_FALSE(suppression_refusal(list_, std::vector{there}));
}

}  // namespace
}  // namespace godwit::policy
