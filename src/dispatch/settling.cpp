// SPDX-License-Identifier: Apache-2.0
// What becomes of items that were attempted, or spoken for: reports, the spool's record, the next attempt.
#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <utility>

#include "dispatcher_implementation.hpp"
#include "godwit/base/text.hpp"

namespace godwit::dispatch {
namespace {

constexpr base::Duration report_again = std::chrono::minutes(1);

bool is_delivered(const mail::RecipientUpdate& update) {
  return update.state == mail::RecipientState::delivered;
}

bool is_failure(mail::RecipientState state) {
  return state == mail::RecipientState::bounced || state == mail::RecipientState::expired;
}

bool is_told(const Settlement& settlement) {
  return !settlement.failures.empty() || !settlement.delays.empty() || !settlement.successes.empty();
}

// `unwarned`, sorted: of whose delay nobody could be told.
void mark_unwarned(Settlement& settlement, const std::vector<std::uint32_t>& unwarned) {
  for (auto& update : settlement.update.recipients)
    if (std::ranges::binary_search(unwarned, update.index)) update.warned = false;
}

std::vector<std::uint32_t> indexes_of(const std::vector<mail::DsnRecipient>& recipients) {
  std::vector<std::uint32_t> indexes;
  indexes.reserve(recipients.size());
  for (const auto& recipient : recipients) indexes.push_back(recipient.index);
  std::ranges::sort(indexes);
  return indexes;
}

// The sender knows of the delay of all that still wait, as those do of whose failure nobody could be told (`untold`).
bool all_warned(const mail::Update& update, const std::vector<std::uint32_t>& untold) {
  return std::ranges::all_of(update.recipients, [&](const auto& change) {
    const bool waits =
        change.state == mail::RecipientState::waiting || std::ranges::binary_search(untold, change.index);
    return change.warned || !waits;
  });
}

// A delay is told with these.
bool warns(const Settlement& settlement) {
  return std::ranges::any_of(settlement.update.recipients, [](const auto& change) { return change.warned; });
}

bool have_it(const deliver::Outcomes& outcomes) {
  return std::ranges::all_of(outcomes,
                             [](const auto& outcome) { return outcome.kind == deliver::Outcome::Kind::delivered; });
}

std::set<std::string> domains_of(const Parts& parts) {
  std::set<std::string> domains;
  for (const auto& part : parts) domains.emplace(base::domain_of(part.item.key.destination));
  return domains;
}

}  // namespace

boost::asio::awaitable<void> Dispatcher::Implementation::settle(Parts parts, Attempted attempted) {
  // How long who failed is tried, and whether he is one of ours, may have been asked longer ago than answers count.
  // Where it cannot be asked now, what is not known spares him.
  if (!have_it(attempted.outcomes)) {
    const auto router = router_;
    auto learning = router->learn(domains_of(parts));
    static_cast<void>(co_await std::move(learning));
  }
  attempted.now = now();
  attempted.fraction = around_.random.fraction();
  for (auto& part : parts) part.transaction.jumped = jumped_since(*part.transaction.message);
  auto outcomes = apart(parts, std::exchange(attempted.outcomes, {}));
  // Recorded as it was, it is due at once in the next process; in this one nothing becomes of it any more.
  leave_untried(parts, outcomes);
  if (parts.empty()) co_return;
  // Of all before anything is recorded: what is recorded of one changes the message that the others see.
  std::vector<Settlement> settlements;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    classify(classifier_, outcomes[i]);
    settlements.push_back(settlement_of(parts[i], outcomes[i], attempted));
    if (parts[i].others_wait) settlements.back().waiting = true;
  }
  const auto& envelope = parts.front().transaction.message->envelope;
  const bool completes_warning =
      !envelope.warned && std::ranges::any_of(settlements, warns) && all_warned(envelope, settlements);
  const auto id = parts.front().item.key.id;
  // Reports take their time, and a crash or a stop may come first: what was delivered is not delivered again.
  if (std::ranges::any_of(settlements, is_told))
    for (std::size_t i = 0; i < parts.size(); ++i)
      if (settlements[i].successes.empty()) record_delivered(parts[i].item.key.id, settlements[i].update);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (settlements[i].successes.empty()) continue;
    // One of success that cannot be stored is not worth a second delivery.
    co_await reporter_.report(mail::DsnKind::success, parts[i].transaction.message, std::move(settlements[i].successes),
                              router_);
    record_delivered(parts[i].item.key.id, settlements[i].update);
  }
  bool told = true, waiting = false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto own = attempted;
    own.outcomes = std::move(outcomes[i]);
    waiting = waiting || settlements[i].waiting;
    auto settling = settle_part(std::move(parts[i]), std::move(settlements[i]), std::move(own));
    if (!co_await std::move(settling)) told = false;
  }
  if (completes_warning && told && waiting) record(id, {.warned = true});
}

