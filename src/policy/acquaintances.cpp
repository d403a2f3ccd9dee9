// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/acquaintances.hpp"

namespace godwit::policy {

bool Acquaintances::knows(const base::IpAddress& client, base::MonoTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = by_network_.find(base::client_network(client));
  if (found == by_network_.end()) return false;
  if (now - found->second->seen > kept) {
    order_.erase(found->second);
    by_network_.erase(found);
    return false;
  }
  found->second->seen = now;
  order_.splice(order_.begin(), order_, found->second);
  return true;
}

void Acquaintances::remember(const base::IpAddress& client, base::MonoTime now) {
  const std::lock_guard lock(mutex_);
  const auto network = base::client_network(client);
  if (by_network_.contains(network)) return;
  if (order_.size() == most) {
    by_network_.erase(order_.back().network);
    order_.pop_back();
  }
  order_.push_front({.network = network, .seen = now});
  by_network_.emplace(network, order_.begin());
}

std::size_t Acquaintances::size() const {
  const std::lock_guard lock(mutex_);
  return order_.size();
}

}  // namespace godwit::policy
