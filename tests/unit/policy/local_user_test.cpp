// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/local_user.hpp"

#include <gtest/gtest.h>

namespace godwit::policy {
namespace {

route::Settings names() {
  route::Settings result;
  result.hostname = "mail.x.example";
  result.origin = "x.example";
  return result;
}

bool may_send(const char* user, const char* address, bool trusted = false) {
  return !check_local_sender({.name = user, .is_trusted = trusted}, *smtp::parse_mailbox(address), names());
}

TEST(LocalUser, SendsAsHimselfAtTheNamesOfTheHost) {
  EXPECT_TRUE(may_send("alice", "alice@x.example"));
  EXPECT_TRUE(may_send("alice", "Alice@mail.X.example"));
  EXPECT_TRUE(may_send("alice", "alice+lists@x.example"));
  EXPECT_FALSE(may_send("alice", "alice-lists@x.example"));
  EXPECT_FALSE(may_send("alice", "alice2@x.example"));
  EXPECT_FALSE(may_send("alice", "bob@x.example"));
  EXPECT_FALSE(may_send("alice", "alice@y.example"));
  EXPECT_FALSE(may_send("alice", "alice@sub.x.example"));
}

TEST(LocalUser, WithoutASeparatorADetailIsAnotherName) {
  auto without = names();
  without.detail_separator.clear();
  EXPECT_FALSE(is_own_address("alice", {"alice+lists", "x.example"}, without));
  EXPECT_TRUE(is_own_address("alice", {"alice", "x.example"}, without));
}

TEST(LocalUser, MayAlwaysUseTheNullSender) {
  EXPECT_FALSE(check_local_sender({.name = "alice"}, {}, names()));
}

TEST(LocalUser, ATrustedOneSendsAsAnybody) {
  EXPECT_TRUE(may_send("root", "bob@y.example", true));
  EXPECT_FALSE(may_send("root", "bob@y.example"));
}

TEST(LocalUser, IsRefusedInWordsThatNameTheRemedy) {
  const auto refusal = check_local_sender({.name = "alice"}, smtp::Mailbox{"bob", "y.example"}, names());
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, 553);
  EXPECT_EQ(refusal->enhanced, (smtp::EnhancedCode{5, 7, 1}));
  EXPECT_NE(refusal->lines.front().find("submit.trusted_users"), std::string::npos);
}

TEST(LocalUser, IsTrustedByNameOrWithAll) {
  Settings settings;
  EXPECT_TRUE(is_trusted_user(settings, "root"));
  EXPECT_TRUE(is_trusted_user(settings, "www-data"));
  EXPECT_FALSE(is_trusted_user(settings, "alice"));
  settings.trusted_users = {"*"};
  EXPECT_TRUE(is_trusted_user(settings, "alice"));
  settings.trusted_users = {};
  EXPECT_FALSE(is_trusted_user(settings, "root"));
}

}  // namespace
}  // namespace godwit::policy
