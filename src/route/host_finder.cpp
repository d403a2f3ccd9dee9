// SPDX-License-Identifier: Apache-2.0
#include "host_finder.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "dane.hpp"
#include "godwit/base/text.hpp"

namespace godwit::route {
namespace {

using boost::asio::awaitable;

NoRoute no_route(int code, smtp::EnhancedCode enhanced, std::string text) {
  return {smtp::make_reply(code, enhanced, base::printable(text))};
}

NoRoute dns_trouble(std::string_view name, std::string_view why) {
  return no_route(451, {4, 4, 3}, fmt::format("DNS lookup for {} failed: {}", name, why));
}

void add_addresses(Host& host, const std::vector<base::IpAddress>& addresses, std::uint16_t port) {
  for (const auto& address : addresses) {
    if (host.addresses.size() < most_addresses)
      host.addresses.push_back({.address = address, .port = port, .unix_path = {}});
  }
}

}  // namespace

Host HostFinder::of_address(const base::IpAddress& address, std::uint16_t port) const {
  Host host;
  host.name = literal(address);
  const KnownHost known{.name = host.name};
  host.tls = policy_for(tls_, known);
  host.proofs = proofs_of(known);
  add_addresses(host, {address}, port);
  return host;
}

// Lower preference first; equal ones in random order (RFC 5321 section 5.1), each name once.
std::vector<dns::Mx> HostFinder::in_order(std::vector<dns::Mx> exchanges) {
  random_.shuffle(exchanges);
  std::ranges::stable_sort(exchanges, {}, &dns::Mx::preference);
  std::set<std::string> seen;
  std::erase_if(exchanges, [&](const dns::Mx& mx) { return mx.exchange.empty() || !seen.insert(mx.exchange).second; });
  return exchanges;
}

awaitable<Hosts> HostFinder::of_domain(std::string domain, std::uint16_t port) {
  const auto answer = co_await resolver_.mx(domain);
  switch (answer.status) {
    case dns::Status::temporary:
      co_return dns_trouble(domain, answer.why);
    case dns::Status::no_name:
      co_return no_route(550, {5, 1, 2}, fmt::format("Domain {} does not exist", domain));
    case dns::Status::no_data: {
      std::vector<dns::Mx> implicit = {{.preference = 0, .exchange = domain}};
      Domain itself{.name = domain, .has_mx = false, .secure = answer.authentic, .canonical_name = {}};
      co_return co_await with_addresses(std::move(itself), std::move(implicit), port);
    }
    case dns::Status::found:
      break;
  }
  const bool null_mx = std::ranges::all_of(answer.records, [](const dns::Mx& mx) { return mx.exchange.empty(); });
  if (null_mx) co_return no_route(556, {5, 1, 10}, fmt::format("Domain {} does not accept mail (null MX)", domain));
  Domain with_mx{.name = domain, .has_mx = true, .secure = answer.authentic, .canonical_name = answer.canonical_name};
  co_return co_await with_addresses(std::move(with_mx), in_order(answer.records), port);
}

awaitable<HostFinder::Addresses> HostFinder::addresses_of(std::string name) {
  Addresses result;
  result.own_name = self_.is_own_name(name);
  result.canonical_name = name;
  // Against the RFC, but seen: an MX that is an address.
  if (const auto address = base::IpAddress::parse(name)) {
    result.found.push_back(*address);
    co_return result;
  }
  // IPv6 first; where the machine has none, connecting fails at once.  IPv4 is asked for also where the name seems not
  // to exist: there are servers that say so for AAAA only (RFC 4074 section 4.2).
  bool all_authentic = true;
  for (const auto family : {dns::Family::v6, dns::Family::v4}) {
    auto answer = co_await resolver_.addresses(name, family);
    if (answer.status == dns::Status::temporary) {
      result.temporary = true;
      result.why_none = answer.why;
    } else if (result.why_none.empty()) {
      result.why_none = dns::to_string(answer.status);
    }
    if (answer.status == dns::Status::found) {
      all_authentic = all_authentic && answer.authentic;
      result.canonical_name = answer.canonical_name;
    }
    result.own_name = result.own_name || self_.is_own_name(answer.canonical_name);
    random_.shuffle(answer.records);
    // Nobody is at 0.0.0.0 or [::]; a connection there would come back to this machine.
    std::erase_if(answer.records, [](const base::IpAddress& address) { return address.is_unspecified(); });
    result.found.insert(result.found.end(), answer.records.begin(), answer.records.end());
  }
  result.secure = all_authentic && !result.found.empty();
  co_return result;
}

// What the rule says, and the host's own records where DNS is signed.
awaitable<TlsPolicy> HostFinder::policy_of(std::string host, Domain domain, Addresses addresses, std::uint16_t port) {
  auto policy = policy_for(tls_, {.name = host, .domain = domain.name, .secure = domain.secure});
  const bool may_improve = policy.level == TlsLevel::opportunistic || policy.level == TlsLevel::require;
  const bool has_secure_way = domain.secure || !domain.has_mx;
  if (policy.level != TlsLevel::dane && !(dane_ && may_improve)) co_return policy;
  if (!has_secure_way) co_return policy;
  DaneHost found{.name = std::move(host),
                 .canonical_name = std::move(addresses.canonical_name),
                 .secure = addresses.secure,
                 .port = port,
                 .domain = domain.has_mx ? domain.name : "",
                 .canonical_domain = domain.canonical_name};
  co_return co_await dane_policy(std::move(policy), std::move(found), resolver_);
}

// Where we are in the list ourselves, "all hosts of our preference and less preferred ones must be discarded" (RFC 5321
// section 5.1): they would send it back.
awaitable<Hosts> HostFinder::with_addresses(Domain domain, std::vector<dns::Mx> exchanges, std::uint16_t port) {
  constexpr unsigned none = std::numeric_limits<unsigned>::max();
  unsigned own_preference = none;
  for (const auto& mx : exchanges) {
    if (self_.is_own_name(mx.exchange)) own_preference = std::min<unsigned>(own_preference, mx.preference);
  }
  std::vector<Host> hosts;
  std::string missing;
  std::size_t looked_up = 0;
  for (const auto& mx : exchanges) {
    if (mx.preference >= own_preference || ++looked_up > most_hosts) break;
    const auto addresses = co_await addresses_of(mx.exchange);
    Host host;
    host.name = mx.exchange;
    host.preference = mx.preference;
    add_addresses(host, addresses.found, port);
    if (addresses.own_name || std::ranges::any_of(host.addresses, [&](const auto& at) { return self_.is_own(at); })) {
      own_preference = mx.preference;
      break;
    }
    if (host.addresses.empty()) {
      missing = fmt::format("{}: {}", host.name, addresses.why_none);
      if (!addresses.temporary) continue;  // it is not there, and trying it helps nobody
      host.why_none = addresses.why_none;
    } else {
      host.proofs = proofs_of({.name = host.name, .domain = domain.name, .secure = domain.secure});
      host.tls = co_await policy_of(host.name, domain, addresses, port);
    }
    hosts.push_back(std::move(host));
  }
  std::erase_if(hosts, [&](const Host& host) { return host.preference >= own_preference; });

  if (std::ranges::any_of(hosts, [](const Host& host) { return !host.addresses.empty(); })) co_return hosts;
  if (!hosts.empty()) co_return dns_trouble(domain.name, missing);
  if (own_preference != none) {
    if (missing.empty())
      co_return no_route(554, {5, 4, 6}, fmt::format("Mail for {} loops back to myself", domain.name));
    // To keep the mail while the better host is away is what a backup is for.
    co_return no_route(451, {4, 4, 4},
                       fmt::format("No better mail host of {} has an address ({})", domain.name, missing));
  }
  co_return no_route(550, {5, 4, 4}, fmt::format("No mail host of {} has an address ({})", domain.name, missing));
}

awaitable<Hosts> HostFinder::of_next_hop(NextHop hop, std::uint16_t mx_port) {
  switch (hop.kind) {
    case NextHop::Kind::address:
      co_return std::vector<Host>{of_address(hop.address, hop.port.value_or(smtp_port))};
    case NextHop::Kind::mx:
      co_return co_await of_domain(hop.name, hop.port.value_or(mx_port));
    case NextHop::Kind::host:
      break;
  }
  Host host;
  host.name = hop.name;
  const auto port = hop.port.value_or(smtp_port);
  const auto addresses = co_await addresses_of(hop.name);
  add_addresses(host, addresses.found, port);
  if (host.addresses.empty()) co_return dns_trouble(hop.name, addresses.why_none);
  const Domain none{};
  host.proofs = proofs_of({.name = host.name});
  host.tls = co_await policy_of(host.name, none, addresses, port);
  co_return std::vector<Host>{std::move(host)};
}

awaitable<Hosts> HostFinder::of_next_hops(std::vector<std::string> next_hops, std::uint16_t mx_port) {
  std::vector<Host> all;
  std::string why;
  for (const auto& text : next_hops) {
    auto hop = parse_next_hop(text);
    if (!hop) {
      why = fmt::format("{} is no next hop", text);
      continue;
    }
    auto hosts = co_await of_next_hop(std::move(*hop), mx_port);
    if (auto* found = std::get_if<std::vector<Host>>(&hosts)) {
      std::ranges::move(*found, std::back_inserter(all));
    } else {
      why = base::join(std::get<NoRoute>(hosts).reply.lines, " ");
    }
  }
  if (all.empty()) co_return no_route(451, {4, 4, 4}, fmt::format("Next hop cannot be reached: {}", why));
  co_return all;
}

}  // namespace godwit::route
