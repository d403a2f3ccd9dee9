// SPDX-License-Identifier: Apache-2.0
#include "site_policy.hpp"

#include <algorithm>

#include "godwit/base/text.hpp"

namespace godwit::dispatch {
namespace {

// Not limited by anybody's patience: only the disk's.
constexpr std::size_t discard_connections = 100;

bool fits_any(const std::vector<std::string>& patterns, std::string_view text) {
  return std::ranges::any_of(patterns, [&](const auto& pattern) { return base::matches_pattern(pattern, text); });
}

}  // namespace

// "*" says what all sites are given; it does not make every domain a site.
bool SitePolicy::is_own_site(std::string_view domain) const {
  return std::ranges::any_of(shaping_, [&](const Shaping& shaping) {
    return std::ranges::any_of(shaping.destinations, [&](const auto& pattern) {
      return pattern != "*" && base::matches_pattern(pattern, domain);
    });
  });
}

std::string SitePolicy::via(std::string_view domain, const smtp::ReversePath& sender) const {
  return router_->known_site(domain, sender);
}

std::string SitePolicy::site_of(const route::Hop& hop, const std::string& domain) const {
  const auto* smtp = std::get_if<route::SmtpHop>(&hop);
  if (smtp == nullptr || !smtp->next_hop.empty()) return route::site_of(hop);
  if (is_own_site(domain)) return domain;
  for (const auto& [name, patterns] : providers_)
    if (std::ranges::all_of(smtp->hosts, [&](const auto& host) { return fits_any(patterns, host.name); })) return name;
  return route::site_of(hop);
}

std::vector<queue::SiteRule> SitePolicy::rules(std::size_t connections_per_destination) const {
  const queue::LimitSettings usual{.connections = connections_per_destination, .rate = {}, .adaptive = true};
  std::vector<queue::SiteRule> rules;
  const auto local = [](std::size_t connections) {
    return queue::LimitSettings{.connections = connections, .rate = {}, .adaptive = false, .local = true};
  };
  rules.push_back({.pattern = "maildir", .limits = local(maildir_connections_)});
  rules.push_back({.pattern = "discard", .limits = local(discard_connections)});
  for (const auto& route : router_->settings().routes) {
    if (route.next_hops.empty() || (!route.connections && !route.rate)) continue;
    auto limits = usual;
    limits.connections = route.connections.value_or(limits.connections);
    limits.rate = route.rate.value_or(limits.rate);
    rules.push_back({.pattern = base::join(route.next_hops, ","), .limits = limits});
  }
  for (const auto& shaping : shaping_) {
    auto limits = usual;
    limits.connections = shaping.connections.value_or(limits.connections);
    limits.rate = shaping.rate.value_or(limits.rate);
    for (const auto& pattern : shaping.destinations) rules.push_back({.pattern = pattern, .limits = limits});
  }
  return rules;
}

std::size_t SitePolicy::messages_per_connection(std::string_view site) const {
  const auto found =
      std::ranges::find_if(shaping_, [&](const Shaping& shaping) { return fits_any(shaping.destinations, site); });
  return found == shaping_.end() ? 0 : found->messages_per_connection.value_or(0);
}

queue::RetrySettings SitePolicy::retry(std::string_view domain, const smtp::ReversePath& sender) const {
  const auto* route = router_->route_of(domain, sender);
  const auto retry = route == nullptr ? retry_ : overridden(retry_, route->retry);
  return sender ? retry : queue::schedule_of_bounces(retry);
}

}  // namespace godwit::dispatch
