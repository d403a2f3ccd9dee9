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

}  // namespace

base::WallTime next_deadline(const queue::RetrySettings& retry, base::WallTime accepted, bool bounce, bool warned) {
  const auto expiry = accepted + (bounce ? retry.bounce_expire : retry.expire);
  if (bounce || warned || retry.warn == base::Duration::zero()) return expiry;
  return std::min(expiry, accepted + retry.warn);
}

Settlement settle(const Settings& settings, const queue::RetrySettings& schedule, const Transaction& transaction,
                  const deliver::Outcomes& outcomes, base::WallTime now, double fraction) {
  const auto& envelope = transaction.message->envelope;
  const auto retry = envelope.is_bounce() ? queue::schedule_of_bounces(schedule) : schedule;
  const bool expired = queue::expired(retry, envelope.accepted, envelope.is_bounce(), now);
  const bool warn = !envelope.warned && retry.warn != base::Duration::zero() && now - envelope.accepted >= retry.warn;
  Settlement result;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto index = transaction.recipients[i];
    const auto& outcome = outcomes[i];
    const auto& recipient = envelope.recipients[index];
    const auto state = next_state(outcome, expired, settings.soft_bounce);
    result.update.recipients.push_back({.index = index, .state = state, .last_reply = kept_reply(outcome.reply)});
    mail::DsnRecipient report{.recipient = recipient,
                              .reply = outcome.reply,
                              .remote = outcome.remote,
                              .remote_host = outcome.relay,
                              .last_attempt = now};
    if (state == mail::RecipientState::waiting) {
      result.waiting = true;
      if (warn && wants_delay_report(recipient)) result.delays.push_back(std::move(report));
    } else if (state != mail::RecipientState::delivered) {
      if (wants_failure_report(recipient)) result.failures.push_back(std::move(report));
    } else if (outcome.success && wants_success_report(recipient) && !envelope.is_bounce()) {
      report.success = *outcome.success;
      result.successes.push_back(std::move(report));
    }
  }
  const auto attempts = transaction.attempts + 1;
  result.update.attempts = attempts;
  if (result.waiting) {
    result.update.next_attempt = now + queue::retry_delay(retry, attempts, fraction);
    if (warn) result.update.warned = true;
  }
  return result;
}

Settlement settle_ended(const mail::Envelope& envelope, const Selector& recipients,
                        const std::set<std::string>& domains, mail::RecipientState ended, const smtp::Reply& reply) {
  Settlement result;
  for (std::uint32_t i = 0; i < envelope.recipients.size(); ++i) {
    const auto& recipient = envelope.recipients[i];
    if (recipient.state != mail::RecipientState::waiting) continue;
    if (!domains.contains(recipient.address.domain) || !recipients.means(recipient)) {
      result.waiting = true;
      continue;
    }
    result.update.recipients.push_back({.index = i, .state = ended, .last_reply = to_line(reply)});
    if (ended == mail::RecipientState::bounced && wants_failure_report(recipient))
      result.failures.push_back({.recipient = recipient, .reply = reply});
  }
  return result;
}

}  // namespace godwit::dispatch
