// SPDX-License-Identifier: Apache-2.0
#include "tls_rule.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "next_hop.hpp"

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
