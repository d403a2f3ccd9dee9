// SPDX-License-Identifier: Apache-2.0
#include "godwit/dispatch/site_limits.hpp"

#include <utility>

#include "godwit/dispatch/find_ways.hpp"
#include "godwit/queue/site_rules.hpp"
#include "site_policy.hpp"

namespace godwit::dispatch {

SiteLimits::SiteLimits(const Settings& settings, std::shared_ptr<const route::Router> router)
    : policy_(std::make_shared<const SitePolicy>(settings, std::move(router))), queue_(settings.queue) {
  queue_.sites = policy_->rules(queue_.connections_per_destination);
}

std::optional<SiteLimits::Given> SiteLimits::of(const route::Hop& hop, const std::string& destination) const {
  if (leads_nowhere(hop)) return {};
  const auto site = policy_->site_of(hop, destination);
  return Given{.limits = queue::limits_of(queue_, site),
               .messages_per_connection = policy_->messages_per_connection(site)};
}

}  // namespace godwit::dispatch
