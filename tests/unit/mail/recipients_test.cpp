// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/recipients.hpp"

#include <gtest/gtest.h>

namespace godwit::mail {
namespace {

using smtp::Mailbox;
using smtp::notify_delay;
using smtp::notify_failure;
using smtp::notify_never;
using smtp::notify_success;

const Mailbox list{"list", "xyz.example"};

std::vector<Recipient> expansion(std::initializer_list<const char*> locals) {
  std::vector<Recipient> result;
  for (const char* local : locals) result.push_back({.address = {local, "abc.example"}, .original = to_string(list)});
  return result;
}

TEST(AskReports, AllIsHandedToTheOneAddressOfAnAlias) {
  auto recipients = expansion({"a"});
  ask_reports(recipients, list, {notify_success | notify_delay, "rfc822;l@b.example"});
  ASSERT_EQ(recipients.size(), 1U);
  EXPECT_EQ(recipients[0].notify, notify_success | notify_delay);
  EXPECT_EQ(recipients[0].orcpt, "rfc822;l@b.example");
}

TEST(AskReports, TheSuccessOfAnAliasOfSeveralIsItsExpansion) {
  auto recipients = expansion({"a", "b"});
  ask_reports(recipients, list, {notify_success | notify_failure, "rfc822;l@b.example"});
  ASSERT_EQ(recipients.size(), 3U);
  EXPECT_EQ(recipients[0].notify, notify_failure);
  EXPECT_EQ(recipients[1].notify, notify_failure);
  EXPECT_EQ(recipients[1].orcpt, "rfc822;l@b.example");
  EXPECT_EQ(recipients[2].address, list);
  EXPECT_TRUE(recipients[2].expanded_alias);
  EXPECT_EQ(recipients[2].notify, notify_success);
}

TEST(AskReports, SuccessAloneMeansSilenceOfWhatTheAliasStandsFor) {
  auto recipients = expansion({"a", "b"});
  ask_reports(recipients, list, {notify_success, ""});
  EXPECT_EQ(recipients[0].notify, notify_never);
}

TEST(AskReports, NobodyIsToldOfAnExpansionUnasked) {
  for (const int notify : {0, int{notify_never}, int{notify_failure}}) {
    auto recipients = expansion({"a", "b"});
    ask_reports(recipients, list, {static_cast<std::uint8_t>(notify), ""});
    ASSERT_EQ(recipients.size(), 2U);
    EXPECT_EQ(recipients[0].notify, notify);
  }
}

TEST(AskReports, WhatComesByAListHasArrivedThere) {
  const Mailbox owner{"owner-list", "xyz.example"};
  auto recipients = expansion({"a", "b"});
  for (auto& recipient : recipients) recipient.owner = owner;
  ask_reports(recipients, list, {notify_success | notify_never, "rfc822;l@b.example"});
  ASSERT_EQ(recipients.size(), 3U);
  EXPECT_EQ(recipients[0].notify, 0);
  EXPECT_EQ(recipients[0].orcpt, "");
  EXPECT_TRUE(recipients[2].expanded_alias);
  EXPECT_EQ(recipients[2].owner, owner) << "it is the list";
  auto mixed = expansion({"a", "b"});
  mixed[0].owner = owner;
  ask_reports(mixed, list, {notify_success | notify_failure, "rfc822;l@b.example"});
  ASSERT_EQ(mixed.size(), 3U);
  EXPECT_EQ(mixed[0].notify, 0);
  EXPECT_EQ(mixed[1].notify, notify_failure);
  EXPECT_FALSE(mixed[2].owner) << "an alias with a list in it";
  auto alone = expansion({"a"});
  alone[0].owner = owner;
  ask_reports(alone, list, {notify_success, ""});
  EXPECT_EQ(alone.size(), 2U);
}

TEST(RecipientList, WhomTheSenderNamesIsNoLists) {
  for (const bool direct_first : {true, false}) {
    RecipientList all;
    std::vector<Recipient> direct, by_list;
    direct.push_back({.address = {"a", "b.example"}, .notify = notify_never, .orcpt = "rfc822;x@y.example"});
    by_list.push_back({.address = {"a", "b.example"}, .owner = Mailbox{"owner-list", "xyz.example"}});
    all.add(direct_first ? direct : by_list);
    all.add(direct_first ? by_list : direct);
    ASSERT_EQ(all.all().size(), 1U);
    EXPECT_EQ(all.all()[0], direct[0]);
  }
}

TEST(Envelope, WhatBecomesOfAListsMembersIsItsOwnersBusiness) {
  const Mailbox owner{"owner-list", "xyz.example"};
  Envelope envelope;
  envelope.sender = Mailbox{"me", "abc.example"};
  Recipient member{.address = {"a", "b.example"}, .owner = owner};
  EXPECT_EQ(envelope.return_path_of(member), owner);
  EXPECT_EQ(envelope.return_path_of({.address = {"a", "b.example"}}), envelope.sender);
  member.expanded_alias = true;
  EXPECT_EQ(envelope.return_path_of(member), envelope.sender);
  member.expanded_alias = false;
  envelope.sender.reset();
  EXPECT_EQ(envelope.return_path_of(member), std::nullopt) << "a report about a report";
}

TEST(RecipientList, AnAddressNamedTwiceIsOneRecipientWithEveryReportAskedFor) {
  struct Row {
    int first, second, result;
  };
  const Row rows[] = {{0, 0, 0},
                      {notify_never, notify_never, notify_never},
                      {notify_never, notify_success, notify_success},
                      {notify_never, 0, notify_failure | notify_delay},
                      {notify_success, 0, notify_success | notify_failure | notify_delay},
                      {notify_failure, notify_delay, notify_failure | notify_delay}};
  for (const auto& [first, second, result] : rows) {
    RecipientList all;
    all.add({{.address = {"a", "b.example"}, .notify = static_cast<std::uint8_t>(first)}});
    std::vector<Recipient> more;
    more.push_back(
        {.address = {"a", "b.example"}, .notify = static_cast<std::uint8_t>(second), .orcpt = "rfc822;x@y.example"});
    all.add(std::move(more));
    ASSERT_EQ(all.all().size(), 1U);
    EXPECT_EQ(all.all()[0].notify, result) << first << " and " << second;
    EXPECT_EQ(all.all()[0].orcpt, "rfc822;x@y.example");
  }
}

TEST(RecipientList, AnAliasThatStandsForItselfTooIsBoth) {
  RecipientList all;
  auto recipients = expansion({"a"});
  recipients.push_back({.address = list});
  ask_reports(recipients, list, {notify_success, ""});
  all.add(std::move(recipients));
  EXPECT_EQ(all.all().size(), 3U);
}

}  // namespace
}  // namespace godwit::mail
