// SPDX-License-Identifier: Apache-2.0
// Who we are, as others may name us: to know our own address literals, and to find ourselves in a host list.  Private
// to route/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/ip_address.hpp"

namespace godwit::route {

struct Identity {
  std::string hostname;                        // lower case
  std::vector<base::IpAddress> own_addresses;  // on any port: what is outside of a NAT
  std::vector<base::Endpoint> listening;

  bool is_own_name(std::string_view name) const;
  // Whether a connection to `endpoint` would come back to us.
  bool is_own(const base::Endpoint& endpoint) const;
  bool is_own(const base::IpAddress& address) const;
};

}  // namespace godwit::route
