// SPDX-License-Identifier: Apache-2.0
// Which way an item takes: what DNS says, and how long that may take.
#include <utility>

#include "dispatcher_implementation.hpp"

namespace godwit::dispatch {
namespace {

// An answer that takes longer keeps others from asking.
constexpr base::Duration patience_with_dns = std::chrono::seconds(1);

}  // namespace

boost::asio::awaitable<route::Hop> Dispatcher::Implementation::find_hop(queue::Grant grant, std::string destination,
                                                                        smtp::ReversePath sender,
                                                                        std::shared_ptr<const route::Router> router) {
  const auto lookup = lookups_.insert(lookups_.end(), {.grant = grant, .since = around_.network.now()});
  auto finding = router->hop(std::move(destination), std::move(sender), around_.resolver, around_.random);
  auto hop = co_await std::move(finding);
  lookups_.erase(lookup);
  co_return hop;
}

void Dispatcher::Implementation::watch_lookups() {
  const auto now = around_.network.now();
  for (const auto& lookup : lookups_) {
    if (now - lookup.since < patience_with_dns) break;
    queue_.lookup_hangs(lookup.grant);
  }
}

}  // namespace godwit::dispatch
