// SPDX-License-Identifier: Apache-2.0
// Users with a store of their own.
#include <gmock/gmock.h>

#include "godwit/route/router.hpp"
#include "support/fake_resolver.hpp"
#include "support/fixed_table.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::route {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using TableMode = testing::FixedTable::Mode;

class UsersTest : public ::testing::Test {
 protected:
  UsersTest() {
    settings_.hostname = "mail.example";
    auto& domain = settings_.domains["example.com"];
    domain.deliver = {.kind = DeliverKind::maildir, .argument = "/v/{local}"};
    domain.recipients = RecipientRule::list;
    domain.local_parts = {"alice"};
    domain.users["bob"] = *parse_store("lmtp:unix:/run/lmtp");
    auto& hosted = settings_.domains["hosted.example"];
    hosted.deliver = {.kind = DeliverKind::lmtp, .argument = "unix:/run/all"};
    hosted.recipients = RecipientRule::any;
    hosted.user_table = "stores";
  }
  Router router() const { return Router(settings_, {.accounts = {}, .tables = {{"stores", table_}}}, {}); }

  std::string destination(const std::string& local, const std::string& domain) {
    const auto made = router();
    std::vector<smtp::Mailbox> one = {{local, domain}};
    const auto found = testing::run_awaitable(made.destinations_of(std::move(one)));
    return found ? found->front() : found.error().message;
  }
  std::string way(std::string destination) {
    const auto made = router();
    return describe(testing::run_awaitable(made.hop(std::move(destination), std::nullopt, dns_, random_)));
  }
  std::string recipient(const std::string& local, const std::string& domain) {
    const auto made = router();
    smtp::Mailbox asked{local, domain};
    const auto expansion = testing::run_awaitable(made.expand(std::move(asked)));
    return expansion.refusal ? to_line(*expansion.refusal).substr(0, 9)
                             : to_string(expansion.recipients.front().address);
  }

  Settings settings_;
  std::shared_ptr<testing::FixedTable> table_ = std::make_shared<testing::FixedTable>(
      "stores", testing::FixedTable::Entries{{"ann@hosted.example", {"maildir:/other/{domain}/{local}"}},
                                             {"bad@hosted.example", {"|/bin/sh"}},
                                             {"joe+exact@hosted.example", {"lmtp:127.0.0.1:24"}},
                                             {"joe@hosted.example", {"lmtp:unix:/run/joe"}}});
  testing::FakeResolver dns_;
  base::SeededRandom random_{1};
};

TEST_F(UsersTest, AUserWithAStoreIsADestinationOfItsOwn) {
  EXPECT_EQ(destination("alice", "example.com"), "example.com");
  EXPECT_EQ(destination("Bob", "example.com"), "bob@example.com");
  EXPECT_EQ(destination("bob+lists", "example.com"), "bob@example.com");
  EXPECT_EQ(destination("bob", "elsewhere.example"), "elsewhere.example");
  EXPECT_EQ(way("example.com"), "maildir");
  EXPECT_EQ(way("bob@example.com"), "lmtp:unix:/run/lmtp");
}

TEST_F(UsersTest, ATableNamesStores) {
  for (const auto mode : {TableMode::known, TableMode::asked}) {
    table_->mode = mode;
    EXPECT_EQ(destination("ann", "hosted.example"), "ann@hosted.example");
    EXPECT_EQ(destination("joe+exact", "hosted.example"), "joe+exact@hosted.example");
    EXPECT_EQ(destination("joe+other", "hosted.example"), "joe@hosted.example");
    EXPECT_EQ(destination("sue", "hosted.example"), "hosted.example");
    EXPECT_EQ(way("ann@hosted.example"), "maildir");
    EXPECT_EQ(way("hosted.example"), "lmtp:unix:/run/all");
  }
}

TEST_F(UsersTest, AFileMayHaveLocalPartsAlone) {
  table_ =
      std::make_shared<testing::FixedTable>("stores", testing::FixedTable::Entries{{"ann", {"lmtp:unix:/run/ann"}}});
  EXPECT_EQ(destination("ann", "hosted.example"), "hosted.example");
  table_->bare_names = true;
  EXPECT_EQ(way(destination("ann", "hosted.example")), "lmtp:unix:/run/ann");
}

// Mail must not end in the store of the others.
TEST_F(UsersTest, WhereTheTableCannotBeAskedMailWaits) {
  table_->mode = TableMode::down;
  EXPECT_THAT(destination("ann", "hosted.example"), HasSubstr("stores: it is down"));
  EXPECT_THAT(way("ann@hosted.example"), HasSubstr("none: 451 4.3.0"));
  EXPECT_EQ(router().known_destination({"ann", "hosted.example"}), std::nullopt);
  EXPECT_EQ(recipient("ann", "hosted.example"), "451 4.3.0");
}

TEST_F(UsersTest, WhatIsNoStoreIsSaid) {
  EXPECT_EQ(destination("bad", "hosted.example"), "bad@hosted.example");
  EXPECT_THAT(way("bad@hosted.example"), HasSubstr("none: 451 4.3.0 The store cannot be looked up: stores: "));
  EXPECT_EQ(router().known_site("bad@hosted.example", std::nullopt), "");
}

TEST_F(UsersTest, WhoHasNoStoreAnyMoreGoesTheWayOfTheDomain) {
  EXPECT_EQ(way("sue@hosted.example"), "lmtp:unix:/run/all");
}

TEST_F(UsersTest, SuchUsersExist) {
  EXPECT_EQ(recipient("alice", "example.com"), "alice@example.com");
  EXPECT_EQ(recipient("Bob+Lists", "example.com"), "bob+Lists@example.com");
  EXPECT_EQ(recipient("sue", "example.com"), "550 5.1.1");
}

TEST_F(UsersTest, TheSiteIsKnownWithoutDns) {
  EXPECT_EQ(router().known_site("bob@example.com", std::nullopt), "lmtp:unix:/run/lmtp");
  EXPECT_EQ(router().known_site("example.com", std::nullopt), "maildir");
  settings_.domains["b.example"].deliver = {.kind = DeliverKind::lmtp, .argument = "unix:/run/lmtp"};
  EXPECT_EQ(router().shared_way("bob@example.com", std::nullopt), router().shared_way("b.example", std::nullopt));
}

TEST(ParseStore, KnowsMaildirAndLmtpOnly) {
  EXPECT_EQ(parse_store("maildir:/v/{domain}/{local}")->argument, "/v/{domain}/{local}");
  EXPECT_EQ(parse_store("lmtp:127.0.0.1:24")->kind, DeliverKind::lmtp);
  for (const auto* wrong : {"", "maildir", "maildir:v/{local}", "maildir:/v", "maildir:/v/{local}/{x}",
                            "lmtp:", "lmtp:host", "lmtp:unix:run", "smtp:[10.0.0.1]", "mx", "discard:", "|/bin/sh"})
    EXPECT_FALSE(parse_store(wrong)) << wrong;
}

}  // namespace
}  // namespace godwit::route
