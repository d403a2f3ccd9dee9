// SPDX-License-Identifier: Apache-2.0
#include "audit.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "godwit/base/text.hpp"

namespace godwit::dispatch {

// Neither the domain's item, nor one of its own for each who waits.  Two addresses of one user share an item, which
// only the envelope tells.
bool Audit::may_lack_an_item(base::MessageId id, const spool::Summary::Destination& destination) const {
  if (queue_.contains({.id = id, .destination = destination.domain})) return false;
  const auto items = std::ranges::count_if(queue_.keys_of(id), [&](const queue::Key& key) {
    return base::domain_of(key.destination) == destination.domain;
  });
  return static_cast<std::size_t>(items) < destination.recipients;
}

boost::asio::awaitable<base::Result<Audit::Round>> Audit::round() {
  Round round;
  auto listed = co_await spool_.for_each_live(spool::Listing::gentle, [this, &round](const spool::Summary& summary) {
    for (const auto& destination : summary.waiting) {
      ++round.checked;
      if (round.suspicious.size() < most_suspicious && may_lack_an_item(summary.id, destination))
        round.suspicious.push_back({.id = summary.id, .destination = destination.domain});
    }
    return true;
  });
  if (!listed) co_return std::unexpected(listed.error());
  if (queue_.counts().items <= small_queue)
    round.broken = queue_.check();
  else
    round.broken = co_await check_in_slices();
  co_return round;
}

// While mail flows: what counts all items cannot be held together then.
boost::asio::awaitable<std::string> Audit::check_in_slices() {
  const auto executor = co_await boost::asio::this_coro::executor;
  std::optional<base::MessageId> after;
  for (;;) {
    std::string broken = queue_.check_some(after, slice_size);
    if (!broken.empty() || !after) co_return broken;
    co_await boost::asio::post(executor, boost::asio::use_awaitable);
  }
}

boost::asio::awaitable<std::vector<spool::StoredMessage>> Audit::missing(std::vector<queue::Key> suspicious) {
  std::vector<spool::StoredMessage> found;
  for (const auto& key : suspicious) {
    if (!found.empty() && found.back().id == key.id) continue;
    auto stored = co_await spool_.read(key.id);
    if (!stored) continue;
    const bool is_forgotten = std::ranges::any_of(stored->envelope.recipients, [&](const mail::Recipient& recipient) {
      return recipient.state == mail::RecipientState::waiting && recipient.address.domain == key.destination &&
             !queue_.contains({.id = key.id, .destination = destination_of_(key.id, recipient.address)});
    });
    if (is_forgotten) found.push_back(std::move(*stored));
  }
  co_return found;
}

}  // namespace godwit::dispatch
