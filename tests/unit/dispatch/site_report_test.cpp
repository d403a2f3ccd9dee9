// SPDX-License-Identifier: Apache-2.0
#include "dispatch/site_report.hpp"

#include <gtest/gtest.h>

namespace godwit::dispatch {
namespace {

using deliver::Outcome;
using smtp::Stage;
using Kind = queue::SiteReport::Kind;

Outcome answer(Outcome::Kind kind, Stage stage, int code) {
  return {.kind = kind,
          .stage = stage,
          .reply = smtp::make_reply(code, {}, "words"),
          .remote = true,
          .relay = {},
          .tls = {}};
}
Outcome silence(Stage stage) {
  return {.kind = Outcome::Kind::deferred,
          .stage = stage,
          .reply = smtp::make_reply(451, {4, 4, 1}, "connection refused"),
          .remote = false,
          .relay = {},
          .tls = {}};
}
Kind kind_of(const Outcome& outcome) {
  return site_report({outcome}, 0.5).kind;
}

TEST(SiteReport, WhateverIsSaidOfTheMessageTheHostWorks) {
  EXPECT_EQ(kind_of(answer(Outcome::Kind::delivered, Stage::final_dot, 250)), Kind::success);
  EXPECT_EQ(kind_of(answer(Outcome::Kind::failed, Stage::rcpt, 550)), Kind::success);
  EXPECT_EQ(kind_of(answer(Outcome::Kind::deferred, Stage::rcpt, 451)), Kind::success) << "greylisted";
}

TEST(SiteReport, TheHostsOwnTroubleIsBusy) {
  EXPECT_EQ(kind_of(answer(Outcome::Kind::deferred, Stage::rcpt, 421)), Kind::busy);
  EXPECT_EQ(kind_of(answer(Outcome::Kind::deferred, Stage::greeting, 450)), Kind::busy);
  EXPECT_EQ(kind_of(answer(Outcome::Kind::deferred, Stage::mail, 451)), Kind::busy);
  EXPECT_EQ(kind_of(silence(Stage::final_dot)), Kind::busy);
}

TEST(SiteReport, WithoutAWordFromAnyHostItIsDead) {
  EXPECT_EQ(kind_of(silence(Stage::connect)), Kind::dead);
  EXPECT_EQ(kind_of(silence(Stage::greeting)), Kind::dead);
  EXPECT_EQ(site_report({silence(Stage::connect)}, 0.5).reply, "connection refused");
}

TEST(SiteReport, AMessageThatDemandsMoreTlsSaysNothingOfTheHost) {
  auto unprotected = silence(Stage::tls);
  unprotected.kind = Outcome::Kind::failed;
  EXPECT_EQ(kind_of(unprotected), Kind::nothing);
}

TEST(SiteReport, OneRecipientDealtWithInEarnestIsEnough) {
  const auto report = site_report(
      {answer(Outcome::Kind::deferred, Stage::rcpt, 421), answer(Outcome::Kind::delivered, Stage::rcpt, 250)}, 0.5);
  EXPECT_EQ(report.kind, Kind::success);
}

}  // namespace
}  // namespace godwit::dispatch
