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

NoRoute no_route(int code, smtp::EnhancedCode enhanced, std::string_view text) {
  return {smtp::make_reply(code, enhanced, base::printable(text))};
}

NoRoute dns_trouble(std::string_view name, std::string_view why) {
  return no_route(451, {4, 4, 3}, fmt::format("DNS lookup for {} failed: {}", name, why));
}

// One of each family in turn, so that a family that leads nowhere costs little (RFC 8305 section 4).
std::vector<base::IpAddress> interleaved(const std::vector<base::IpAddress>& first,
                                         const std::vector<base::IpAddress>& second) {
  std::vector<base::IpAddress> all;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) all.push_back(first[i]);
    if (i < second.size()) all.push_back(second[i]);
  }
  return all;
}

std::string remark_on(const std::string& exchange, const std::string& canonical_name) {
  if (base::IpAddress::parse(exchange)) return fmt::format("the MX {} is an address and should be a name", exchange);
  if (canonical_name == exchange) return {};
  return fmt::format("the MX {} is an alias of {} and should be that name itself", exchange, canonical_name);
}

}  // namespace

Host HostFinder::of_address(const base::IpAddress& address, std::uint16_t port) const {
  Host host;
  host.name = literal(address);
  const KnownHost known{.name = host.name};
  host.tls = policy_for(tls_, known);
  host.proofs = proofs_of(known);
  host.addresses.push_back({.address = address, .port = port, .unix_path = {}});
  return host;
}

// Those that are wanted, in the order in which they are to be tried.
void HostFinder::take(Host& host, const Addresses& addresses, std::uint16_t port) const {
  const bool v4_first = family_ == AddressFamily::prefer_ipv4;
  auto all = v4_first ? interleaved(addresses.v4, addresses.v6) : interleaved(addresses.v6, addresses.v4);
  if (family_ == AddressFamily::ipv6) all = addresses.v6;
  if (family_ == AddressFamily::ipv4) all = addresses.v4;
  if (all.size() > most_addresses) all.resize(most_addresses);
  for (const auto& address : all) host.addresses.push_back({.address = address, .port = port, .unix_path = {}});
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
    (address->is_v6() ? result.v6 : result.v4).push_back(*address);
    co_return result;
  }
  // Of a family that is not wanted too, for an address of ours may be among them.  IPv4 is asked for also where the
  // name seems not to exist: there are servers that say so for AAAA only (RFC 4074 section 4.2).
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
    (family == dns::Family::v6 ? result.v6 : result.v4) = std::move(answer.records);
  }
  result.secure = all_authentic && !(result.v6.empty() && result.v4.empty());
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

std::string HostFinder::why_none(const Addresses& addresses) const {
  if (addresses.v6.empty() && addresses.v4.empty()) return addresses.why_none;
  return fmt::format("no {} address", family_ == AddressFamily::ipv4 ? "IPv4" : "IPv6");
}

bool HostFinder::is_ours(const Addresses& addresses, std::uint16_t port) const {
  const auto at_port = [&](const base::IpAddress& address) {
    return self_.is_own(base::Endpoint{.address = address, .port = port, .unix_path = {}});
  };
  return std::ranges::any_of(addresses.v6, at_port) || std::ranges::any_of(addresses.v4, at_port);
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
    if (domain.has_mx) host.remark = remark_on(mx.exchange, addresses.canonical_name);
    take(host, addresses, port);
    if (addresses.own_name || is_ours(addresses, port)) {
      own_preference = mx.preference;
      break;
    }
    if (host.addresses.empty()) {
      missing = fmt::format("{}: {}", host.name, why_none(addresses));
      if (!addresses.temporary) {  // it is not there, and trying it helps nobody
        absent_.push_back(mx.exchange);
        continue;
      }
      host.why_none = why_none(addresses);
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
  take(host, addresses, port);
  if (host.addresses.empty()) co_return dns_trouble(hop.name, why_none(addresses));
  const Domain none{};
  host.proofs = proofs_of({.name = host.name});
  host.tls = co_await policy_of(host.name, none, addresses, port);
  co_return std::vector<Host>{std::move(host)};
}

std::vector<std::string> HostFinder::shuffled(std::vector<std::string> next_hops) {
  random_.shuffle(next_hops);
  std::set<std::string> seen;
  std::erase_if(next_hops, [&](const auto& hop) { return !seen.insert(hop).second; });
  return next_hops;
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
