// SPDX-License-Identifier: Apache-2.0
// Looks up many names at once, and waits for all of them or until a deadline: one slow zone costs no more than that.
// What has no answer by then counts as a temporary failure; its look-up ends by itself.  One reactor.
#pragma once

#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/policy/check.hpp"

namespace godwit::policy {

using AddressAnswer = dns::Answer<base::IpAddress>;

// Of IPv4; in the order of the names.
boost::asio::awaitable<std::vector<AddressAnswer>> look_up_all(const CheckSurroundings& around,
                                                               std::vector<std::string> names, base::MonoTime deadline);

}  // namespace godwit::policy
