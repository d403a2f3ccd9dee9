// SPDX-License-Identifier: Apache-2.0
#include "settlement.hpp"

#include <algorithm>

namespace godwit::dispatch {
namespace {

using deliver::Outcome;

constexpr std::size_t longest_reply = 1024;  // kept with each recipient: what a person reads of it

std::string kept_reply(const smtp::Reply& reply) {
  auto line = to_line(reply);
  if (line.size() <= longest_reply) return line;
  line.resize(longest_reply);
  return line + "...";
}

mail::RecipientState next_state(const Outcome& outcome, bool expired, bool soft_bounce) {
  switch (outcome.kind) {
    case Outcome::Kind::delivered:
      return mail::RecipientState::delivered;
    case Outcome::Kind::failed:
      if (!soft_bounce) return mail::RecipientState::bounced;
      [[fallthrough]];
    case Outcome::Kind::deferred:
      break;
  }
  return expired ? mail::RecipientState::expired : mail::RecipientState::waiting;
}

bool wants_failure_report(const mail::Recipient& recipient) {
  return recipient.notify == 0 || (recipient.notify & smtp::notify_failure) != 0;
}

bool wants_delay_report(const mail::Recipient& recipient) {
  return recipient.notify == 0 || (recipient.notify & smtp::notify_delay) != 0;
}

bool wants_success_report(const mail::Recipient& recipient) {
  return (recipient.notify & smtp::notify_success) != 0;
}

// RFC 2852 section 4.1.4: the sender of one that is passed on hears so where it asked for a trace, or the next host
// keeps no time; whatever reports it asked for, but none.
bool wants_passing_report(const mail::Envelope& envelope, const mail::Recipient& recipient, const Outcome& outcome) {
  const bool passed_on =
      outcome.success != mail::DsnSuccess::delivered && outcome.success != mail::DsnSuccess::expanded;
  return envelope.deliver_by && passed_on && (outcome.untimed || envelope.deliver_by->trace) &&
         (recipient.notify & smtp::notify_never) == 0;
}

// The sender should hear that it is late.
bool is_late(const queue::RetrySettings& retry, const mail::Envelope& envelope, base::WallTime now) {
  if (envelope.deliver_by && now >= envelope.deliver_by->time) return true;
  return retry.warn != base::Duration::zero() && now - envelope.tried_since() >= retry.warn;
}

// RFC 2852 section 4.1.3.
smtp::Reply time_is_up(const mail::Recipient& recipient, const Outcome& outcome) {
  const bool is_news = outcome.remote || recipient.last_reply.empty();
  return smtp::make_reply(554, {5, 4, 7},
                          "Delivery time expired; last: " + (is_news ? to_line(outcome.reply) : recipient.last_reply));
}

std::optional<mail::DeliverBy> later_by(std::optional<mail::DeliverBy> by, base::Duration jumped) {
  if (by) by->time += jumped;
  return by;
}

}  // namespace

Patience patience_of(const mail::Envelope& envelope, base::Duration jumped) {
  return {.since = envelope.tried_since() + jumped,
          .deliver_by = later_by(envelope.deliver_by, jumped),
          .bounce = envelope.is_bounce(),
          .warned = envelope.warned};
}

Patience patience_of(const spool::Summary& summary, base::Duration jumped) {
  return {.since = std::max(summary.accepted, summary.release) + jumped,
          .deliver_by = later_by(summary.deliver_by, jumped),
          .bounce = summary.bounce,
          .warned = summary.warned};
}

base::WallTime next_deadline(const queue::RetrySettings& retry, const Patience& patience, base::WallTime earliest) {
  auto deadline = patience.since + (patience.bounce ? retry.bounce_expire : retry.expire);
  const bool warns = !patience.bounce && !patience.warned && retry.warn != base::Duration::zero();
  if (warns) deadline = std::min(deadline, patience.since + retry.warn);
  deadline = std::max(deadline, earliest);
  const auto& by = patience.deliver_by;
  const bool counts = by && (!patience.warned || by->mode == smtp::DeliverBy::Mode::give_back);
  return counts ? std::min(deadline, by->time) : deadline;
}

base::WallTime given_up_at(const queue::RetrySettings& retry, Patience patience) {
  patience.warned = true;
  return next_deadline(retry, patience);
}

Settlement settle(const Settings& settings, const queue::RetrySettings& schedule, const Transaction& transaction,
                  const deliver::Outcomes& outcomes, base::WallTime now, double fraction) {
  const auto& envelope = transaction.message->envelope;
  const auto retry = envelope.is_bounce() ? queue::schedule_of_bounces(schedule) : schedule;
  const auto as_accepted = now - transaction.jumped;  // by the clock that its times are of
  const bool too_late = envelope.is_too_late(as_accepted);
  const bool expired = too_late || queue::expired(retry, envelope.tried_since(), envelope.is_bounce(), as_accepted);
  const bool late = !envelope.warned && is_late(retry, envelope, as_accepted);
  Settlement result;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto index = transaction.recipients[i];
    const auto& outcome = outcomes[i];
    const auto& recipient = envelope.recipients[index];
    const auto state = next_state(outcome, expired, settings.soft_bounce);
    result.update.recipients.push_back(
        {.index = index,
         .state = state,
         .last_reply = kept_reply(outcome.reply),
         .warned = recipient.warned || (late && state == mail::RecipientState::waiting)});
    const bool missed = too_late && state == mail::RecipientState::expired;
    mail::DsnRecipient report{.recipient = recipient,
                              .index = index,
                              .reply = missed ? time_is_up(recipient, outcome) : outcome.reply,
                              .remote = outcome.remote && !missed,
                              .remote_host = outcome.relay,
                              .last_attempt = now,
                              .klass = missed ? mail::FailureClass::expired : outcome.klass};
    if (state == mail::RecipientState::waiting) {
      result.waiting = true;
      if (late && !recipient.warned && wants_delay_report(recipient)) result.delays.push_back(std::move(report));
    } else if (state != mail::RecipientState::delivered) {
      if (wants_failure_report(recipient)) result.failures.push_back(std::move(report));
    } else if (!envelope.is_bounce() && ((outcome.success && wants_success_report(recipient)) ||
                                         wants_passing_report(envelope, recipient, outcome))) {
      report.success = outcome.success.value_or(mail::DsnSuccess::relayed);
      result.successes.push_back(std::move(report));
    }
  }
  const auto attempts = transaction.attempts + 1;
  result.update.attempts = attempts;
  if (result.waiting) {
    result.update.next_attempt = now + queue::retry_delay(retry, attempts, fraction);
  }
  return result;
}

