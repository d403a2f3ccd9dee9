// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/acquaintances.hpp"

namespace godwit::policy {

bool Acquaintances::knows(const base::IpAddress& client, base::MonoTime now) {
  const std::lock_guard lock(mutex_);
  const auto network = base::client_network(client);
  const auto* seen = seen_.find(network);
  if (seen == nullptr) return false;
  const bool known = now - *seen <= kept;
  if (known)
    seen_.touch(network) = now;
  else
    seen_.erase(network);
  return known;
}

void Acquaintances::remember(const base::IpAddress& client, base::MonoTime now) {
  const std::lock_guard lock(mutex_);
  seen_.touch(base::client_network(client)) = now;
}

std::size_t Acquaintances::size() const {
  const std::lock_guard lock(mutex_);
  return seen_.values().size();
}

}  // namespace godwit::policy
