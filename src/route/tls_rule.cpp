// SPDX-License-Identifier: Apache-2.0
#include "tls_rule.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "godwit/route/next_hop.hpp"

namespace godwit::route {
namespace {

// A certificate holds an address without brackets.
std::string as_in_certificate(const std::string& name) {
  const auto address = parse_literal(name);
  return address ? to_string(*address) : name;
}

std::vector<std::string> names_of(const KnownHost& host) {
  if (host.domain.empty()) return {as_in_certificate(host.name)};
  std::vector<std::string> names;
  if (host.secure && host.name != host.domain) names.push_back(host.name);
  names.push_back(host.domain);
  names.push_back("." + host.domain);
  return names;
}

}  // namespace

std::vector<std::string> proofs_of(const KnownHost& host) {
  const bool from_unsigned_mx = !host.domain.empty() && host.name != host.domain && !host.secure;
  return from_unsigned_mx ? std::vector<std::string>() : std::vector<std::string>{as_in_certificate(host.name)};
}

void demand_verification(Host& host) {
  auto& policy = host.tls;
  if (host.addresses.empty() || !policy.skip.empty()) return;
  if (policy.level == TlsLevel::verify || policy.level == TlsLevel::dane) return;
  const bool in_clear = policy.level == TlsLevel::none;
  policy = {.level = TlsLevel::verify, .names = host.proofs, .tlsa = {}, .source = "requiretls", .skip = {}};
  if (in_clear)
    policy.skip = "REQUIRETLS, but this host gets mail in clear";
  else if (host.proofs.empty())
    policy.skip = "REQUIRETLS, but neither signed DNS nor an MTA-STS policy says that it is the right host";
}

TlsPolicy policy_for(const TlsRule& rule, const KnownHost& host) {
  TlsPolicy policy{.level = rule.level, .source = rule.source};
  if (rule.level == TlsLevel::dane) policy.skip = fmt::format("no TLSA records in signed zones lead to {}", host.name);
  if (rule.level != TlsLevel::verify) return policy;
  if (rule.name.empty())
    policy.names = names_of(host);
  else
    policy.names = {rule.name};
  return policy;
}

}  // namespace godwit::route
