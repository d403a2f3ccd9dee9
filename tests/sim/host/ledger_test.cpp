// SPDX-License-Identifier: Apache-2.0
// What the ledger complains of, and what it lets pass: a checker that never complains proves nothing.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/host/internet.hpp"
#include "sim/host/ledger.hpp"
#include "sim/host/party.hpp"

namespace godwit::sim {
namespace {

class LedgerTest : public ::testing::Test {
 protected:
  Mail taken(const std::string& recipient = "a@x.example") {
    auto mail = ledger.write("s@senders.example", {recipient}, 500);
    ledger.recipient_accepted(mail, recipient);
    ledger.answered(mail, Ledger::Answer::taken, host);
    return mail;
  }
  std::string complaint() {
    ledger.settle();
    const auto all = ledger.complaints();
    return all.empty() ? "" : all.front();
  }
  static std::string filed(const Mail& mail, const std::string& recipient) {
    return "Return-Path: <>\r\nDelivered-To: " + recipient + "\r\n" + mail.body;
  }

  const base::WallTime noon{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12)};
  const base::IpAddress host = *base::IpAddress::parse("10.0.0.1");
  World world{1};
  Ledger ledger{world};
};

TEST_F(LedgerTest, AcknowledgedMailThatNobodyGotIsLost) {
  taken();
  EXPECT_EQ(ledger.open(), 1U);
  EXPECT_EQ(complaint(), "mail 1 to a@x.example is LOST");
}

TEST_F(LedgerTest, DeliveredOnceIsWell) {
  const auto mail = taken();
  ledger.received("a@x.example", filed(mail, "a@x.example"));
  EXPECT_EQ(ledger.open(), 0U);
  EXPECT_EQ(complaint(), "");
}

TEST_F(LedgerTest, TheSenderWasTold) {
  const auto mail = taken();
  ledger.received("s@senders.example",
                  "Subject: report\r\n\r\nFinal-Recipient: rfc822; a@x.example\r\nAction: failed\r\n\r\n" + mail.body);
  EXPECT_EQ(complaint(), "");
}

TEST_F(LedgerTest, TwiceNeedsAReason) {
  const auto mail = taken();
  for (int i = 0; i < 2; ++i) ledger.received("a@x.example", filed(mail, "a@x.example"));
  EXPECT_EQ(complaint(), "mail 1 to a@x.example came 2 times, with 0 reasons to be repeated");
}

TEST_F(LedgerTest, WhatACrashFoundInTheMiddleMayComeTwice) {
  const auto mail = taken();
  ledger.may_be_repeated(filed(mail, "a@x.example"));
  for (int i = 0; i < 2; ++i) ledger.received("a@x.example", filed(mail, "a@x.example"));
  EXPECT_EQ(complaint(), "");
}

TEST_F(LedgerTest, RefusedMailGoesNowhere) {
  auto mail = ledger.write("s@senders.example", {"a@x.example"}, 500);
  ledger.recipient_accepted(mail, "a@x.example");
  ledger.answered(mail, Ledger::Answer::refused, host);
  ledger.received("a@x.example", filed(mail, "a@x.example"));
  EXPECT_EQ(complaint(), "mail 1 to a@x.example was refused, and went out");
}

std::string report_of(const Mail& mail, const std::string& recipient) {
  return "From: <postmaster@x.example>\r\n\r\nFinal-Recipient: rfc822; " + recipient + "\r\nAction: failed\r\n\r\n" +
         mail.body;
}

TEST_F(LedgerTest, WhatIsReturnedDoesNotCome) {
  const auto mail = taken();
  ledger.named(host, "ID", mail.number);
  ledger.gave_up(host, "ID", "a@x.example");
  ledger.received("s@senders.example", report_of(mail, "a@x.example"));
  ledger.received("a@x.example", mail.body);
  EXPECT_EQ(complaint(), "mail 1 to a@x.example was delivered and returned");
}

TEST_F(LedgerTest, ACrashBeforeAReturnIsRecordedIsAReason) {
  const auto mail = taken();
  ledger.named(host, "ID", mail.number);
  ledger.gave_up(host, "ID", "a@x.example");
  ledger.host_in_trouble(host, noon);
  ledger.received("s@senders.example", report_of(mail, "a@x.example"));
  ledger.received("a@x.example", mail.body);
  EXPECT_EQ(complaint(), "");
}

TEST_F(LedgerTest, AReturnMayBeToldBeforeTheMailIsNamed) {
  const auto mail = taken();
  ledger.gave_up(host, "ID", "a@x.example");
  ledger.named(host, "ID", mail.number);
  ledger.host_in_trouble(host, noon);
  ledger.received("s@senders.example", report_of(mail, "a@x.example"));
  ledger.received("a@x.example", mail.body);
  EXPECT_EQ(complaint(), "");
}

TEST_F(LedgerTest, ACrashLongAfterAReturnIsNone) {
  const auto mail = taken();
  ledger.named(host, "ID", mail.number);
  ledger.gave_up(host, "ID", "a@x.example");
  world.run_until(world.now() + 2 * Ledger::settling);
  ledger.host_in_trouble(host, noon);
  ledger.received("s@senders.example", report_of(mail, "a@x.example"));
  ledger.received("a@x.example", mail.body);
  EXPECT_NE(complaint(), "");
}

TEST_F(LedgerTest, WhoeverAnAliasStandsForGetsIt) {
  ledger.set_alias("all@x.example", {host, {"a@x.example", "b@y.example"}});
  const auto mail = taken("all@x.example");
  EXPECT_EQ(ledger.open(), 2U);
  ledger.received("a@x.example", filed(mail, "a@x.example"));
  EXPECT_EQ(complaint(), "mail 1 to b@y.example is LOST");
}

TEST_F(LedgerTest, WhatGoesToAnAliasAndItsMemberMayComeTwice) {
  ledger.set_alias("all@x.example", {host, {"a@x.example"}});
  const auto mail = taken("all@x.example");
  ledger.recipient_accepted(mail, "a@x.example");
  for (int i = 0; i < 2; ++i) ledger.received("a@x.example", filed(mail, "a@x.example"));
  EXPECT_EQ(complaint(), "");
  ledger.received("a@x.example", filed(mail, "a@x.example"));
  EXPECT_EQ(complaint(), "mail 1 to a@x.example came 3 times, with 0 reasons to be repeated");
}

TEST_F(LedgerTest, AnAliasThatIsReturnedIsSoForAll) {
  ledger.set_alias("all@x.example", {host, {"a@x.example", "b@y.example"}});
  const auto mail = taken("all@x.example");
  ledger.received("s@senders.example", report_of(mail, "all@x.example"));
  EXPECT_EQ(ledger.open(), 0U);
  EXPECT_EQ(complaint(), "");
}

TEST_F(LedgerTest, ACrashBeforeTheReturnOfAnAliasIsRecordedIsAReasonForAll) {
  ledger.set_alias("all@x.example", {host, {"a@x.example", "b@y.example"}});
  const auto mail = taken("all@x.example");
  ledger.named(host, "ID", mail.number);
  ledger.gave_up(host, "ID", "all@x.example");
  ledger.host_in_trouble(host, noon);
  ledger.received("s@senders.example", report_of(mail, "all@x.example"));
  ledger.received("b@y.example", filed(mail, "b@y.example"));
  EXPECT_EQ(complaint(), "");
}

TEST_F(LedgerTest, AReportThatWasStoredInTheMomentOfACrashIsAReason) {
  const auto made_at = [&](base::WallTime date, const std::string& id) {
    const auto mail = taken();
    ledger.named(host, "ID", mail.number);
    ledger.received("s@senders.example", "Date: " + base::format_rfc5322(date) + "\r\n\r\nX-Godwit-Id: " + id + "\r\n" +
                                             report_of(mail, "a@x.example"));
    ledger.received("a@x.example", filed(mail, "a@x.example"));
  };
  ledger.host_in_trouble(host, noon);
  made_at(noon - std::chrono::seconds(3), "ID");
  EXPECT_EQ(complaint(), "");
  made_at(noon + std::chrono::seconds(3), "ID");
  made_at(noon, "OTHER");
  ledger.settle();
  EXPECT_EQ(ledger.complaints().size(), 2U);
}

TEST_F(LedgerTest, WhatIsDeletedNeedNotCome) {
  const auto mail = taken();
  ledger.named(host, "ID", mail.number);
  ledger.may_be_deleted(host, {.id = "ID", .sender = "@senders.example", .recipient = "a@x.example"});
  EXPECT_EQ(ledger.open(), 0U);
  EXPECT_EQ(complaint(), "");
}

TEST_F(LedgerTest, WhatIsNotMeantIsNotDeleted) {
  const auto mail = taken();
  ledger.named(host, "ID", mail.number);
  ledger.may_be_deleted(host, {.id = "OTHER"});
  ledger.may_be_deleted(host, {.sender = "t@senders.example"});
  ledger.may_be_deleted(host, {.recipient = "@y.example"});
  ledger.may_be_deleted(*base::IpAddress::parse("10.0.0.2"), {});
  EXPECT_EQ(complaint(), "mail 1 to a@x.example is LOST");
}

TEST_F(LedgerTest, WhatWasHandedOnIsNotDeletedBehindIt) {
  const auto mail = taken();
  ledger.named(host, "ID", mail.number);
  ledger.done(host, "ID", "a@x.example");
  ledger.may_be_deleted(host, {});
  EXPECT_EQ(complaint(), "mail 1 to a@x.example is LOST");
}

TEST_F(LedgerTest, ManyComplaintsOfOneKindHideNoneOfAnother) {
  for (int i = 0; i < 60; ++i) taken();
  const auto mail = ledger.write("s@senders.example", {"a@x.example"}, 500);
  ledger.forbid(mail, "a@x.example");
  ledger.settle();
  ledger.recipient_accepted(mail, "a@x.example");
  const auto all = ledger.complaints();
  EXPECT_EQ(all.size(), 12U);
  EXPECT_EQ(std::ranges::count(all, "lost: 50 more complaints"), 1);
  EXPECT_EQ(std::ranges::count(all, "a recipient was accepted from who may not relay: 61 a@x.example"), 1);
}

TEST_F(LedgerTest, AcceptingForWhoMayNotIsRelaying) {
  const auto mail = ledger.write("s@senders.example", {"a@x.example"}, 500);
  ledger.forbid(mail, "a@x.example");
  ledger.recipient_accepted(mail, "a@x.example");
  EXPECT_EQ(ledger.complaints().size(), 1U);
}

TEST_F(LedgerTest, WhatWasPromisedIsMissingUntilItCameOrWasGivenUp) {
  const auto promised = [this](std::string_view id) {
    const auto mail = ledger.write("s@senders.example", {"a@x.example"}, 500);
    ledger.recipient_accepted(mail, "a@x.example");
    const base::Endpoint from{.address = *base::IpAddress::parse("10.2.0.1"), .port = 1, .unix_path = {}};
    const auto wire = std::make_shared<Wire>(world, mail.number, from,
                                             base::Endpoint{.address = host, .port = 25, .unix_path = {}}, &ledger);
    wire->write(client, "MAIL FROM:<s@senders.example>\r\nRCPT TO:<a@x.example>\r\nDATA\r\n" + mail.body + ".\r\n");
    wire->write(server, "250 2.0.0 Ok: que");
    wire->write(server, "ued as " + std::string(id) + "\r\n");
    return mail;
  };
  const auto first = promised("ID");
  const auto later = world.now() + std::chrono::seconds(1);
  EXPECT_TRUE(ledger.missing(host, {}, world.now()).empty());
  ASSERT_EQ(ledger.missing(host, {}, later).size(), 1U);
  EXPECT_EQ(ledger.missing(host, {{"ID", {"b@x.example"}}}, later).size(), 1U);
  EXPECT_TRUE(ledger.missing(host, {{"ID", {"a@x.example"}}}, later).empty());
  ledger.received("a@x.example", filed(first, "a@x.example"));
  EXPECT_TRUE(ledger.missing(host, {}, later).empty());
  promised("NEXT");
  EXPECT_EQ(ledger.missing(host, {}, later).size(), 1U);
  ledger.gave_up(host, "NEXT", "a@x.example");
  EXPECT_TRUE(ledger.missing(host, {}, later).empty());
}

TEST_F(LedgerTest, HalfAMessageIsNone) {
  const auto mail = taken();
  const auto message = filed(mail, "a@x.example");
  ledger.received("a@x.example", message.substr(0, message.size() - 10));
  EXPECT_EQ(complaint(), "mail 1 came to a@x.example changed or in part");
}

// A wire on which a host sends a message; so many bytes of the answer are heard.
class SentTest : public LedgerTest {
 protected:
  static constexpr std::size_t nothing = 0, half = 25, all = 100;
  void send(const Mail& mail, std::size_t answer_heard, const std::string& trace = "") {
    const base::Endpoint there{.address = *base::IpAddress::parse("10.1.0.1"), .port = 25, .unix_path = {}};
    std::shared_ptr<Wire> wire;
    network.watch(&ledger);
    const auto ticket = network.listen(there, [&](std::shared_ptr<Wire> made) { wire = std::move(made); });
    ASSERT_EQ(network.connect(host, there).kind, Internet::Attempt::Kind::connected);
    wire->write(client, "MAIL FROM:<s@senders.example>\r\nRCPT TO:<a@x.example>\r\nDATA\r\n");
    wire->write(client, trace + mail.body + ".\r\n");
    wire->write(server, "250 2.0.0 Ok: queued as 1\r\n");
    while (world.step()) {
    }
    if (answer_heard > 0) {
      EXPECT_FALSE(wire->take(client, answer_heard).empty());
    }
    wire->cut(Wire::Cut::silence);
  }
  Internet network{world};
};

TEST_F(SentTest, NoMoreConnectionsGoToOneDestinationThanItsLimit) {
  network.watch(&ledger);
  ledger.limits().set(host, {.per_client = 10, .per_destination = 2});
  const auto first = *base::IpAddress::parse("10.1.0.1"), second = *base::IpAddress::parse("10.1.0.2");
  ledger.limits().set_destination(second, first);
  const auto open = [&](const base::IpAddress& to) {
    auto attempt = network.connect(host, {.address = to, .port = 25, .unix_path = {}});
    attempt.wire->write(client, "EHLO h0\r\n");
    return attempt.wire;
  };
  const auto one = network.listen({.address = first, .port = 25, .unix_path = {}}, [](std::shared_ptr<Wire>) {});
  const auto two = network.listen({.address = second, .port = 25, .unix_path = {}}, [](std::shared_ptr<Wire>) {});
  const auto leaving = open(first);
  const auto staying = open(second);
  leaving->write(client, "QUIT\r\n");
  const auto another = open(second);
  EXPECT_EQ(complaint(), "");
  const auto too_many = open(first);
  EXPECT_EQ(complaint(), "10.0.0.1 has 3 connections to 10.1.0.1 at once");
  network.watch(nullptr);
}

TEST_F(SentTest, WhatWasNeverSaidToBeTakenIsNamedWhenItIsHandedOn) {
  const auto mail = taken();
  ledger.recipient_accepted(mail, "b@y.example");
  send(mail, all, "Received: from client.example\r\n\tby mx.h0.example with ESMTP id 6C3N;\r\n\tMon\r\n");
  ledger.received("a@x.example", filed(mail, "a@x.example"));
  ledger.may_be_deleted(host, {.id = "6C3N", .sender = "", .recipient = "b@y.example"});
  EXPECT_EQ(complaint(), "");
}

TEST_F(SentTest, WithoutAnAnswerItIsSentAgain) {
  const auto mail = taken();
  send(mail, nothing);
  for (int i = 0; i < 2; ++i) ledger.received("a@x.example", mail.body);
  EXPECT_EQ(complaint(), "");
}

TEST_F(SentTest, WithHalfAnAnswerItIsSentAgain) {
  const auto mail = taken();
  send(mail, half);
  for (int i = 0; i < 2; ++i) ledger.received("a@x.example", mail.body);
  EXPECT_EQ(complaint(), "");
}

TEST_F(SentTest, WithAnAnswerItIsNot) {
  const auto mail = taken();
  send(mail, all);
  for (int i = 0; i < 2; ++i) ledger.received("a@x.example", mail.body);
  EXPECT_NE(complaint(), "");
}

TEST_F(SentTest, ACrashSoonAfterwardsIsAReason) {
  const auto mail = taken();
  send(mail, all);
  ledger.host_in_trouble(host, noon);
  for (int i = 0; i < 2; ++i) ledger.received("a@x.example", mail.body);
  EXPECT_EQ(complaint(), "");
}

TEST_F(SentTest, ACrashMuchLaterIsNone) {
  const auto mail = taken();
  send(mail, all);
  world.run_until(world.now() + 2 * Ledger::settling);
  ledger.host_in_trouble(host, noon);
  for (int i = 0; i < 2; ++i) ledger.received("a@x.example", mail.body);
  EXPECT_NE(complaint(), "");
}

}  // namespace
}  // namespace godwit::sim
