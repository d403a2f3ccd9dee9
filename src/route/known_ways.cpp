// SPDX-License-Identifier: Apache-2.0
// What is known of a way without DNS.
#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/route/next_hop.hpp"
#include "godwit/route/router.hpp"
#include "route_patterns.hpp"
#include "said.hpp"

namespace godwit::route {

using boost::asio::awaitable;

awaitable<base::Result<Router::Place>> Router::find_place(std::string domain) const {
  Said said;
  for (;;) {
    const auto place = place_of(domain, said);
    if (said.outage()) co_return base::fail(base::ErrorKind::io, *said.outage());
    if (!said.wants_more()) co_return place;
    co_await said.learn();
  }
}

awaitable<base::Result<>> Router::learn(std::set<std::string> domains) const {
  if (domain_tables_.empty()) co_return base::Result<>();
  for (const auto& domain : domains) {
    auto finding = find_place(domain);
    auto found = co_await std::move(finding);
    if (!found) co_return std::unexpected(std::move(found.error()));
  }
  co_return base::Result<>();
}

awaitable<base::Result<>> Router::learn(const mail::Envelope& envelope, std::string_view destination) const {
  std::set<std::string> domains;
  const auto add = [&](std::string_view domain) { domains.insert(base::to_lower(domain)); };
  if (!domain_tables_.empty()) {
    add(base::domain_of(destination));
    if (envelope.sender) add(envelope.sender->domain);
    for (const auto& recipient : envelope.recipients) {
      if (recipient.original.contains('@')) add(base::domain_of(recipient.original));
      if (recipient.owner) add(recipient.owner->domain);
    }
  }
  return learn(std::move(domains));
}

awaitable<base::Result<>> Router::learn(const mail::Envelope& envelope,
                                        std::span<const std::uint32_t> recipients) const {
  std::set<std::string> domains;
  const auto add = [&](std::string_view domain) { domains.insert(base::to_lower(domain)); };
  if (!domain_tables_.empty()) {
    if (envelope.sender) add(envelope.sender->domain);
    for (const auto index : recipients) {
      const auto& recipient = envelope.recipients[index];
      add(recipient.address.domain);
      if (recipient.original.contains('@')) add(base::domain_of(recipient.original));
      if (recipient.owner) add(recipient.owner->domain);
    }
  }
  return learn(std::move(domains));
}

const RouteSettings* Router::first_match(std::string_view domain, const smtp::ReversePath& sender) const {
  const auto found =
      std::ranges::find_if(settings_.routes, [&](const auto& route) { return matches(route, domain, sender); });
  return found == settings_.routes.end() ? nullptr : &*found;
}

std::string Router::normal_domain(std::string_view domain) const {
  auto lower = base::to_lower(domain);
  return lower.starts_with('[') && is_local_domain(lower) ? settings_.hostname : lower;
}

// "": <Postmaster>, for whom there is nobody.
Router::Place Router::known_place(const std::string& domain) const {
  Said said;
  return domain.empty() ? Place{.kind = Place::Kind::here} : place_of(domain, said);
}

bool Router::is_ours(std::string_view domain) const {
  return known_place(base::to_lower(domain)).is_here();
}

bool Router::ends_here(std::string_view domain) const {
  const auto place = known_place(base::to_lower(domain));
  return place.is_here() && !place.goes_on();
}

bool Router::may_be_ours(std::string_view domain) const {
  const auto place = known_place(base::to_lower(domain));
  return place.is_here() || place.is_unknown();
}

bool Router::may_end_here(std::string_view domain) const {
  const auto place = known_place(base::to_lower(domain));
  return place.is_unknown() || (place.is_here() && !place.goes_on());
}

bool Router::leaves(const smtp::Mailbox& address) const {
  const auto place = known_place(normal_domain(address.domain));
  return place.goes_on() || (place.settings != nullptr && place.settings->deliver.kind == DeliverKind::smtp);
}

const RouteSettings* Router::route_of(std::string_view destination, const smtp::ReversePath& sender) const {
  const auto normal = normal_domain(base::domain_of(destination));
  const auto place = known_place(normal);
  return place.goes_on() || place.is_unknown() ? first_match(normal, sender) : nullptr;
}

std::optional<std::string> Router::why_held(std::string_view destination, const smtp::ReversePath& sender) const {
  const auto normal = normal_domain(base::domain_of(destination));
  if (!known_place(normal).goes_on()) return {};  // also where it is not known: nothing but a reload would release it
  const auto* route = first_match(normal, sender);
  if (route == nullptr || !route->hold) return {};
  return fmt::format("a route holds mail for {}", destination);
}

// By what a destination of ours is reached; nothing: it is not known, or leads nowhere.
std::optional<DeliverTarget> Router::known_target(std::string_view destination, const Place& place) const {
  if (place.settings == nullptr) return {};
  if (!destination.contains('@')) return place.settings->deliver;
  Said said;
  auto own = store_of(base::to_lower(destination), said);
  if (said.unknowns() > 0 || (own && !*own)) return {};
  if (own) return std::move(**own);
  return place.settings->deliver;
}

std::string Router::known_site(std::string_view destination, const smtp::ReversePath& sender) const {
  const auto domain = normal_domain(base::domain_of(destination));
  const auto place = known_place(domain);
  if (place.goes_on()) {
    const auto* route = first_match(domain, sender);
    return route == nullptr ? "" : join_hops(route->next_hops);
  }
  const auto target = known_target(destination, place);
  if (!target) return {};
  if (target->kind == DeliverKind::maildir) return site_of(MaildirHop{});
  if (target->kind == DeliverKind::discard) return site_of(DiscardHop{});
  if (target->kind == DeliverKind::smtp) return target->argument;
  const auto endpoint = base::Endpoint::parse(target->argument);
  return endpoint ? site_of(LmtpHop{*endpoint}) : std::string();
}

std::string Router::shared_way(std::string_view destination, const smtp::ReversePath& sender) const {
  const auto domain = normal_domain(base::domain_of(destination));
  const auto place = known_place(domain);
  if (place.goes_on()) {
    const auto* route = first_match(domain, sender);
    const bool is_shared = route != nullptr && !route->next_hops.empty() && !route->hold;
    return is_shared ? fmt::format("routes[{}]", route - settings_.routes.data()) : std::string();
  }
  const auto target = known_target(destination, place);
  if (!target) return {};
  if (target->kind == DeliverKind::lmtp) return "lmtp:" + target->argument;
  return target->kind == DeliverKind::smtp ? "smtp:" + target->argument : std::string();
}

}  // namespace godwit::route
