// SPDX-License-Identifier: Apache-2.0
// The pure parts of the stores besides the file; tests/system has them with real servers.
#include <gmock/gmock.h>

#include "auth/idle_list.hpp"
#include "auth/ldap_store.hpp"
#include "auth/sql_entry.hpp"

namespace godwit::auth {
namespace {

using ::testing::ElementsAre;

// RFC 4515 section 4.
TEST(LdapFilter, WhatIsMoreThanAValueIsEscaped) {
  EXPECT_EQ(escape_filter_value("Parens R Us (for all your parenthetical needs)"),
            "Parens R Us \\28for all your parenthetical needs\\29");
  EXPECT_EQ(escape_filter_value("*"), "\\2a");
  EXPECT_EQ(escape_filter_value("C:\\MyFile"), "C:\\5cMyFile");
  EXPECT_EQ(escape_filter_value(std::string_view("\0\x01\x7F", 3)), "\\00\\01\\7f");
  EXPECT_EQ(escape_filter_value("Lu\u010Di\u0107"), "Lu\u010Di\u0107");
}

TEST(LdapFilter, PartsOfTheNameAreFilledIn) {
  EXPECT_EQ(fill_filter("(|(mail={user})(&(uid={local})(dc={domain})))", "a*b@example.com"),
            "(|(mail=a\\2ab@example.com)(&(uid=a\\2ab)(dc=example.com)))");
  EXPECT_EQ(fill_filter("(uid={local}{domain})", "alice"), "(uid=alice)");
}

TEST(LdapFilter, NameIsNotFilledInAgain) {
  EXPECT_EQ(fill_filter("(uid={local})", "{domain}@example.com"), "(uid={domain})");
}

TEST(SqlEntry, ColumnsBecomeTheAccount) {
  Account account;
  EXPECT_TRUE(take_column(account, "password", "$6$x"));
  EXPECT_TRUE(take_column(account, "senders", "Sales@Example.com,@Lists.Example.com  info@example.com"));
  EXPECT_TRUE(take_column(account, "account", "Alice@Example.com"));
  EXPECT_FALSE(take_column(account, "id", "17"));
  EXPECT_EQ(account.password, "$6$x");
  EXPECT_EQ(account.name, "alice@example.com");
  EXPECT_THAT(account.senders, ElementsAre("sales@example.com", "@lists.example.com", "info@example.com"));
}

TEST(SqlEntry, NothingIsNoPassword) {
  Account account{.name = "alice@example.com", .password = "x", .senders = {}};
  EXPECT_TRUE(take_column(account, "password", {}));
  EXPECT_TRUE(take_column(account, "scram", {}));
  EXPECT_TRUE(take_column(account, "account", {}));
  EXPECT_FALSE(can_log_in(account));
  EXPECT_EQ(account.name, "alice@example.com");
}

TEST(IdleList, KeepsAFew) {
  IdleList<int> list;
  EXPECT_EQ(list.take(), nullptr);
  for (int i = 0; i < 10; ++i) list.give_back(std::make_unique<int>(i));
  EXPECT_EQ(*list.take(), 3);
  for (int i = 0; i < 3; ++i) EXPECT_NE(list.take(), nullptr);
  EXPECT_EQ(list.take(), nullptr);
}

}  // namespace
}  // namespace godwit::auth
