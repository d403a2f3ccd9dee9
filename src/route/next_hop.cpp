// SPDX-License-Identifier: Apache-2.0
#include "godwit/route/next_hop.hpp"

#include "godwit/base/text.hpp"
#include "godwit/dns/message.hpp"

namespace godwit::route {

std::optional<base::IpAddress> parse_literal(std::string_view domain) {
  if (!domain.starts_with('[') || !domain.ends_with(']')) return {};
  auto text = domain.substr(1, domain.size() - 2);
  if (base::istarts_with(text, "IPv6:")) text.remove_prefix(5);
  return base::IpAddress::parse(text);
}

std::string literal(const base::IpAddress& address) {
  return (address.is_v6() ? "[IPv6:" : "[") + to_string(address) + "]";
}

std::string join_hops(const std::vector<std::string>& next_hops) {
  return base::join(next_hops, ",");
}

std::optional<NextHop> parse_next_hop(std::string_view text) {
  NextHop hop;
  std::string_view host = text;
  std::string_view port;
  const bool bracketed = text.starts_with('[');
  if (bracketed) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return {};
    host = text.substr(1, close - 1);
    port = text.substr(close + 1);
  } else if (base::IpAddress::parse(text)) {  // a bare IPv6 address has colons of its own
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (!port.empty()) {
    const auto number = port.front() == ':' ? base::parse_unsigned(port.substr(1)) : std::nullopt;
    if (!number || *number == 0 || *number > 65535) return {};
    hop.port = static_cast<std::uint16_t>(*number);
  }
  if (base::istarts_with(host, "IPv6:")) host.remove_prefix(5);
  if (const auto address = base::IpAddress::parse(host)) {
    hop.kind = NextHop::Kind::address;
    hop.address = *address;
    hop.name = literal(*address);
    return hop;
  }
  const auto name = dns::normal_name(host);
  if (!name) return {};
  hop.kind = bracketed ? NextHop::Kind::host : NextHop::Kind::mx;
  hop.name = *name;
  return hop;
}

}  // namespace godwit::route
