// SPDX-License-Identifier: Apache-2.0
#include "acme/schedule.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "acme/records.hpp"

namespace godwit::acme {
namespace {

using namespace std::chrono_literals;
constexpr base::Duration day = 24h;

class ScheduleTest : public ::testing::Test {
 protected:
  ScheduleTest() { settings.names = {"mail.example.com"}; }

  base::WallTime due(double fraction = 0) const { return due_seen_at(std::max(now, attempts.last), fraction); }
  base::WallTime due_seen_at(base::WallTime moment, double fraction = 0) const {
    return next_order(present, settings, attempts, fraction, moment).at;
  }
  std::string_view reason() const { return next_order(present, settings, attempts, 0, now).reason; }
  void begin(base::WallTime at) { attempts = begun(attempts, terms_of(settings), at, 0); }
  void fail(base::WallTime at, std::optional<base::Duration> retry_after = {}) {
    begin(at);
    attempts = failed(attempts, "why", retry_after, at, 0);
  }

  const base::WallTime now = *base::parse_rfc3339("2026-11-29T18:00:00Z");
  Settings settings;
  std::optional<Present> present;
  Attempts attempts;
};

TEST_F(ScheduleTest, WithoutACertificateItIsDueAtOnce) {
  EXPECT_LE(due(), now);
  EXPECT_EQ(reason(), "none");
}

TEST_F(ScheduleTest, ItIsRenewedWhenAThirdIsLeft) {
  present = Present{.from = now, .until = now + 90 * day, .names = {"mail.example.com"}};
  EXPECT_EQ(due(), now + 60 * day);
  EXPECT_EQ(due(0.5), now + 60 * day - 6h);  // not all hosts at once
  EXPECT_EQ(reason(), "age");
  settings.renew_before = 10 * day;
  EXPECT_EQ(due(), now + 80 * day);
  settings.renew_before = 365 * day;  // longer than it lives
  EXPECT_EQ(due(), now + 30 * day);
}

TEST_F(ScheduleTest, ItIsOrderedAnewForAnotherName) {
  present = Present{.from = now, .until = now + 90 * day, .names = {"mail.example.com"}};
  settings.names.emplace_back("mx.example.com");
  EXPECT_LE(due(), now);
  EXPECT_EQ(reason(), "names");
}

TEST_F(ScheduleTest, FailuresAreFewADay) {
  int tries = 0;
  for (auto at = now; at < now + day; at = due()) {
    fail(at);
    ++tries;
  }
  EXPECT_EQ(tries, 5);
  for (auto at = due(); at < now + 11 * day; at = due()) {
    fail(at);
    ++tries;
  }
  EXPECT_LE(tries, 25);
}

TEST_F(ScheduleTest, TheAuthorityMayAskForMoreTime) {
  fail(now, 5h);
  EXPECT_EQ(due(), now + 5h);
  fail(now, 1s);
  EXPECT_EQ(due(), now + 2h);
  fail(now, 10000h);
  EXPECT_EQ(due(), now + 7 * day);
}

TEST_F(ScheduleTest, ADaemonThatDiesOfItDoesNotHammer) {
  int tries = 0;
  for (auto at = now; at < now + day; at = due()) {
    begin(at);
    attempts = attempts_in(to_text(attempts));  // and starts again
    ++tries;
  }
  EXPECT_LE(tries, 8);
  begin(now);
  EXPECT_GT(due(), now);
}

TEST_F(ScheduleTest, AnotherConfigurationBeginsAnew) {
  fail(now);
  EXPECT_GT(due(), now);
  settings.challenge = ChallengeKind::tls_alpn_01;
  EXPECT_LE(due(), now);
  begin(now);
  EXPECT_EQ(attempts.failures, 1U);
  EXPECT_EQ(attempts.error, "");
}

TEST_F(ScheduleTest, ASuccessThatLooksLikeNoneIsNotRepeatedAtOnce) {
  attempts = succeeded({}, terms_of(settings), now);
  EXPECT_EQ(due(), now + 12h);
  present = Present{.from = now - 100 * day, .until = now + 1h, .names = {"mail.example.com"}};
  attempts = succeeded(present, terms_of(settings), now);
  EXPECT_EQ(due(), now + 15min);
}

TEST_F(ScheduleTest, WhatAWrongClockHadWrittenDoesNotHoldForYears) {
  const auto years_ahead = now + 3650 * day;
  fail(years_ahead);
  EXPECT_EQ(due_seen_at(years_ahead), years_ahead + 30min);
  EXPECT_LE(due_seen_at(now), now);
  attempts = attempts_in(to_text(succeeded({}, terms_of(settings), years_ahead)));
  EXPECT_EQ(due_seen_at(years_ahead), years_ahead + 12h);
  EXPECT_LE(due_seen_at(now), now);
  fail(now + 1min);  // set right by a minute
  EXPECT_GT(due_seen_at(now), now);
}

TEST(Records, AreReadAsTheyWereWritten) {
  const auto now = *base::parse_rfc3339("2026-11-29T18:00:00Z");
  const auto attempts = attempts_in(
      to_text(Attempts{.terms = "a b", .failures = 3, .last = now, .not_before = now + 1h, .error = "x\n\"y\""}));
  EXPECT_EQ(attempts.terms, "a b");
  EXPECT_EQ(attempts.failures, 3U);
  EXPECT_EQ(attempts.last, now);
  EXPECT_EQ(attempts.not_before, now + 1h);
  EXPECT_EQ(attempts.error, "x\n\"y\"");
  const auto account = account_in(to_text(KeptAccount{.directory = "d", .url = "u", .contact = {"a@x", "b@x"}}));
  EXPECT_EQ(account.directory + account.url, "du");
  EXPECT_THAT(account.contact, ::testing::ElementsAre("a@x", "b@x"));
  const auto order = order_in(to_text(KeptOrder{.directory = "d", .names = {"n"}, .url = "u"}));
  EXPECT_EQ(order.directory + order.url + order.names.front(), "dun");
}

TEST(Records, ThatAreDamagedAreNone) {
  for (const char* text : {"", "{", "[]", "null", R"({"url":7,"names":{},"failures":-3,"not_before":"x"})"}) {
    EXPECT_EQ(account_in(text).url, "");
    EXPECT_EQ(order_in(text).url, "");
    EXPECT_EQ(attempts_in(text).failures, 0U);
  }
}

}  // namespace
}  // namespace godwit::acme
