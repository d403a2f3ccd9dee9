// SPDX-License-Identifier: Apache-2.0
// Which way an item takes, and which others take it too: what DNS says, and how long that may take; and who has what
// was kept for a postmaster.
#include <algorithm>
#include <map>
#include <utility>

#include "dispatcher_implementation.hpp"
#include "forwarder.hpp"
#include "godwit/base/text.hpp"

namespace godwit::dispatch {
namespace {

// An answer that takes longer keeps others from asking.
constexpr base::Duration patience_with_dns = std::chrono::seconds(1);
constexpr base::Duration no_room_delay = std::chrono::minutes(1);

// Each of them is known to have no other store.
bool goes_to(const route::Router& router, const Transaction& transaction, const std::string& destination) {
  const auto& recipients = transaction.message->envelope.recipients;
  return std::ranges::all_of(transaction.recipients, [&](std::uint32_t index) {
    return router.known_destination(recipients[index].address) == destination;
  });
}

// Views into the envelope.
std::map<std::string_view, std::vector<std::uint32_t>> waiting_by_domain(const mail::Envelope& envelope) {
  std::map<std::string_view, std::vector<std::uint32_t>> domains;
  for (std::uint32_t i = 0; i < envelope.recipients.size(); ++i)
    if (envelope.recipients[i].state == mail::RecipientState::waiting)
      domains[envelope.recipients[i].address.domain].push_back(i);
  return domains;
}

}  // namespace

boost::asio::awaitable<route::Hop> Dispatcher::Implementation::find_hop(queue::Grant grant, std::string destination,
                                                                        smtp::ReversePath sender,
                                                                        route::TlsDemand demand,
                                                                        std::shared_ptr<const route::Router> router) {
  const auto began = around_.network.now();
  const auto lookup = lookups_.insert(lookups_.end(), {.grant = grant, .since = began});
  auto finding =
      router->hop(std::move(destination), std::move(sender), around_.resolver, around_.random, around_.sts, demand);
  auto hop = co_await std::move(finding);
  lookups_.erase(lookup);
  measures_.route_time.add(around_.network.now() - began);
  co_return hop;
}

std::string Dispatcher::Implementation::destination_of(base::MessageId id, const smtp::Mailbox& address) const {
  for (auto& name : router_->user_names(address))
    if (queue_.contains({.id = id, .destination = name})) return std::move(name);
  return address.domain;
}

Transaction Dispatcher::Implementation::transaction_of(Message message, const queue::Item& item) const {
  auto transaction =
      make_transaction(std::move(message), std::string(base::domain_of(item.key.destination)), item.attempts);
  keep_own(transaction, item.key);
  return transaction;
}

void Dispatcher::Implementation::keep_own(Transaction& transaction, const queue::Key& key) const {
  const auto& recipients = transaction.message->envelope.recipients;
  std::erase_if(transaction.recipients, [&](std::uint32_t index) {
    return destination_of(key.id, recipients[index].address) != key.destination;
  });
}

boost::asio::awaitable<base::Result<Transaction>> Dispatcher::Implementation::set_users_apart(queue::Item item,
                                                                                              Transaction transaction) {
  const auto router = router_;
  const auto& envelope = transaction.message->envelope;
  std::vector<smtp::Mailbox> addresses;
  addresses.reserve(transaction.recipients.size());
  for (const auto index : transaction.recipients) addresses.push_back(envelope.recipients[index].address);
  auto asking = router->destinations_of(std::move(addresses));
  const auto destinations = co_await std::move(asking);
  if (!destinations) co_return std::unexpected(destinations.error());
  // Of what was held meanwhile nothing more goes on its way; what was removed is looked at again.
  const auto* current = queue_.find(item.key);
  const bool held = current != nullptr && current->to_be_held;
  auto rest = transaction;
  rest.recipients.clear();
  for (std::size_t i = 0; i < destinations->size(); ++i) {
    const auto& destination = (*destinations)[i];
    if (!destination.contains('@')) {
      rest.recipients.push_back(transaction.recipients[i]);
      continue;
    }
    auto own = item;
    own.key.destination = destination;
    own.state = held ? queue::State::held : queue::State::waiting;
    add(std::move(own), envelope.sender);
  }
  co_return rest;
}

void Dispatcher::Implementation::leave(queue::Item item, const mail::Envelope& envelope) {
  const auto* current = queue_.find(item.key);
  const bool held = item.state == queue::State::held || (current != nullptr && current->to_be_held);
  queue_.remove(item.key);
  const std::string domain(base::domain_of(item.key.destination));
  const bool is_left = std::ranges::any_of(envelope.recipients, [&](const mail::Recipient& recipient) {
    return recipient.state == mail::RecipientState::waiting && recipient.address.domain == domain &&
           destination_of(item.key.id, recipient.address) == domain;
  });
  if (!is_left) return;
  item.key.destination = domain;
  item.state = held ? queue::State::held : queue::State::waiting;
  add(std::move(item), envelope.sender);  // unless it is there
}

void Dispatcher::Implementation::join_others(const queue::Grant& grant, const route::Router& router,
                                             const std::set<std::string>& passed, Parts& parts) {
  const auto key = parts.front().item.key;
  auto message = parts.front().transaction.message;
  const auto sender = message->envelope.sender;
  const auto way = router.shared_way(key.destination, sender);
  if (way.empty()) return;
  // What others have settled of it since it was loaded.
  if (auto current = copies_.find(key.id)) message = std::move(current);
  const auto by_domain = waiting_by_domain(message->envelope);
  for (const auto& other : queue_.keys_of(key.id)) {
    if (router.shared_way(other.destination, sender) != way || !queue_.join(other, grant)) continue;
    auto item = *queue_.find(other);
    Transaction transaction{.message = message, .recipients = {}, .attempts = item.attempts};
    const auto of_domain = by_domain.find(base::domain_of(other.destination));
    if (of_domain != by_domain.end()) transaction.recipients = of_domain->second;
    keep_own(transaction, other);
    if (transaction.recipients.empty()) {  // settled meanwhile
      leave(std::move(item), message->envelope);
      continue;
    }
    if (router.has_users() && !goes_to(router, transaction, other.destination)) {
      queue_.give_back(other);
      continue;
    }
    auto answers = answers_for(transaction, router, around_.suppressions, passed);
    parts.push_back({.item = std::move(item), .transaction = std::move(transaction), .answers = std::move(answers)});
  }
}

void Dispatcher::Implementation::watch_lookups() {
  const auto now = around_.network.now();
  for (const auto& lookup : lookups_) {
    if (now - lookup.since < patience_with_dns) break;
    queue_.lookup_hangs(lookup.grant);
  }
}

boost::asio::awaitable<void> Dispatcher::Implementation::forward(queue::Item item, Transaction transaction,
                                                                 std::vector<mail::Recipient> recipients) {
  // Stored → recorded as done: a crash between the two forwards it again, never not at all.
  const auto stored = co_await store_forwarded(transaction, std::move(recipients), around_);
  if (!stored) {
    const auto later = now() + no_room_delay;
    queue_.reschedule(item.key, {.attempt = later, .attempts = item.attempts, .deadline = item.deadline});
    co_return;
  }
  const auto id = transaction.message->id;
  around_.log.info("forwarded",
                   {{"id", to_string(id)}, {"new_id", to_string(*stored)}, {"reason", "there is a postmaster now"}});
  record(id, forwarded_update(transaction, *stored));
  queue_.remove(item.key);
}

}  // namespace godwit::dispatch
