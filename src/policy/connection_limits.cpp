// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/connection_limits.hpp"

#include <algorithm>

namespace godwit::policy {

std::optional<ConnectionLimits::Place> ConnectionLimits::enter(const base::IpAddress& client, smtp::Reply& refusal) {
  const base::IpNetwork network(client, client.is_v4() ? 32 : 64);
  const std::scoped_lock lock(mutex_);
  if (open_ >= settings_.connections) {
    refusal = smtp::make_reply(421, {4, 3, 2}, "Too many connections, try again later");
    return {};
  }
  const bool exempt =
      std::ranges::any_of(settings_.trusted_networks, [&](const auto& n) { return n.contains(client); });
  auto& count = by_client_[network];
  if (!exempt && count >= settings_.connections_per_client) {
    refusal = smtp::make_reply(421, {4, 7, 0}, "Too many connections from your address, try again later");
    return {};
  }
  ++count;
  ++open_;
  return Place(*this, network);
}

void ConnectionLimits::leave(const base::IpNetwork& client) {
  const std::scoped_lock lock(mutex_);
  --open_;
  const auto found = by_client_.find(client);
  if (--found->second == 0) by_client_.erase(found);
}

std::size_t ConnectionLimits::open() const {
  const std::scoped_lock lock(mutex_);
  return open_;
}

void ConnectionLimits::change_settings(const Settings& settings) {
  const std::scoped_lock lock(mutex_);
  settings_ = settings;
}

}  // namespace godwit::policy
