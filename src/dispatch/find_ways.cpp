// SPDX-License-Identifier: Apache-2.0
#include "godwit/dispatch/find_ways.hpp"

#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::dispatch {
namespace {

std::string rule_of(const route::Router& router, const std::string& destination, const smtp::ReversePath& sender,
                    const route::Hop& hop) {
  const auto& settings = router.settings();
  if (const auto* route = router.route_of(destination, sender); route != nullptr)
    return fmt::format("routes[{}]", route - settings.routes.data());
  const bool from_dns = std::holds_alternative<route::SmtpHop>(hop) && std::get<route::SmtpHop>(hop).from_dns;
  const std::string domain(base::domain_of(destination));
  if (!domain.empty() && router.is_ours(domain) && !from_dns)
    return "domains." + domain + (destination.contains('@') ? ".users" : "");
  return "dns";
}

std::string why_not(const route::Hop& hop) {
  if (const auto* held = std::get_if<route::HoldHop>(&hop)) return held->why;
  if (const auto* none = std::get_if<route::NoRoute>(&hop)) return to_line(none->reply);
  return {};
}

}  // namespace

bool leads_nowhere(const route::Hop& hop) {
  return std::holds_alternative<route::HoldHop>(hop) || std::holds_alternative<route::NoRoute>(hop);
}

boost::asio::awaitable<std::vector<Way>> find_ways(const route::Router& router, std::vector<mail::Recipient> recipients,
                                                   smtp::ReversePath sender, WaySources sources) {
  std::erase_if(recipients, [](const mail::Recipient& recipient) { return recipient.expanded_alias; });
  std::vector<smtp::Mailbox> addresses;
  addresses.reserve(recipients.size());
  for (const auto& recipient : recipients) addresses.push_back(recipient.address);
  auto asking = router.destinations_of(std::move(addresses));
  const auto destinations = co_await std::move(asking);
  std::vector<Way> ways;
  std::unordered_map<std::string, std::size_t> places;  // a list may lead to many thousand domains
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    const auto destination = destinations ? (*destinations)[i] : recipients[i].address.domain;
    const auto [place, is_new] = places.try_emplace(destination, ways.size());
    if (is_new) ways.emplace_back().destination = destination;
    ways[place->second].recipients.push_back(std::move(recipients[i]));
  }
  for (auto& way : ways) {
    auto finding = router.hop(way.destination, sender, sources.resolver, sources.random, sources.sts);
    way.hop = co_await std::move(finding);
    way.rule = rule_of(router, way.destination, sender, way.hop);
    way.waits = router.why_held(way.destination, sender).value_or(why_not(way.hop));
  }
  co_return ways;
}

}  // namespace godwit::dispatch
