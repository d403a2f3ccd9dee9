// SPDX-License-Identifier: Apache-2.0
#include "daemon/replayed_accounts.hpp"

#include <gtest/gtest.h>

namespace godwit::daemon {
namespace {

const smtp::Mailbox ann{"ann", "example.com"}, news{"news", "example.com"}, shop{"any", "shop.example"};

class AccountsOfReplays : public ::testing::Test {
 protected:
  AccountsOfReplays() {
    live.settings.auth.stores.push_back({});
    live.accounts.all.add({.name = "ann@example.com", .password = "", .senders = {"news@example.com"}});
  }
  void add_token(std::string account, std::vector<std::string> senders) {
    control::TokenSettings token;
    token.account = std::move(account);
    token.senders = std::move(senders);
    live.settings.control.tokens.push_back(std::move(token));
  }
  LiveSettings live;
};

TEST_F(AccountsOfReplays, OfFilesAreKnown) {
  EXPECT_TRUE(knows_account(live, "ann@example.com"));
  EXPECT_FALSE(knows_account(live, "shop@example.com"));
  EXPECT_FALSE(knows_account(live, ""));
  EXPECT_TRUE(may_send_as(live, "ann@example.com", news));
  EXPECT_FALSE(may_send_as(live, "ann@example.com", shop));
}

TEST_F(AccountsOfReplays, OfTokensAreKnownWithTheirSenders) {
  add_token("", {"@elsewhere.example"});
  add_token("Shop@example.com", {"@shop.example"});
  EXPECT_TRUE(knows_account(live, "shop@example.com"));
  EXPECT_FALSE(knows_account(live, ""));
  EXPECT_TRUE(may_send_as(live, "shop@example.com", {"shop", "example.com"}));
  EXPECT_TRUE(may_send_as(live, "shop@example.com", shop));
  EXPECT_FALSE(may_send_as(live, "shop@example.com", {"any", "elsewhere.example"}));
  EXPECT_FALSE(may_send_as(live, "shop@example.com", ann));
}

TEST_F(AccountsOfReplays, KeptElsewhereAreTakenToExist) {
  live.settings.auth.stores.at(0).type = auth::StoreType::ldap;
  EXPECT_TRUE(knows_account(live, "bob@example.com"));
  EXPECT_TRUE(may_send_as(live, "bob@example.com", shop));
  EXPECT_FALSE(may_send_as(live, "ann@example.com", shop));
}

}  // namespace
}  // namespace godwit::daemon
