// SPDX-License-Identifier: Apache-2.0
// The administrator's bounce and delete: recipients that wait are settled without an attempt.
#include <algorithm>
#include <initializer_list>
#include <utility>

#include "dispatcher_implementation.hpp"

namespace godwit::dispatch {

Dispatcher::Implementation::Kept Dispatcher::Implementation::keep_from_delivery(base::MessageId id) {
  Kept kept;
  for (const auto& key : queue_.keys_of(id)) {
    const auto item = *queue_.find(key);
    if (item.state == queue::State::active) {
      kept.in_delivery.insert(key.destination);
      continue;
    }
    kept.idle.push_back(item);
    if (item.state != queue::State::held) queue_.hold(key);
  }
  return kept;
}

std::set<std::string> Dispatcher::Implementation::awaited(base::MessageId id, const mail::Envelope& envelope) const {
  std::set<std::string> destinations;
  for (const auto& recipient : envelope.recipients)
    if (recipient.state == mail::RecipientState::waiting) destinations.insert(destination_of(id, recipient.address));
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
  if (item.state == queue::State::held) return;
  queue_.remove(item.key);
  item.state = queue::State::waiting;
  queue_.add(std::move(item));
}

boost::asio::awaitable<base::Result<>> Dispatcher::Implementation::end(base::MessageId id, Selector recipients,
                                                                       mail::RecipientState ended, smtp::Reply reply) {
  // Before the envelope is read, and until this is recorded, nothing of it may be attempted: what was delivered
  // meanwhile would look as if it waited.
  auto kept = keep_from_delivery(id);
  const bool bounced = ended == mail::RecipientState::bounced;
  auto destinations = bounced ? std::set<std::string>() : kept.in_delivery;
  for (const auto& item : kept.idle) destinations.insert(item.key.destination);
  auto message = co_await load(id);
  if (!message) {
    for (auto& item : kept.idle) put_back(std::move(item));
    pump();
    co_return std::unexpected(message.error());
  }
  auto envelope = (*message)->envelope;
  const auto may_end = [&](const mail::Recipient& recipient) {
    return destinations.contains(destination_of(id, recipient.address)) && recipients.means(recipient);
  };
  auto settlement = settle_ended(envelope, may_end, ended, reply);
  bool told = true;
  if (bounced)
    told = co_await reporter_.report(mail::DsnKind::failure, *message, std::move(settlement.failures), router_);
  const bool changed = told && !settlement.update.recipients.empty();
  if (changed) {
    mail::apply(settlement.update, envelope);
    log_ended(id, envelope, settlement.update);
    record(id, std::move(settlement.update));
  }
  let_go(std::move(kept), id, envelope);
  // In delivery, and deleted: what comes of it changes nothing any more.
  if (!mail::has_waiting(envelope))
    for (const auto& key : queue_.keys_of(id)) queue_.remove(key);
  if (!told) co_return base::fail(base::ErrorKind::exhausted, "there is no room for the report to the sender");
  if (!changed)
    co_return base::fail(base::ErrorKind::refused, "no such recipient waits, or it is in delivery right now");
  co_return base::Result<>();
}

void Dispatcher::Implementation::log_ended(base::MessageId id, const mail::Envelope& envelope,
                                           const mail::Update& update) {
  for (const auto& change : update.recipients) {
    const auto level = change.state == mail::RecipientState::bounced ? log::Level::warn : log::Level::info;
    around_.log.write(
        level, to_string(change.state),
        std::initializer_list<log::Field>{{"id", to_string(id)},
                                          {"from", "<" + to_string(envelope.sender) + ">"},
                                          {"to", "<" + to_string(envelope.recipients[change.index].address) + ">"},
                                          {"relay", "none"},
                                          {"reply", change.last_reply}});
  }
}

}  // namespace godwit::dispatch