bool all_warned(const mail::Envelope& envelope, const std::vector<Settlement>& settlements) {
  const auto is_unwarned = [](const auto& of) { return of.state == mail::RecipientState::waiting && !of.warned; };
  std::vector<bool> unwarned;
  unwarned.reserve(envelope.recipients.size());
  for (const auto& recipient : envelope.recipients) unwarned.push_back(is_unwarned(recipient));
  for (const auto& settlement : settlements)
    for (const auto& change : settlement.update.recipients) unwarned[change.index] = is_unwarned(change);
  return std::ranges::find(unwarned, true) == unwarned.end();
}

Settlement settle_ended(const mail::Envelope& envelope, const std::function<bool(const mail::Recipient&)>& means,
                        mail::RecipientState ended, const smtp::Reply& reply) {
  Settlement result;
  for (std::uint32_t i = 0; i < envelope.recipients.size(); ++i) {
    const auto& recipient = envelope.recipients[i];
    if (recipient.state != mail::RecipientState::waiting) continue;
    if (!means(recipient)) {
      result.waiting = true;
      continue;
    }
    result.update.recipients.push_back({.index = i, .state = ended, .last_reply = to_line(reply)});
    if (ended == mail::RecipientState::bounced && wants_failure_report(recipient))
      result.failures.push_back({.recipient = recipient, .index = i, .reply = reply});
  }
  return result;
}

}  // namespace godwit::dispatch
