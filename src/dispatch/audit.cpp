// SPDX-License-Identifier: Apache-2.0
#include "audit.hpp"

#include <algorithm>
#include <utility>

#include "godwit/base/text.hpp"

namespace godwit::dispatch {
namespace {

// The domain's item, or one of a user there.
bool has_item(const queue::Queue& queue, const queue::Key& key) {
  return queue.contains(key) || std::ranges::any_of(queue.keys_of(key.id), [&](const queue::Key& other) {
           return base::domain_of(other.destination) == key.destination;
         });
}

}  // namespace

boost::asio::awaitable<base::Result<Audit::Round>> Audit::round() {
  Round round;
  auto listed = co_await spool_.for_each_live(spool::Listing::gentle, [this, &round](const spool::Summary& summary) {
    for (const auto& destination : summary.waiting) {
      ++round.checked;
      const queue::Key key{.id = summary.id, .destination = destination.domain};
      if (!has_item(queue_, key) && round.suspicious.size() < most_suspicious) round.suspicious.push_back(key);
    }
    return true;
  });
  if (!listed) co_return std::unexpected(listed.error());
  if (queue_.counts().items <= small_queue) round.broken = queue_.check();
  co_return round;
}

boost::asio::awaitable<std::vector<spool::StoredMessage>> Audit::missing(std::vector<queue::Key> suspicious) {
  std::vector<spool::StoredMessage> found;
  for (const auto& key : suspicious) {
    if (!found.empty() && found.back().id == key.id) continue;
    auto stored = co_await spool_.read(key.id);
    if (!stored || has_item(queue_, key)) continue;
    const bool waits = std::ranges::any_of(stored->envelope.recipients, [&](const mail::Recipient& recipient) {
      return recipient.state == mail::RecipientState::waiting && recipient.address.domain == key.destination;
    });
    if (waits) found.push_back(std::move(*stored));
  }
  co_return found;
}

}  // namespace godwit::dispatch
