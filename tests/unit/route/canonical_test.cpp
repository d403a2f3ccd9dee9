// SPDX-License-Identifier: Apache-2.0
#include "godwit/route/canonical.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fixed_table.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::route {
namespace {

using ::testing::ElementsAre;

smtp::Mailbox box(std::string_view text) {
  return *smtp::parse_mailbox(text);
}

class CanonicalTest : public ::testing::Test {
 protected:
  std::string rewrite(std::string_view address, bool is_sender = true) {
    const Canonical canonical(settings_, "+", lookups_);
    std::vector<Canonical::Question> questions;
    questions.push_back({.address = box(address), .is_sender = is_sender});
    auto answer = testing::run_awaitable(canonical.rewrite(std::move(questions)));
    return answer ? to_string(answer->front()) : answer.error().message;
  }

  CanonicalSettings settings_;
  Lookups lookups_;
};

TEST_F(CanonicalTest, AddressesComeBeforeDomains) {
  settings_.senders.addresses = {{"alice@int.example", "Alice.Smith@example.com"},
                                 {"@int.example", "@example.com"},
                                 {"@gone.example", "nobody@example.com"}};
  EXPECT_EQ(rewrite("ALICE@int.example"), "Alice.Smith@example.com");
  EXPECT_EQ(rewrite("alice+lists@int.example"), "Alice.Smith+lists@example.com");
  EXPECT_EQ(rewrite("Bob+x@int.example"), "Bob+x@example.com");
  EXPECT_EQ(rewrite("\"a b\"@int.example"), "\"a b\"@example.com");
  EXPECT_EQ(rewrite("x@gone.example"), "nobody@example.com");
  EXPECT_EQ(rewrite("alice@int.example", false), "alice@int.example");
  EXPECT_EQ(rewrite("alice@sub.int.example"), "alice@sub.int.example");
}

TEST_F(CanonicalTest, TheMapOfAllComesAfterAndOnce) {
  settings_.recipients.addresses = {{"a@x.example", "b@x.example"}, {"c@x.example", "d@x.example"}};
  settings_.addresses.addresses = {{"b@x.example", "c@x.example"}};
  EXPECT_EQ(rewrite("a@x.example", false), "c@x.example");
  EXPECT_EQ(rewrite("a@x.example"), "a@x.example");
  EXPECT_EQ(rewrite("b@x.example"), "c@x.example");
}

TEST_F(CanonicalTest, HostsHideBehindTheirDomain) {
  settings_.masquerade = {"dept.example.com", "example.com"};
  EXPECT_EQ(rewrite("alice@pc7.example.com"), "alice@example.com");
  EXPECT_EQ(rewrite("alice@pc7.dept.example.com"), "alice@dept.example.com");
  EXPECT_EQ(rewrite("Root@pc7.example.com"), "Root@pc7.example.com");
  EXPECT_EQ(rewrite("alice@notexample.com"), "alice@notexample.com");
}

TEST_F(CanonicalTest, TablesAreAskedAndMayBeDown) {
  using Mode = testing::FixedTable::Mode;
  const auto table = std::make_shared<testing::FixedTable>(
      "slow",
      testing::FixedTable::Entries{{"alice@int.example", {"alice@example.com"}}, {"bad@int.example", {"no address <"}}},
      Mode::asked);
  lookups_.tables["slow"] = table;
  settings_.senders.tables = {"slow"};
  settings_.senders.addresses = {{"own@int.example", "own@example.com"}};
  EXPECT_EQ(rewrite("alice+x@int.example"), "alice+x@example.com");
  EXPECT_THAT(table->asked, ElementsAre("alice+x@int.example", "alice@int.example"));
  EXPECT_EQ(rewrite("bad@int.example"), "bad@int.example");
  table->mode = Mode::down;
  EXPECT_EQ(rewrite("own@int.example"), "own@example.com");
  EXPECT_EQ(rewrite("alice@int.example"), "slow: it is down");
  EXPECT_EQ(rewrite("alice@int.example", false), "alice@int.example");
}

}  // namespace
}  // namespace godwit::route
