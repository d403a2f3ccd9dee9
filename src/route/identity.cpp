// SPDX-License-Identifier: Apache-2.0
#include "identity.hpp"

#include <algorithm>

#include "godwit/base/text.hpp"

namespace godwit::route {
namespace {

// A wildcard listener has every address of the machine; without looking at its interfaces, of these only loopback is
// sure.
// "[::]" stands for both families, as in the configuration.
bool covers(const base::IpAddress& listening, const base::IpAddress& address) {
  if (listening == address) return true;
  return listening.is_unspecified() && address.is_loopback() && (listening.is_v6() || address.is_v4());
}

}  // namespace

bool Identity::is_own_name(std::string_view name) const {
  return base::iequals(name, hostname);
}

bool Identity::is_own(const base::Endpoint& endpoint) const {
  if (std::ranges::find(own_addresses, endpoint.address) != own_addresses.end()) return true;
  return std::ranges::any_of(listening, [&](const base::Endpoint& own) {
    return own.unix_path.empty() && own.port == endpoint.port && covers(own.address, endpoint.address);
  });
}

bool Identity::is_own(const base::IpAddress& address) const {
  if (std::ranges::find(own_addresses, address) != own_addresses.end()) return true;
  return std::ranges::any_of(
      listening, [&](const base::Endpoint& own) { return own.unix_path.empty() && covers(own.address, address); });
}

}  // namespace godwit::route
