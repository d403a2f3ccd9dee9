// SPDX-License-Identifier: Apache-2.0
// Which way an item takes, and which others take it too: what DNS says, and how long that may take; and who has what
// was kept for a postmaster.
#include <utility>

#include "dispatcher_implementation.hpp"
#include "forwarder.hpp"

namespace godwit::dispatch {
namespace {

// An answer that takes longer keeps others from asking.
constexpr base::Duration patience_with_dns = std::chrono::seconds(1);
constexpr base::Duration no_room_delay = std::chrono::minutes(1);

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

void Dispatcher::Implementation::join_others(const queue::Grant& grant, const route::Router& router, Parts& parts) {
  const auto key = parts.front().item.key;
  auto message = parts.front().transaction.message;
  const auto sender = message->envelope.sender;
  const auto way = router.shared_way(key.destination, sender);
  if (way.empty()) return;
  // What others have settled of it since it was loaded.
  if (auto current = copies_.find(key.id)) message = std::move(current);
  for (const auto& other : queue_.keys_of(key.id)) {
    if (router.shared_way(other.destination, sender) != way || !queue_.join(other, grant)) continue;
    auto item = *queue_.find(other);
    auto transaction = make_transaction(message, other.destination, item.attempts);
    if (transaction.recipients.empty()) {  // settled meanwhile
      queue_.remove(other);
      continue;
    }
    auto answers = answers_for(transaction, router, around_.suppressions);
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
    const auto later = around_.clock.wall() + no_room_delay;
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
