// SPDX-License-Identifier: Apache-2.0
// Where a server of the configuration is now.
#pragma once

#include "godwit/base/ip_address.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/net/stream.hpp"
#include "godwit/policy/hook_settings.hpp"

namespace godwit::policy {

// "localhost" needs no DNS.  The resolver outlives the call.  Errors: not_found.
net::Task<base::Endpoint> find_server(dns::Resolver& resolver, ServerAddress address);

}  // namespace godwit::policy
