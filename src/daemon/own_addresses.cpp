// SPDX-License-Identifier: Apache-2.0
#include "own_addresses.hpp"

namespace godwit::daemon {

std::vector<base::Endpoint> reachable_at(const std::vector<base::Endpoint>& listening,
                                         const std::vector<base::IpAddress>& interfaces) {
  std::vector<base::Endpoint> reachable = listening;
  for (const auto& endpoint : listening) {
    if (!endpoint.unix_path.empty() || !endpoint.address.is_unspecified()) continue;
    for (const auto& address : interfaces)
      if (address.is_v4() || endpoint.address.is_v6())
        reachable.push_back({.address = address, .port = endpoint.port, .unix_path = {}});
  }
  return reachable;
}

}  // namespace godwit::daemon
