// SPDX-License-Identifier: Apache-2.0
// Whether other mail hosts can be reached from here: the next hop of the route for everything, or else the MX hosts of
// domains that everybody knows.  Many providers let nothing out to port 25.
#include <algorithm>

#include <fmt/format.h>

#include "checks.hpp"
#include "godwit/base/text.hpp"
#include "godwit/route/next_hop.hpp"
#include "smtp_probe.hpp"

namespace godwit::setup {
namespace {

constexpr const char* outgoing_check = "outgoing";
constexpr base::Duration reaching = std::chrono::seconds(10);
constexpr std::size_t most_hosts = 2;      // of a domain
constexpr std::size_t most_addresses = 2;  // of a host; each may take `reaching`

struct Target {
  route::NextHop hop;
  const route::RouteSettings* route = nullptr;  // null: mail goes to the MX
};

// That all mail goes through which no other route takes; null: there is none, or its mail goes to the MX.
const route::RouteSettings* default_route(const config::Settings& settings) {
  const auto& routes = settings.route.routes;
  const auto found = std::ranges::find_if(routes, [](const route::RouteSettings& route) {
    const bool is_for_all = route.domains.empty() || std::ranges::find(route.domains, "*") != route.domains.end();
    return is_for_all && route.senders.empty();
  });
  return found == routes.end() || found->next_hops.empty() ? nullptr : &*found;
}

std::vector<Target> targets_of(const Patient& patient) {
  std::vector<Target> targets;
  const auto* route = default_route(patient.settings);
  const auto& names = route != nullptr ? route->next_hops : patient.destinations;
  for (const auto& name : names)
    if (auto hop = route::parse_next_hop(name)) targets.push_back({.hop = std::move(*hop), .route = route});
  return targets;
}

bool is_wanted(const Patient& patient, const Target& target, dns::Family family) {
  const auto wanted = target.route != nullptr && target.route->address_family ? *target.route->address_family
                                                                              : patient.settings.route.address_family;
  return family == dns::Family::v4 ? wanted != route::AddressFamily::ipv6 : wanted != route::AddressFamily::ipv4;
}

// The address to connect from, as deliveries do; nothing: the system's choice.
std::optional<base::IpAddress> source_for(const Patient& patient, const Target& target, const base::IpAddress& server) {
  const bool has_own = target.route != nullptr && !target.route->source_addresses.empty();
  const auto& sources = has_own ? target.route->source_addresses : patient.settings.deliver.source_addresses;
  const auto fits = std::ranges::find_if(
      sources, [&](const route::SourceAddress& source) { return source.address.is_v4() == server.is_v4(); });
  return fits == sources.end() ? std::nullopt : std::optional(fits->address);
}

struct Host {
  std::string name;
  base::IpAddress address;
};

struct Hosts {
  std::vector<Host> found;
  std::string why;       // none was
  bool is_known = true;  // DNS answered
};

boost::asio::awaitable<void> add_host(const Patient& patient, const Target& target, std::string name, Hosts& hosts) {
  std::size_t added = 0;
  for (const auto family : {dns::Family::v4, dns::Family::v6}) {
    if (!is_wanted(patient, target, family)) continue;
    const auto answer = co_await patient.resolver.addresses(name, family);
    if (answer.status == dns::Status::temporary) {
      hosts.is_known = false;
      hosts.why = no_answer(name, answer.why);
    }
    for (const auto& address : answer.records)
      if (added++ < most_addresses) hosts.found.push_back({.name = name, .address = address});
  }
}

boost::asio::awaitable<Hosts> hosts_of(const Patient& patient, const Target& target) {
  Hosts hosts;
  const auto& hop = target.hop;
  if (hop.kind == route::NextHop::Kind::address) {
    hosts.found.push_back({.name = hop.name, .address = hop.address});
    co_return hosts;
  }
  std::vector<std::string> names;
  if (hop.kind == route::NextHop::Kind::mx) {
    auto answer = co_await patient.resolver.mx(hop.name);
    if (answer.status == dns::Status::temporary) {
      hosts.is_known = false;
      hosts.why = no_answer(hop.name, answer.why);
      co_return hosts;
    }
    std::ranges::stable_sort(answer.records, {}, &dns::Mx::preference);
    for (const auto& mx : answer.records)
      if (!mx.exchange.empty() && names.size() < most_hosts) names.push_back(mx.exchange);
  }
  if (names.empty()) names.push_back(hop.name);
  for (const auto& name : names) {
    auto adding = add_host(patient, target, name, hosts);
    co_await std::move(adding);
  }
  if (hosts.found.empty() && hosts.why.empty()) hosts.why = fmt::format("{} has no address", hop.name);
  co_return hosts;
}

// What the host greets with.
net::Task<std::string> greeting_of(const Patient& patient, base::Endpoint server,
                                   std::optional<base::IpAddress> source) {
  const auto deadline = patient.reactor.deadlines().now() + reaching;
  auto connecting = SmtpProbe::connect(patient.reactor, std::move(server), source, {}, deadline);
  auto probe = co_await std::move(connecting);
  if (!probe) co_return std::unexpected(probe.error());
  auto greeted = (*probe)->answer();
  const auto greeting = co_await std::move(greeted);
  // Some make who connects wait for longer than we do: the way there is open all the same.
  if (!greeting && greeting.error().kind == base::ErrorKind::timed_out) co_return "connected, and not greeted yet";
  if (!greeting) co_return std::unexpected(greeting.error());
  auto leaving = (*probe)->ask("QUIT");
  std::ignore = co_await std::move(leaving);
  co_return fmt::format("{} {}", greeting->code, greeting->text.substr(0, greeting->text.find('\n')));
}

// What became of the targets so far.
struct Attempts {
  std::vector<std::string> names, failures;
  bool is_reached = false;
  bool is_tried = false;  // some host, not only DNS
  bool is_known = true;   // DNS answered
  bool uses_25 = false;
};

boost::asio::awaitable<void> try_target(const Patient& patient, const Target& target, Attempts& attempts,
                                        Findings& findings) {
  auto finding_hosts = hosts_of(patient, target);
  const auto hosts = co_await std::move(finding_hosts);
  const auto usual_port = target.hop.kind == route::NextHop::Kind::mx ? patient.settings.route.port : route::smtp_port;
  const auto port = target.hop.port.value_or(usual_port);
  attempts.names.push_back(target.hop.name);
  attempts.is_known = attempts.is_known && hosts.is_known;
  attempts.uses_25 = attempts.uses_25 || port == route::smtp_port;
  if (!hosts.why.empty()) attempts.failures.push_back(hosts.why);
  for (const auto& host : hosts.found) {
    attempts.is_tried = true;
    const base::Endpoint server{.address = host.address, .port = port, .unix_path = {}};
    auto asking = greeting_of(patient, server, source_for(patient, target, host.address));
    const auto greeting = co_await std::move(asking);
    const auto where =
        host.name.starts_with('[') ? to_string(server) : fmt::format("{} ({})", host.name, to_string(server));
    if (!greeting) {
      attempts.failures.push_back(fmt::format("{}: {}", where, greeting.error().message));
      continue;
    }
    attempts.is_reached = true;
    co_return findings.ok(outgoing_check, target.hop.name, fmt::format("{}: {}", where, *greeting));
  }
}

std::string remedy_of(const Patient& patient, const Attempts& attempts) {
  if (!attempts.is_tried) return ask_again;
  constexpr const char* blocked = "your provider blocks port 25: have it opened, or use a smart host";
  if (default_route(patient.settings) == nullptr)
    return std::string(blocked) + R"( (routes: [{domains: "*", next_hop: "[smtp.provider.example]:587", …}]))";
  if (!attempts.uses_25) return "is the next hop of the route for \"*\" up, and does a firewall let mail out to it?";
  return std::string("is the next hop of the route for \"*\" up? If it is, ") + blocked + " at port 587";
}

}  // namespace

std::vector<std::string> usual_destinations() {
  return {"gmail.com", "outlook.com"};
}

boost::asio::awaitable<void> check_outgoing(const Patient& patient, Findings& findings) {
  const auto targets = targets_of(patient);
  Attempts attempts;
  for (const auto& target : targets) {
    auto trying = try_target(patient, target, attempts, findings);
    co_await std::move(trying);
    if (attempts.is_reached) co_return;
  }
  // A zone file knows nothing of others.
  const bool is_nothing_known = patient.is_offline && !attempts.is_tried && attempts.is_known;
  if (targets.empty() || is_nothing_known) co_return;
  findings.warn(outgoing_check, base::join(attempts.names, ", "), base::join(attempts.failures, "; "),
                remedy_of(patient, attempts));
}

}  // namespace godwit::setup
