// SPDX-License-Identifier: Apache-2.0
// The text of a next hop (RouteSettings::next_hops, "smtp:" targets) and address literals.  Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/ip_address.hpp"

namespace godwit::route {

inline constexpr std::uint16_t smtp_port = 25;

struct NextHop {
  enum class Kind {
    address,  // "[10.0.0.5]:2525", "10.0.0.5", "[2001:db8::1]:25"
    host,     // "[relay.example.net]:587": its addresses, no MX
    mx        // "relay.example.net:587": its MX, or else its addresses
  } kind = Kind::mx;
  std::string name;  // lower case; of an address: the literal "[10.0.0.5]"
  base::IpAddress address;
  std::optional<std::uint16_t> port;
};
std::optional<NextHop> parse_next_hop(std::string_view text);
// The name of a hop by a rule.
std::string join_hops(const std::vector<std::string>& next_hops);

// "[192.0.2.1]", "[IPv6:2001:db8::1]" (RFC 5321 section 4.1.3).
std::optional<base::IpAddress> parse_literal(std::string_view domain);
std::string literal(const base::IpAddress& address);

}  // namespace godwit::route
