// SPDX-License-Identifier: Apache-2.0
// The pure parts of the stores besides the file; tests/system has them with real servers.
#include <gmock/gmock.h>

#include "auth/sql_entry.hpp"

namespace godwit::auth {
namespace {

using ::testing::ElementsAre;

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

}  // namespace
}  // namespace godwit::auth
