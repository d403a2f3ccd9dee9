// SPDX-License-Identifier: Apache-2.0
#include "deliver/smtp_attempt.hpp"

#include <gtest/gtest.h>

namespace godwit::deliver {
namespace {

using smtp::RecipientResult;
using Verdict = RecipientResult::Verdict;

RecipientResult said(Verdict verdict, int code) {
  return {.verdict = verdict, .stage = smtp::Stage::rcpt, .reply = smtp::make_reply(code, {}, "words"), .why = {}};
}

TEST(SmtpAttempt, OnlyWhatMayStillBeTakenIsOfferedToTheNextHost) {
  SmtpAttempt attempt(4);
  attempt.note_results({said(Verdict::delivered, 250), said(Verdict::failed, 550), said(Verdict::try_next, 450),
                        said(Verdict::retry_later, 451)},
                       "a[192.0.2.1]:25", "none", {.success = mail::DsnSuccess::relayed});
  EXPECT_EQ(attempt.pending(), std::vector<std::size_t>{2});
  attempt.note_results({said(Verdict::delivered, 250)}, "b[192.0.2.2]:25", "none", {});
  EXPECT_TRUE(attempt.finished());
  const auto outcomes = attempt.take();
  EXPECT_EQ(outcomes[0].kind, Outcome::Kind::delivered);
  EXPECT_EQ(outcomes[1].kind, Outcome::Kind::failed);
  EXPECT_EQ(outcomes[2].kind, Outcome::Kind::delivered);
  EXPECT_EQ(outcomes[0].success, mail::DsnSuccess::relayed);
  EXPECT_EQ(outcomes[2].success, std::nullopt) << "the second host reports itself";
  EXPECT_EQ(outcomes[2].relay, "b[192.0.2.2]:25");
  EXPECT_EQ(outcomes[3].kind, Outcome::Kind::deferred);
}

RecipientResult never_here() {
  return {.verdict = Verdict::not_here,
          .stage = smtp::Stage::mail,
          .reply = {},
          .why = "it does not offer REQUIRETLS",
          .enhanced = {5, 7, 30}};
}

TEST(SmtpAttempt, WhatNoHostEverTakesHasFailed) {
  SmtpAttempt attempt(1);
  for (const auto* relay : {"a[192.0.2.1]:25", "b[192.0.2.2]:25"}) {
    attempt.next_host();
    attempt.note_host(smtp::Stage::connect, "no route to host", relay);  // one address of this host
    attempt.note_results({never_here()}, relay, "TLSv1.3", {});
    EXPECT_FALSE(attempt.finished()) << "another host may take it";
  }
  const auto outcome = attempt.take().at(0);
  EXPECT_EQ(outcome.kind, Outcome::Kind::failed);
  EXPECT_EQ(to_line(outcome.reply), "554 5.7.30 it does not offer REQUIRETLS");
  EXPECT_EQ(outcome.relay, "b[192.0.2.2]:25");
}

TEST(SmtpAttempt, AHostThatMayTakeItAnotherTimeIsWaitedFor) {
  for (const bool away_first : {true, false}) {
    SmtpAttempt attempt(1);
    for (const bool away : {away_first, !away_first}) {
      attempt.next_host();
      if (away)
        attempt.note_host(smtp::Stage::connect, "connection refused", "a[192.0.2.1]:25");
      else
        attempt.note_host(never_here(), "b[192.0.2.2]:25", "none");
    }
    const auto outcome = attempt.take().at(0);
    EXPECT_EQ(outcome.kind, Outcome::Kind::deferred);
    EXPECT_EQ(outcome.relay, "a[192.0.2.1]:25");
  }
}

TEST(SmtpAttempt, TheRestOfATransactionGoesIntoTheNextWithTheSameHost) {
  SmtpAttempt attempt(4);
  attempt.note_results({said(Verdict::delivered, 250), said(Verdict::try_next, 450), said(Verdict::send_again, 452),
                        said(Verdict::send_again, 452)},
                       "a[192.0.2.1]:25", "none", {});
  ASSERT_TRUE(attempt.has_rest());
  EXPECT_EQ(attempt.current(), (std::vector<std::size_t>{2, 3}));
  attempt.note_results({said(Verdict::delivered, 250), said(Verdict::send_again, 452)}, "a[192.0.2.1]:25", "none", {});
  EXPECT_EQ(attempt.current(), std::vector<std::size_t>{3});
  attempt.give_up_rest();
  EXPECT_FALSE(attempt.has_rest());
  EXPECT_EQ(attempt.current(), (std::vector<std::size_t>{1, 3})) << "another host gets them";
  const auto outcomes = attempt.take();
  EXPECT_EQ(outcomes[2].kind, Outcome::Kind::delivered);
  EXPECT_EQ(outcomes[3].kind, Outcome::Kind::deferred);
}

TEST(SmtpAttempt, ADeadHostLeavesEveryoneForTheNextAndSaysWhy) {
  SmtpAttempt attempt(2);
  attempt.note_host(smtp::Stage::connect, "Connection refused", "a[192.0.2.1]:25");
  EXPECT_FALSE(attempt.finished());
  const auto outcomes = attempt.take();
  EXPECT_EQ(outcomes[1].kind, Outcome::Kind::deferred);
  EXPECT_EQ(to_line(outcomes[1].reply), "451 4.4.1 Connection refused");
  EXPECT_FALSE(outcomes[1].remote);
}

RecipientResult lacking(smtp::Stage stage) {
  return {.verdict = Verdict::lacks, .stage = stage, .reply = {}, .why = "needs X", .enhanced = {5, 6, 7}};
}

TEST(SmtpAttempt, WhatAHostLacksCountsOnlyWhereNoOtherSpoke) {
  SmtpAttempt attempt(2);
  attempt.note_results({lacking(smtp::Stage::mail), lacking(smtp::Stage::mail)}, "a[192.0.2.1]:25", "none", {});
  EXPECT_TRUE(attempt.is_lacking());
  EXPECT_EQ(attempt.pending(), (std::vector<std::size_t>{0, 1})) << "another host may have it";
  attempt.note_results({said(Verdict::delivered, 250), said(Verdict::try_next, 450)}, "b[192.0.2.2]:25", "none", {});
  EXPECT_TRUE(attempt.is_lacking());
  const auto outcomes = attempt.take();
  EXPECT_EQ(outcomes[0].kind, Outcome::Kind::delivered);
  EXPECT_EQ(outcomes[1].kind, Outcome::Kind::deferred) << "the second host has it, and may take it later";
}

TEST(SmtpAttempt, WithoutAHostThatHasItItFailsAndSaysWhatIsInTheWay) {
  SmtpAttempt attempt(2);
  attempt.note_results({lacking(smtp::Stage::mail), lacking(smtp::Stage::rcpt)}, "a[192.0.2.1]:25", "none", {});
  attempt.note_unchangeable({5, 6, 2}, "it is signed");
  const auto outcomes = attempt.take();
  EXPECT_EQ(outcomes[0].kind, Outcome::Kind::failed);
  EXPECT_EQ(to_line(outcomes[0].reply), "554 5.6.2 it is signed");
  EXPECT_EQ(to_line(outcomes[1].reply), "554 5.6.7 needs X")
      << "its address is in the way, whatever becomes of the rest";
}

TEST(SmtpAttempt, WithoutAnyHostEveryoneWaits) {
  SmtpAttempt attempt(1);
  EXPECT_EQ(attempt.take().front().reply.enhanced, (smtp::EnhancedCode{4, 4, 4}));
}

}  // namespace
}  // namespace godwit::deliver