Settlement Dispatcher::Implementation::settlement_of(const Part& part, const deliver::Outcomes& outcomes,
                                                     const Attempted& attempted) {
  const auto& transaction = part.transaction;
  const auto& envelope = transaction.message->envelope;
  const auto retry = policy_->retry(part.item.key.destination, envelope.sender);
  auto settlement = dispatch::settle(settings_, retry, transaction, outcomes, attempted.now, attempted.fraction);
  if (!attempted.counts) {
    settlement.update.attempts.reset();
    settlement.update.next_attempt.reset();
  }
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto& [index, state, reply, warned] = settlement.update.recipients[i];
    if (!is_failure(state)) log_outcome(transaction, i, outcomes[i], attempted, state);
    if (state == mail::RecipientState::bounced && is_unreachable(envelope.recipients[index].address, outcomes[i]))
      settlement.unreachable.push_back(index);
  }
  std::ranges::sort(settlement.unreachable);
  measure_delivered(transaction, settlement);
  return settlement;
}

void Dispatcher::Implementation::record_delivered(base::MessageId id, mail::Update& update) {
  const auto others = std::ranges::stable_partition(update.recipients, is_delivered);
  if (others.begin() == update.recipients.begin()) return;
  mail::Update delivered;
  if (others.empty()) {
    delivered = std::exchange(update, {});
  } else {
    delivered.recipients.assign(update.recipients.begin(), others.begin());
    update.recipients.erase(update.recipients.begin(), others.begin());
  }
  record(id, std::move(delivered));
}

void Dispatcher::Implementation::record_early(Transaction transaction, std::uint32_t index,
                                              const deliver::Outcome& outcome) {
  transaction.recipients = {index};
  auto settlement = dispatch::settle(settings_, {}, transaction, {outcome}, now(), 0);
  // Who wants to hear of success hears it before it is recorded, with the others.
  if (settlement.successes.empty()) record_delivered(transaction.message->id, settlement.update);
}

boost::asio::awaitable<bool> Dispatcher::Implementation::settle_part(Part part, Settlement settlement,
                                                                     Attempted attempted) {
  const auto& item = part.item;
  const auto& transaction = part.transaction;
  const auto id = item.key.id;
  const auto& envelope = transaction.message->envelope;
  const auto retry = policy_->retry(item.key.destination, envelope.sender);
  // The report first, then the record that needs no report any more: a crash between the two reports twice, never not
  // at all.
  const auto untold =
      co_await reporter_.report(mail::DsnKind::failure, transaction.message, settlement.failures, router_);
  end_failed(transaction, attempted, settlement, untold);
  auto patience = patience_of(envelope, transaction.jumped);
  auto unwarned = indexes_of(settlement.delays);
  if (untold.empty())
    unwarned = co_await reporter_.report(mail::DsnKind::delay, transaction.message, settlement.delays, router_,
                                         given_up_at(retry, patience));
  mark_unwarned(settlement, unwarned);
  patience.warned = patience.warned || all_warned(settlement.update, untold);
  const bool told = untold.empty() && unwarned.empty();
  const auto attempts = item.attempts + (attempted.counts ? 1 : 0);
  auto later =
      attempted.counts ? attempted.now + queue::retry_delay(retry, attempts, attempted.fraction) : item.next_attempt;
  auto no_deadline_before = base::WallTime{};
  if (!told) {
    // Its time may be over already; a full disk is not asked again and again.
    later = no_deadline_before = std::max(later, attempted.now + report_again);
    // Failures that nobody was told of are not recorded; what was delivered or told is, so that it is not repeated.
    std::erase_if(settlement.update.recipients, [&](const auto& update) {
      return (update.state == mail::RecipientState::waiting && !update.warned) ||
             std::ranges::binary_search(untold, update.index);
    });
    if (attempted.counts) settlement.update.next_attempt = later;
    settlement.waiting = true;
  }
  const queue::Next next{.attempt = settlement.update.next_attempt.value_or(later),
                         .attempts = attempts,
                         .deadline = std::max(next_deadline(retry, patience), no_deadline_before),
                         .with_site = attempted.with_site};
  if (settlement.update != mail::Update{}) record(id, std::move(settlement.update));
  if (settlement.waiting) {
    queue_.reschedule(item.key, next);
  } else {
    queue_.remove(item.key);
    if (!queue_.contains(id)) copies_.forget(id);
  }
  co_return told;
}

void Dispatcher::Implementation::end_failed(const Transaction& transaction, const Attempted& attempted,
                                            const Settlement& settlement, const std::vector<std::uint32_t>& untold) {
  std::size_t refused = 0;
  const auto& states = settlement.update.recipients;  // in the order of the outcomes, but for who was recorded before
  auto next = states.begin();
  for (std::size_t i = 0; i < attempted.outcomes.size() && next != states.end(); ++i) {
    const auto index = transaction.recipients[i];
    if (next->index != index) continue;
    const auto state = next++->state;
    if (!is_failure(state)) continue;
    const bool waits = std::ranges::binary_search(untold, index);
    log_outcome(transaction, i, attempted.outcomes[i], attempted, waits ? mail::RecipientState::waiting : state);
    if (waits || state != mail::RecipientState::bounced) continue;
    ++refused;
    if (std::ranges::binary_search(settlement.unreachable, index))
      suppress_bounced(transaction, i, attempted.outcomes[i]);
  }
  const auto& account = transaction.message->envelope.account;
  if (refused > 0 && !account.empty() && around_.on_refused) around_.on_refused(account, refused);
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

}  // namespace godwit::dispatch
