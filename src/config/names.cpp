// SPDX-License-Identifier: Apache-2.0
#include "names.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/ip_address.hpp"
#include "godwit/base/text.hpp"

namespace godwit::config {
namespace {

using base::ErrorKind;

constexpr std::size_t longest_domain = 253;
constexpr std::size_t longest_label = 63;
constexpr std::size_t longest_local = 64;  // RFC 5321 section 4.5.3.1.1

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= longest_label && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
}

// RFC 5322 section 3.2.3, RFC 6532 section 3.2.
bool is_atom_character(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || is_alphanumeric(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

auto invalid(std::string_view text, std::string_view why) {
  return base::fail(ErrorKind::invalid, fmt::format("\"{}\" {}", base::printable(text), why));
}

}  // namespace

base::Result<std::string> parse_domain(std::string_view text) {
  auto name = text;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (!base::is_ascii(name)) return invalid(text, "is not ASCII: write the domain in its xn-- form");
  if (base::IpAddress::parse(name)) return invalid(text, "is an IP address, not a domain name");
  if (name.empty() || name.size() > longest_domain || !std::ranges::all_of(base::split(name, '.'), is_label))
    return invalid(text, "is not a domain name");
  return base::to_lower(name);
}

base::Result<std::string> parse_host_name(std::string_view text) {
  auto name = parse_domain(text);
  if (name && name->find('.') == std::string::npos)
    return invalid(text, "is not a full host name: write it with its domain, such as mail.example.com");
  return name;
}

base::Result<std::string> parse_address(std::string_view text) {
  if (text.starts_with('|') || text.starts_with('/') || text.starts_with(':'))
    return invalid(text, "is a program or file: mail goes to addresses only, such as alice@example.com");
  const auto at = text.rfind('@');
  if (at == std::string_view::npos)
    return invalid(text, "is not a full mail address: write it with its domain, such as alice@example.com");
  const auto local = text.substr(0, at);
  const bool dot_string = std::ranges::all_of(base::split(local, '.'), [](std::string_view atom) {
    return !atom.empty() && std::ranges::all_of(atom, is_atom_character);
  });
  if (!dot_string || local.size() > longest_local || !base::is_valid_utf8(local))
    return invalid(text, "is not a mail address");
  auto domain = parse_domain(text.substr(at + 1));
  if (!domain) return invalid(text, "is not a mail address: what follows the @ is not a domain name");
  return fmt::format("{}@{}", local, *domain);
}

base::Result<std::string> parse_next_hop(std::string_view text) {
  auto host = text;
  std::string_view port;
  bool has_port = false;
  const auto cut = [&](std::size_t colon) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
    has_port = true;
  };
  const bool bracketed = text.starts_with('[');
  if (bracketed) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return invalid(text, "has no closing ]");
    const auto rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return invalid(text, "has something other than :port after the ]");
    if (!rest.empty()) cut(close + 1);
    host = text.substr(1, close - 1);
  } else if (base::IpAddress::parse(text)) {
    return invalid(text, fmt::format("is an IP address: write it as [{}]", text));
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    cut(colon);
  }
  if (has_port) {
    const auto number = base::parse_unsigned(port);
    if (!number || *number == 0 || *number > 65535) return invalid(text, "has no port between 1 and 65535 after the :");
  }
  if (bracketed && base::IpAddress::parse(host)) return std::string(text);
  if (base::IpAddress::parse(host))
    return invalid(text, fmt::format("is an IP address: write it as [{}]:{}", host, port));
  if (!parse_domain(host))
    return invalid(text,
                   "is not a next hop: write [10.0.0.5]:25, [host.example.com], or a name whose MX is to be used");
  return base::to_lower(text);
}

base::Result<std::string> parse_domain_pattern(std::string_view text) {
  if (text == "*") return std::string(text);
  const bool any_below = text.starts_with("*.");
  auto domain = parse_domain(any_below ? text.substr(2) : text);
  if (!domain) return invalid(text, "is not a domain, *.domain or *");
  return any_below ? "*." + *domain : *domain;
}

base::Result<std::string> parse_address_pattern(std::string_view text) {
  if (!text.starts_with('@')) return parse_address(text);
  auto domain = parse_domain(text.substr(1));
  if (!domain) return invalid(text, "is not an address or @domain");
  return "@" + *domain;
}

}  // namespace godwit::config
