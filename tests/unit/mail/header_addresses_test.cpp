// SPDX-License-Identifier: Apache-2.0
// Addresses and fields of a header that are changed while all around them stays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "godwit/mail/address_list.hpp"
#include "godwit/mail/header_rules.hpp"

namespace godwit::mail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Everybody's domain, and the local part "alice".
std::string renamed(std::string_view section) {
  const auto addresses = header_addresses(section);
  std::vector<smtp::Mailbox> by;
  for (const auto& one : addresses) {
    by.push_back({.local = one.address.mailbox.local, .domain = "new.example"});
    if (by.back().local == "alice") by.back().local = "a b";
  }
  return replace_addresses(section, addresses, by);
}

TEST(HeaderAddresses, OnlyTheirOwnBytesChange) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"From: alice@old.example\r\n", "From: \"a b\"@new.example\r\n"},
      {"From : =?utf-8?q?Alice?= (her (name)) <alice@Old.example>\r\n",
       "From : =?utf-8?q?Alice?= (her (name)) <\"a b\"@new.example>\r\n"},
      {"To: \"alice@old.example\" <bob@old.example>,\r\n\t bob@old.example\r\n (folded)\r\n",
       "To: \"alice@old.example\" <bob@new.example>,\r\n\t bob@new.example\r\n (folded)\r\n"},
      {"cc: friends: alice@old.example, Bob <bob (b)\r\n @ (c) old . example>;\r\n",
       "cc: friends: \"a b\"@new.example, Bob <bob (b)\r\n @ (c) new.example>;\r\n"},
      {"Resent-Reply-To: <@relay.example:bob@[192.0.2.1]>\r\n",
       "Resent-Reply-To: <@relay.example:bob@new.example>\r\n"},
      {"To: root\r\nSubject: alice@old.example\r\n", "To: root\r\nSubject: alice@old.example\r\n"},
      {"To: no list <\r\nSender: bob@old.example\r\n", "To: no list <\r\nSender: bob@new.example\r\n"},
  };
  for (const auto& [before, after] : cases) EXPECT_EQ(renamed(before), after);
}

TEST(HeaderAddresses, WhatIsTheSameStaysAsItIsWritten) {
  const std::string section = "From: \"bo\\b\" (x) @NEW.example\r\nTo: BOB@New.Example\r\n";
  EXPECT_EQ(renamed(section), section);
}

TEST(HeaderAddresses, SendersAndRecipientsAreToldApart) {
  std::vector<bool> senders;
  for (const auto& one : header_addresses("From: a@x.example\r\nResent-Sender: a@x.example\r\nReply-To: a@x.example\r\n"
                                          "To: a@x.example\r\nResent-Cc: a@x.example\r\n"))
    senders.push_back(one.is_sender);
  EXPECT_THAT(senders, ElementsAre(true, true, true, false, false));
}

TEST(HeaderRules, FieldsAreRemovedReplacedAndAdded) {
  using Action = HeaderRule::Action;
  std::vector<std::string> done;
  const std::string section = "User-Agent: x\r\n y\r\nSubject: a\r\nuser-agent: z\r\n";
  EXPECT_EQ(apply_header_rules(section, {{.field = "User-Agent"}}, done), "Subject: a\r\n");
  EXPECT_EQ(apply_header_rules(section, {{.field = "User-Agent", .matching = "X y*"}}, done),
            "Subject: a\r\nuser-agent: z\r\n");
  EXPECT_EQ(apply_header_rules(section,
                               {{.field = "User-Agent", .action = Action::replace, .value = "n"},
                                {.field = "X-A", .action = Action::add, .value = "b"}},
                               done),
            "User-Agent: n\r\nSubject: a\r\nUser-Agent: n\r\nX-A: b\r\n");
  EXPECT_THAT(done, ElementsAre("-User-Agent", "-User-Agent", "=User-Agent", "+X-A"));
  done.clear();
  EXPECT_EQ(apply_header_rules(section, {{.field = "Organization"}, {.field = "X", .action = Action::replace}}, done),
            section);
  EXPECT_THAT(done, IsEmpty());
}

}  // namespace
}  // namespace godwit::mail
