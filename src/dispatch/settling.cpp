// SPDX-License-Identifier: Apache-2.0
// What becomes of items that were attempted, or spoken for: reports, the spool's record, the next attempt.
#include <algorithm>
#include <utility>

#include "dispatcher_implementation.hpp"

namespace godwit::dispatch {

boost::asio::awaitable<void> Dispatcher::Implementation::settle(Parts parts, Attempted attempted) {
  attempted.now = around_.clock.wall();
  attempted.fraction = around_.random.fraction();
  auto outcomes = apart(parts, std::exchange(attempted.outcomes, {}));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto own = attempted;
    own.outcomes = std::move(outcomes[i]);
    auto settling = settle_part(std::move(parts[i].item), std::move(parts[i].transaction), std::move(own));
    co_await std::move(settling);
  }
}

boost::asio::awaitable<void> Dispatcher::Implementation::settle_part(queue::Item item, Transaction transaction,
                                                                     Attempted attempted) {
  const auto id = item.key.id;
  const auto now = attempted.now;
  const auto& envelope = transaction.message->envelope;
  const auto retry = policy_->retry(item.key.destination, envelope.sender);
  classify(classifier_, attempted.outcomes);
  auto settlement = dispatch::settle(settings_, retry, transaction, attempted.outcomes, now, attempted.fraction);
  if (!attempted.counts) {
    settlement.update.attempts.reset();
    settlement.update.next_attempt.reset();
  }
  log_outcomes(transaction, attempted, settlement);
  measure_delivered(transaction, settlement);
  if (around_.suppressions != nullptr) suppress_bounced(transaction, attempted.outcomes, settlement);
  tell_refused(envelope, settlement);
  // The report first, then the record that needs no report any more: a crash between the two reports twice, never not
  // at all.
  bool told = co_await reporter_.report(mail::DsnKind::failure, transaction.message, settlement.failures, router_);
  if (told) told = co_await reporter_.report(mail::DsnKind::delay, transaction.message, settlement.delays, router_);
  // One of success that cannot be stored is not worth a second delivery.
  co_await reporter_.report(mail::DsnKind::success, transaction.message, settlement.successes, router_);
  const auto attempts = item.attempts + (attempted.counts ? 1 : 0);
  const auto later =
      attempted.counts ? now + queue::retry_delay(retry, attempts, attempted.fraction) : item.next_attempt;
  if (!told) {
    // Nothing of this attempt's failures is recorded; deliveries are, so that they are not repeated.
    std::erase_if(settlement.update.recipients,
                  [](const auto& update) { return update.state != mail::RecipientState::delivered; });
    if (attempted.counts) settlement.update.next_attempt = later;
    settlement.update.warned.reset();
    settlement.waiting = true;
  }
  auto patience = patience_of(envelope);
  patience.warned = patience.warned || settlement.update.warned.value_or(false);
  const queue::Next next{.attempt = settlement.update.next_attempt.value_or(later),
                         .attempts = attempts,
                         .deadline = next_deadline(retry, patience),
                         .with_site = attempted.with_site};
  record(id, std::move(settlement.update));
  if (settlement.waiting) {
    queue_.reschedule(item.key, next);
  } else {
    queue_.remove(item.key);
    if (!queue_.contains(id)) copies_.forget(id);
  }
}

void Dispatcher::Implementation::measure_delivered(const Transaction& transaction, const Settlement& settlement) {
  const auto delivered =
      std::ranges::count(settlement.update.recipients, mail::RecipientState::delivered, &mail::RecipientUpdate::state);
  if (delivered == 0) return;
  const auto& message = *transaction.message;
  const auto delay = std::max(base::Duration::zero(), around_.clock.wall() - message.envelope.accepted);
  for (auto i = delivered; i > 0; --i) measures_.delay.add(delay);
  if (message.body) measures_.delivered_bytes += message.body->size();
}

void Dispatcher::Implementation::tell_refused(const mail::Envelope& envelope, const Settlement& settlement) const {
  if (envelope.account.empty() || !around_.on_refused) return;
  const auto refused =
      std::ranges::count(settlement.update.recipients, mail::RecipientState::bounced, &mail::RecipientUpdate::state);
  if (refused > 0) around_.on_refused(envelope.account, static_cast<std::size_t>(refused));
}

}  // namespace godwit::dispatch
