// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/connection_limits.hpp"

#include <algorithm>

namespace godwit::policy {

std::optional<ConnectionLimits::Place> ConnectionLimits::enter(const base::IpAddress& client, smtp::Reply& refusal) {
  const std::scoped_lock lock(mutex_);
  const bool exempt =
      std::ranges::any_of(settings_.trusted_networks, [&](const auto& n) { return n.contains(client); });
  return enter(base::client_network(client), exempt, "Too many connections from your address, try again later",
               refusal);
}

std::optional<ConnectionLimits::Place> ConnectionLimits::enter_user(uid_t user, smtp::Reply& refusal) {
  const std::scoped_lock lock(mutex_);
  return enter(user, false, "Too many connections of your user, try again later", refusal);
}

// Under the lock.
std::optional<ConnectionLimits::Place> ConnectionLimits::enter(const Who& who, bool exempt, const char* too_many,
                                                               smtp::Reply& refusal) {
  if (open_ >= settings_.connections) {
    refusal = smtp::make_reply(421, {4, 3, 2}, "Too many connections, try again later");
    return {};
  }
  auto& count = by_client_[who];
  if (!exempt && count >= settings_.connections_per_client) {
    refusal = smtp::make_reply(421, {4, 7, 0}, too_many);
    return {};
  }
  ++count;
  ++open_;
  return Place(*this, who);
}

void ConnectionLimits::leave(const Who& client) {
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
