// SPDX-License-Identifier: Apache-2.0
#include "route_patterns.hpp"

#include <algorithm>

#include "godwit/base/text.hpp"

namespace godwit::route {
namespace {

bool matches_domain(std::string_view pattern, std::string_view domain) {
  if (pattern == "*") return true;
  if (!pattern.starts_with("*.")) return base::iequals(pattern, domain);
  const auto suffix = pattern.substr(1);  // ".corp.example": subdomains of any depth, not corp.example itself
  return domain.size() > suffix.size() && base::iequals(domain.substr(domain.size() - suffix.size()), suffix);
}

}  // namespace

bool matches_sender(std::string_view pattern, const smtp::ReversePath& sender) {
  if (!sender) return false;  // a bounce is from nobody
  if (pattern.starts_with('@')) return base::iequals(pattern.substr(1), sender->domain);
  return base::iequals(pattern, to_string(*sender));
}

bool matches(const RouteSettings& route, std::string_view domain, const smtp::ReversePath& sender) {
  // An empty list stands for everything.
  return (route.domains.empty() ||
          std::ranges::any_of(route.domains, [&](const auto& pattern) { return matches_domain(pattern, domain); })) &&
         (route.senders.empty() ||
          std::ranges::any_of(route.senders, [&](const auto& pattern) { return matches_sender(pattern, sender); }));
}

}  // namespace godwit::route
