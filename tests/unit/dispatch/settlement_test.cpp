// SPDX-License-Identifier: Apache-2.0
#include "dispatch/settlement.hpp"

#include <gtest/gtest.h>

namespace godwit::dispatch {
namespace {

using deliver::Outcome;
using std::chrono::hours;
using std::chrono::minutes;

const base::WallTime accepted{hours(24 * 20000)};

Transaction transaction(std::optional<smtp::Mailbox> sender = smtp::Mailbox{"s", "from.example"}) {
  auto message = std::make_shared<spool::StoredMessage>();
  message->envelope.sender = std::move(sender);
  message->envelope.accepted = accepted;
  for (const char* local : {"a", "b"}) message->envelope.recipients.push_back({.address = {local, "to.example"}});
  return make_transaction(message, "to.example", 0);
}

Outcome outcome(Outcome::Kind kind, int code) {
  Outcome result;
  result.kind = kind;
  result.reply = smtp::make_reply(code, {}, "words");
  return result;
}

TEST(Settlement, EachRecipientGoesItsOwnWay) {
  const auto result =
      settle({}, {}, transaction(), {outcome(Outcome::Kind::delivered, 250), outcome(Outcome::Kind::failed, 550)},
             accepted + minutes(1), 0.5);
  EXPECT_EQ(result.update.recipients[0].state, mail::RecipientState::delivered);
  EXPECT_EQ(result.update.recipients[1].state, mail::RecipientState::bounced);
  EXPECT_FALSE(result.waiting);
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(result.failures[0].recipient.address.local, "b");
}

TEST(Settlement, WhatIsKeptOfAReplyIsBounded) {
  auto endless = outcome(Outcome::Kind::deferred, 451);
  endless.reply.lines.assign(100, std::string(500, 'x'));
  const auto result =
      settle({}, {}, transaction(), {endless, outcome(Outcome::Kind::delivered, 250)}, accepted + minutes(1), 0.5);
  EXPECT_TRUE(result.update.recipients[0].last_reply.starts_with("451 xxx"));
  EXPECT_LT(result.update.recipients[0].last_reply.size(), 1100U);
}

TEST(Settlement, ADeferredRecipientWaitsForTheSchedule) {
  const auto now = accepted + minutes(1);
  const auto result = settle({}, {}, transaction(),
                             {outcome(Outcome::Kind::deferred, 451), outcome(Outcome::Kind::delivered, 250)}, now, 0.5);
  EXPECT_TRUE(result.waiting);
  EXPECT_TRUE(result.failures.empty());
  EXPECT_EQ(result.update.attempts, 1U);
  EXPECT_NEAR(std::chrono::duration<double>(*result.update.next_attempt - now).count(), 300, 31);
}

TEST(Settlement, AfterTheExpiryTheSenderIsTold) {
  const auto result =
      settle({}, {}, transaction(), {outcome(Outcome::Kind::deferred, 451), outcome(Outcome::Kind::deferred, 451)},
             accepted + hours(24 * 5 + 1), 0.5);
  EXPECT_FALSE(result.waiting);
  EXPECT_EQ(result.failures.size(), 2U);
  EXPECT_EQ(result.update.recipients[0].state, mail::RecipientState::expired);
}

TEST(Settlement, ReportsExpireSooner) {
  const auto result =
      settle({}, {}, transaction(std::nullopt),
             {outcome(Outcome::Kind::deferred, 451), outcome(Outcome::Kind::deferred, 451)}, accepted + hours(25), 0.5);
  EXPECT_EQ(result.update.recipients[0].state, mail::RecipientState::expired);
}

TEST(Settlement, ReportsHaveTheirOwnWaits) {
  Settings settings;
  settings.queue.retry.bounce_first = hours(1);
  const deliver::Outcomes both = {outcome(Outcome::Kind::deferred, 451), outcome(Outcome::Kind::deferred, 451)};
  const auto wait = [&](const Transaction& of) {
    return std::chrono::duration<double>(
        *settle(settings, settings.queue.retry, of, both, accepted, 0.5).update.next_attempt - accepted);
  };
  EXPECT_NEAR(wait(transaction(std::nullopt)).count(), 3600, 1);
  EXPECT_NEAR(wait(transaction()).count(), 300, 1);
}

TEST(Settlement, TheDelayWarningIsDueOnceAndNeverForReports) {
  const auto late = accepted + hours(5);
  const deliver::Outcomes both = {outcome(Outcome::Kind::deferred, 451), outcome(Outcome::Kind::deferred, 451)};
  const auto first = settle({}, {}, transaction(), both, late, 0.5);
  EXPECT_EQ(first.delays.size(), 2U);
  EXPECT_TRUE(all_warned(transaction().message->envelope, {first}));
  EXPECT_TRUE(settle({}, {}, transaction(std::nullopt), both, late, 0.5).delays.empty());
}

TEST(Settlement, EachDestinationsRecipientsHaveAWarningOfTheirOwn) {
  const auto late = accepted + hours(5);
  const deliver::Outcomes waits = {outcome(Outcome::Kind::deferred, 451)};
  auto at_one = transaction();
  at_one.recipients = {0};
  const auto first = settle({}, {}, at_one, waits, late, 0.5);
  EXPECT_EQ(first.delays.size(), 1U);
  EXPECT_FALSE(all_warned(at_one.message->envelope, {first})) << "another still waits whose sender knows of no delay";

  auto after = std::make_shared<spool::StoredMessage>(*at_one.message);
  mail::apply(first.update, after->envelope);
  at_one.message = after;
  EXPECT_TRUE(settle({}, {}, at_one, waits, late, 0.5).delays.empty());
  auto at_other = at_one;
  at_other.recipients = {1};
  const auto second = settle({}, {}, at_other, waits, late, 0.5);
  ASSERT_EQ(second.delays.size(), 1U);
  EXPECT_EQ(second.delays[0].index, 1U);
  EXPECT_TRUE(all_warned(at_other.message->envelope, {second}));
  EXPECT_TRUE(all_warned(transaction().message->envelope, {first, second})) << "at once";
}

Transaction asking(std::uint8_t notify) {
  auto result = transaction();
  auto message = std::make_shared<spool::StoredMessage>(*result.message);
  for (auto& recipient : message->envelope.recipients) recipient.notify = notify;
  result.message = message;
  return result;
}

TEST(Settlement, SuccessIsReportedWhereAskedAndNotByTheNextHost) {
  auto relayed = outcome(Outcome::Kind::delivered, 250);
  relayed.success = mail::DsnSuccess::relayed;
  auto passed_on = outcome(Outcome::Kind::delivered, 250);
  passed_on.success.reset();
  const auto result = settle({}, {}, asking(smtp::notify_success), {relayed, passed_on}, accepted + minutes(1), 0.5);
  ASSERT_EQ(result.successes.size(), 1U);
  EXPECT_EQ(result.successes[0].recipient.address.local, "a");
  EXPECT_EQ(result.successes[0].success, mail::DsnSuccess::relayed);
  EXPECT_TRUE(settle({}, {}, transaction(), {relayed, relayed}, accepted, 0.5).successes.empty()) << "nobody asked";
}

TEST(Settlement, ANullSenderIsToldNoSuccess) {
  auto message = std::make_shared<spool::StoredMessage>(*asking(smtp::notify_success).message);
  message->envelope.sender.reset();
  const auto delivered = outcome(Outcome::Kind::delivered, 250);
  EXPECT_TRUE(settle({}, {}, make_transaction(message, "to.example", 0), {delivered, delivered}, accepted, 0.5)
                  .successes.empty());
}

TEST(Settlement, OnlyTheReportsAskedForAreSent) {
  struct Row {
    std::uint8_t notify;
    std::size_t failures, delays;
  };
  const Row rows[] = {{0, 2, 2},
                      {smtp::notify_never, 0, 0},
                      {smtp::notify_success, 0, 0},
                      {smtp::notify_failure, 2, 0},
                      {smtp::notify_delay, 0, 2}};
  const auto failed = outcome(Outcome::Kind::failed, 550), deferred = outcome(Outcome::Kind::deferred, 451);
  for (const auto& [notify, failures, delays] : rows) {
    SCOPED_TRACE(int{notify});
    const auto lost = settle({}, {}, asking(notify), {failed, failed}, accepted, 0.5);
    EXPECT_EQ(lost.failures.size(), failures);
    EXPECT_EQ(lost.update.recipients[0].state, mail::RecipientState::bounced);
    EXPECT_EQ(settle({}, {}, asking(notify), {deferred, deferred}, accepted + hours(5), 0.5).delays.size(), delays);
  }
}

TEST(Settlement, SoftBounceKeepsPermanentFailures) {
  Settings settings;
  settings.soft_bounce = true;
  const auto result =
      settle(settings, {}, transaction(), {outcome(Outcome::Kind::failed, 550), outcome(Outcome::Kind::failed, 550)},
             accepted + minutes(1), 0.5);
  EXPECT_TRUE(result.waiting);
  EXPECT_TRUE(result.failures.empty());
}

mail::Envelope to_three() {
  mail::Envelope envelope;
  envelope.recipients.push_back({.address = {"a", "to.example"}});
  envelope.recipients.push_back({.address = {"b", "to.example"}, .notify = smtp::notify_never});
  envelope.recipients.push_back({.address = {"c", "other.example"}});
  return envelope;
}

bool anybody(const mail::Recipient&) {
  return true;
}

const smtp::Reply words = smtp::make_reply(554, {5, 3, 0}, "Returned by the administrator: closed");

TEST(SettleEnded, AllThatWaitsIsReturnedAndReportedAsAsked) {
  auto envelope = to_three();
  envelope.recipients[2].state = mail::RecipientState::delivered;
  const auto result = settle_ended(envelope, anybody, mail::RecipientState::bounced, words);
  ASSERT_EQ(result.update.recipients.size(), 2U);
  EXPECT_EQ(result.update.recipients[1].state, mail::RecipientState::bounced);
  EXPECT_EQ(result.update.recipients[1].last_reply, "554 5.3.0 Returned by the administrator: closed");
  ASSERT_EQ(result.failures.size(), 1U) << "one of the two asked never to be reported";
  EXPECT_EQ(result.failures[0].recipient.address.local, "a");
  EXPECT_FALSE(result.waiting);
}

TEST(SettleEnded, OthersThanThoseMeantGoOnWaiting) {
  const auto is_other = [](const mail::Recipient& recipient) { return recipient.address.domain == "other.example"; };
  const auto result = settle_ended(to_three(), is_other, mail::RecipientState::bounced, words);
  ASSERT_EQ(result.update.recipients.size(), 1U);
  EXPECT_EQ(result.update.recipients[0].index, 2U);
  EXPECT_TRUE(result.waiting);
}

TEST(SettleEnded, NobodyIsToldOfADeletion) {
  const auto result = settle_ended(to_three(), anybody, mail::RecipientState::deleted, words);
  EXPECT_EQ(result.update.recipients.size(), 3U);
  EXPECT_TRUE(result.failures.empty());
}

TEST(Settlement, DeadlineIsTheWarningThenTheExpiry) {
  queue::RetrySettings retry;
  const Patience ordinary{.since = accepted}, warned{.since = accepted, .warned = true};
  EXPECT_EQ(next_deadline(retry, ordinary), accepted + hours(4));
  EXPECT_EQ(next_deadline(retry, warned), accepted + hours(24 * 5));
  EXPECT_EQ(next_deadline(retry, {.since = accepted, .bounce = true}), accepted + hours(24));
  retry.warn = base::Duration::zero();
  EXPECT_EQ(next_deadline(retry, ordinary), accepted + hours(24 * 5));
  retry.warn = hours(24 * 9);
  EXPECT_EQ(next_deadline(retry, ordinary), accepted + hours(24 * 5));
}

// ---- DELIVERBY (RFC 2852) and FUTURERELEASE (RFC 4865)

using Mode = smtp::DeliverBy::Mode;

Transaction by(base::Duration within, Mode mode, std::uint8_t notify = 0) {
  auto message = std::make_shared<spool::StoredMessage>();
  message->envelope.sender = smtp::Mailbox{"s", "from.example"};
  message->envelope.accepted = accepted;
  message->envelope.deliver_by = mail::DeliverBy{.time = accepted + within, .mode = mode, .trace = false};
  message->envelope.recipients.push_back({.address = {"a", "to.example"}, .notify = notify});
  return make_transaction(message, "to.example", 0);
}

Settlement settled(const Transaction& one, const Outcome& outcome, base::Duration age) {
  return settle({}, {}, one, {outcome}, accepted + age, 0.5);
}

TEST(Settlement, WhatShallBeReturnedWhenItIsLateExpiresThen) {
  const auto message = by(minutes(10), Mode::give_back);
  const auto waits = outcome(Outcome::Kind::deferred, 451);
  EXPECT_TRUE(settled(message, waits, minutes(9)).waiting);
  const auto late = settled(message, waits, minutes(10));
  EXPECT_EQ(late.update.recipients[0].state, mail::RecipientState::expired);
  ASSERT_EQ(late.failures.size(), 1U);
  EXPECT_EQ(to_line(late.failures[0].reply), "554 5.4.7 Delivery time expired; last: 451 words");
  // What arrived nevertheless has arrived.
  EXPECT_TRUE(settled(message, outcome(Outcome::Kind::delivered, 250), minutes(11)).failures.empty());
}

TEST(Settlement, OfWhatIsLateTheSenderIsToldAndItGoesOn) {
  const auto late = settled(by(minutes(10), Mode::notify), outcome(Outcome::Kind::deferred, 451), minutes(10));
  EXPECT_TRUE(late.waiting);
  EXPECT_EQ(late.delays.size(), 1U);
  EXPECT_TRUE(late.update.recipients[0].warned);
}

TEST(Settlement, TheSenderHearsWhenItIsPassedToAHostThatKeepsNoTime) {
  auto relayed = outcome(Outcome::Kind::delivered, 250);
  relayed.success = mail::DsnSuccess::relayed;
  EXPECT_TRUE(settled(by(minutes(10), Mode::notify), relayed, minutes(1)).successes.empty());
  relayed.untimed = true;
  EXPECT_EQ(settled(by(minutes(10), Mode::notify), relayed, minutes(1)).successes.size(), 1U);
  EXPECT_TRUE(settled(by(minutes(10), Mode::notify, smtp::notify_never), relayed, minutes(1)).successes.empty());
  auto delivered = outcome(Outcome::Kind::delivered, 250);
  EXPECT_TRUE(settled(by(minutes(10), Mode::notify), delivered, minutes(1)).successes.empty());
}

TEST(Settlement, WhoAskedForATraceHearsOfEveryHostThatPassesItOn) {
  auto passed_on = outcome(Outcome::Kind::delivered, 250);
  passed_on.success.reset();  // the next host reports itself
  auto message = by(minutes(10), Mode::give_back);
  EXPECT_TRUE(settled(message, passed_on, minutes(1)).successes.empty());
  auto traced = std::make_shared<spool::StoredMessage>(*message.message);
  traced->envelope.deliver_by->trace = true;
  message.message = traced;
  const auto result = settled(message, passed_on, minutes(1));
  ASSERT_EQ(result.successes.size(), 1U);
  EXPECT_EQ(result.successes[0].success, mail::DsnSuccess::relayed);
}

TEST(Settlement, TheSendersTimeIsADeadlineUntilTheSenderKnows) {
  const queue::RetrySettings retry;
  const auto within = accepted + minutes(10);
  const auto patience = [&](Mode mode, bool warned) {
    return Patience{.since = accepted,
                    .deliver_by = mail::DeliverBy{.time = within, .mode = mode, .trace = false},
                    .bounce = false,
                    .warned = warned};
  };
  EXPECT_EQ(next_deadline(retry, patience(Mode::notify, false)), within);
  EXPECT_EQ(next_deadline(retry, patience(Mode::notify, true)), accepted + hours(24 * 5));
  EXPECT_EQ(next_deadline(retry, patience(Mode::give_back, true)), within);
  EXPECT_EQ(next_deadline(retry, patience(Mode::give_back, true), accepted + hours(1)), within);
  EXPECT_EQ(next_deadline(retry, {.since = accepted}, accepted + hours(24 * 9)), accepted + hours(24 * 9));
}

TEST(Settlement, ItIsGivenUpAtItsExpiryOrWhenItsSenderSaid) {
  const queue::RetrySettings retry{.expire = hours(48)};
  const auto by = [](Mode mode) { return mail::DeliverBy{.time = accepted + hours(1), .mode = mode, .trace = false}; };
  EXPECT_EQ(given_up_at(retry, {.since = accepted}), accepted + hours(48)) << "the warning ends nothing";
  EXPECT_EQ(given_up_at(retry, {.since = accepted, .deliver_by = by(Mode::notify)}), accepted + hours(48));
  EXPECT_EQ(given_up_at(retry, {.since = accepted, .deliver_by = by(Mode::give_back)}), accepted + hours(1));
}

TEST(Settlement, TheAgeOfWhatWasHeldCountsFromItsRelease) {
  auto message = std::make_shared<spool::StoredMessage>();
  message->envelope.accepted = accepted;
  message->envelope.release = accepted + hours(24 * 30);
  message->envelope.sender = smtp::Mailbox{"s", "from.example"};
  message->envelope.recipients.push_back({.address = {"a", "to.example"}});
  const auto held = make_transaction(message, "to.example", 0);
  const auto first = settled(held, outcome(Outcome::Kind::deferred, 451), hours(24 * 30) + minutes(1));
  EXPECT_TRUE(first.waiting);
  EXPECT_TRUE(first.delays.empty());
  EXPECT_EQ(next_deadline({}, patience_of(message->envelope, {})), message->envelope.release + hours(4));
}

}  // namespace
}  // namespace godwit::dispatch
