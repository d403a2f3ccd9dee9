// SPDX-License-Identifier: Apache-2.0
// Where connections to us arrive, for RFC 5321 section 5.1: a host list is cut where it would lead back here.  Pure.
#pragma once

#include <vector>

#include "godwit/base/ip_address.hpp"

namespace godwit::daemon {

// What listens, and beside each wildcard the interfaces' addresses, on its port.  [::] stands for both families, as in
// the configuration.
std::vector<base::Endpoint> reachable_at(const std::vector<base::Endpoint>& listening,
                                         const std::vector<base::IpAddress>& interfaces);

}  // namespace godwit::daemon
