// SPDX-License-Identifier: Apache-2.0
// The administrator's bounce and delete: recipients that wait are settled without an attempt.
#include <algorithm>
#include <initializer_list>
#include <utility>

#include "dispatcher_implementation.hpp"

namespace godwit::dispatch {

Dispatcher::Implementation::Kept Dispatcher::Implementation::keep_from_delivery(base::MessageId id,
                                                                                const Selector& meant) {
  Kept kept;
  const auto asked = now();
  for (const auto& key : queue_.keys_of(id)) {
    const auto item = *queue_.find(key);
    if (!meant.may_mean(item, asked)) continue;
    if (item.state == queue::State::active) {
      kept.in_delivery.insert(key.destination);
      continue;
    }
    kept.idle.push_back(item);
    if (item.state != queue::State::held) queue_.hold(key);
  }
  return kept;
}

void Dispatcher::Implementation::note_ended(base::MessageId id) {
  const auto ending = ending_.find(id);
  if (--ending->second.orders == 0) ending_.erase(ending);
}

void Dispatcher::Implementation::note_hold_while_ending(base::MessageId id, bool held) {
  if (const auto ending = ending_.find(id); ending != ending_.end()) ending->second.held = held;
}

std::set<std::string> Dispatcher::Implementation::awaited(base::MessageId id, const mail::Envelope& envelope,
                                                          const Selector& meant) const {
  std::set<std::string> destinations;
  for (const auto& recipient : envelope.recipients)
    if (recipient.state == mail::RecipientState::waiting && meant.means(recipient))
      destinations.insert(destination_of(id, recipient.address));
  return destinations;
}

void Dispatcher::Implementation::let_go(Kept kept, base::MessageId id, const mail::Envelope& envelope) {
  const auto destinations = awaited(id, envelope);
  for (auto& item : kept.idle) {
    if (destinations.contains(item.key.destination))
      put_back(std::move(item));
    else
      leave(std::move(item), envelope);
  }
  pump();
}

// What is attempted next sees what was recorded of the message, even before the spool's reads do: load() adds it.
void Dispatcher::Implementation::put_back(queue::Item item) {
  const auto* kept = queue_.find(item.key);
  const bool is_as_kept = kept != nullptr && kept->state == queue::State::held;  // else it was released meanwhile
  if (item.state == queue::State::held || !is_as_kept || ending_.at(item.key.id).held) return;
  queue_.remove(item.key);
  item.state = queue::State::waiting;
  queue_.add(item);
}

boost::asio::awaitable<base::Result<>> Dispatcher::Implementation::end(base::MessageId id, Selector recipients,
                                                                       mail::RecipientState ended, smtp::Reply reply) {
  // What another order keeps from delivery looks as if somebody held it.
  if (recipients.state && ending_.contains(id))
    co_return base::fail(base::ErrorKind::refused, "another order about it is being carried out");
  // Before the envelope is read, and until this is recorded, nothing that is meant may be attempted: what was delivered
  // meanwhile would look as if it waited.
  auto kept = keep_from_delivery(id, recipients);
  note_ending(id);
  const bool bounced = ended == mail::RecipientState::bounced;
  auto destinations = bounced ? std::set<std::string>() : kept.in_delivery;
  for (const auto& item : kept.idle) destinations.insert(item.key.destination);
  auto message = co_await load(id);
  if (!message) {
    for (auto& item : kept.idle) put_back(std::move(item));
    note_ended(id);
    pump();
    co_return std::unexpected(message.error());
  }
  auto envelope = (*message)->envelope;
  const auto may_end = [&](const mail::Recipient& recipient) {
    return destinations.contains(destination_of(id, recipient.address)) && recipients.means(recipient);
  };
  auto settlement = settle_ended(envelope, may_end, ended, reply);
  std::vector<std::uint32_t> untold;
  if (bounced)
    untold = co_await reporter_.report(mail::DsnKind::failure, *message, std::move(settlement.failures), router_);
  std::erase_if(settlement.update.recipients,
                [&](const auto& update) { return std::ranges::binary_search(untold, update.index); });
  const bool changed = !settlement.update.recipients.empty();
  if (changed) {
    mail::apply(settlement.update, envelope);
    log_ended(id, envelope, settlement.update);
    record(id, std::move(settlement.update));
  }
  let_go(std::move(kept), id, envelope);
  note_ended(id);
  // In delivery, and deleted: what comes of it changes nothing any more.
  if (!mail::has_waiting(envelope))
    for (const auto& key : queue_.keys_of(id)) queue_.remove(key);
  if (!untold.empty())
    co_return base::fail(base::ErrorKind::exhausted, "there is no room for the report to the sender");
  if (!changed)
    co_return base::fail(base::ErrorKind::refused, "no such recipient waits, or it is in delivery right now");
  co_return base::Result<>();
}

void Dispatcher::Implementation::log_ended(base::MessageId id, const mail::Envelope& envelope,
                                           const mail::Update& update) {
  for (const auto& change : update.recipients) {
    const auto level = change.state == mail::RecipientState::bounced ? log::Level::warn : log::Level::info;
    around_.log.put(level, to_string(change.state),
                    {{"id", to_string(id)},
                     {"from", "<" + to_string(envelope.sender) + ">"},
                     {"to", "<" + to_string(envelope.recipients[change.index].address) + ">"},
                     {"relay", "none"},
                     {"reply", change.last_reply}});
  }
}

}  // namespace godwit::dispatch
