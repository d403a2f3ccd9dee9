// SPDX-License-Identifier: Apache-2.0
// Domain names, mail addresses and next hops, as far as a configuration file may write them.  What peers send is parsed
// by smtp/; here a name is only checked and brought into the form in which it is looked up.
#pragma once

#include <string>
#include <string_view>

#include "godwit/base/result.hpp"

namespace godwit::config {

// Lower case, without the trailing dot (RFC 1035 section 2.3.1, with underscores, which real hosts use).
base::Result<std::string> parse_domain(std::string_view text);
// The same with at least two labels, and not an address.
base::Result<std::string> parse_host_name(std::string_view text);
// local@domain with the domain in lower case; the local part an RFC 5321 Dot-string.
base::Result<std::string> parse_address(std::string_view text);
// "[10.0.0.5]:2525", "[host.example]", "host.example", "host.example:2525", "[2001:db8::1]:25".
base::Result<std::string> parse_next_hop(std::string_view text);
// "partner.example", "*.corp.example", "*"
base::Result<std::string> parse_domain_pattern(std::string_view text);
// "alice@example.com", "@example.com"
base::Result<std::string> parse_address_pattern(std::string_view text);

}  // namespace godwit::config
