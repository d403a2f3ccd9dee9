// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/client_rates.hpp"

#include <algorithm>

namespace godwit::policy {
void ClientRates::change_settings(const Settings& settings) {
  const std::lock_guard lock(mutex_);
  settings_ = settings;
}

// Under the lock.
bool ClientRates::is_free(const base::Rate& rate, const base::IpAddress& client) const {
  return rate.count == 0 ||
         std::ranges::any_of(settings_.trusted_networks, [&](const auto& network) { return network.contains(client); });
}

bool ClientRates::take(Rated what, const base::IpAddress& client, base::MonoTime now) {
  const std::lock_guard lock(mutex_);
  const auto& rate = settings_.rates[static_cast<std::size_t>(what)];
  if (is_free(rate, client)) return true;
  return clients_.touch(base::client_network(client))[static_cast<std::size_t>(what)].take(rate, now);
}

base::Duration ClientRates::wait_after(Rated what, std::size_t count, const base::IpAddress& client,
                                       base::MonoTime now) {
  const std::lock_guard lock(mutex_);
  const auto& rate = settings_.rates[static_cast<std::size_t>(what)];
  if (is_free(rate, client)) return {};
  const auto done = std::min<std::size_t>(count, rate.count);  // what is beyond was read already: no wait is endless
  return clients_.touch(base::client_network(client))[static_cast<std::size_t>(what)].owe(rate, done, now);
}

}  // namespace godwit::policy
