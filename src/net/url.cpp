// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/url.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/ip_address.hpp"
#include "godwit/base/text.hpp"

namespace godwit::net {
namespace {

constexpr std::uint16_t https_port = 443;
constexpr std::uint16_t http_port = 80;

// Neither a blank nor a control byte nor one beyond US-ASCII, and none that ends a URL in texts (RFC 3986 section 2).
bool has_odd_bytes(std::string_view part) {
  return part.find_first_of("@#\"\\<>") != std::string_view::npos ||
         std::ranges::any_of(part, [](char c) { return c <= ' ' || c >= '\x7F'; });
}

// "[2001:db8::1]" and nothing behind it, or a name without brackets; empty: neither.
std::string_view host_of(std::string_view place) {
  if (!place.starts_with('[')) return place.find_first_of("[]:") == std::string_view::npos ? place : std::string_view();
  const auto literal = place.substr(1, place.find(']') - 1);
  const bool whole = place.size() == literal.size() + 2;
  return whole && literal.contains(':') && base::IpAddress::parse(literal) ? literal : std::string_view();
}

}  // namespace

base::Result<Url> parse_url(std::string_view text) {
  const auto wrong = [&] {
    return base::fail(base::ErrorKind::invalid,
                      fmt::format("\"{}\" is no URL like https://host/path", base::printable(text, 200)));
  };
  Url url;
  if (base::istarts_with(text, "https://"))
    url.tls = true;
  else if (!base::istarts_with(text, "http://"))
    return wrong();
  const auto rest = text.substr(url.tls ? 8 : 7);
  const auto slash = rest.find_first_of("/?");
  auto place = rest.substr(0, slash);
  url.target = slash == std::string_view::npos ? "/" : std::string(rest.substr(slash));
  if (url.target.front() == '?') url.target.insert(0, "/");
  url.port = url.tls ? https_port : http_port;
  const auto bracket = place.starts_with('[') ? place.find(']') : std::string_view::npos;
  const auto colon = place.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    const auto port = base::parse_unsigned(place.substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) return wrong();
    url.port = static_cast<std::uint16_t>(*port);
    place = place.substr(0, colon);
  }
  url.host = host_of(place);
  if (url.host.empty() || has_odd_bytes(url.host) || has_odd_bytes(url.target)) return wrong();
  return url;
}

std::string authority(const Url& url) {
  const std::string host = url.host.contains(':') ? "[" + url.host + "]" : url.host;
  return url.port == (url.tls ? https_port : http_port) ? host : fmt::format("{}:{}", host, url.port);
}

}  // namespace godwit::net
