// SPDX-License-Identifier: Apache-2.0
#include "xclient.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "godwit/base/text.hpp"
#include "godwit/smtp/dsn_parameters.hpp"

namespace godwit::smtp {
namespace {

// The attribute is known to be unknown.
bool is_unavailable(std::string_view value) {
  return base::iequals(value, "[UNAVAILABLE]") || base::iequals(value, "[TEMPUNAVAIL]");
}

std::optional<base::IpAddress> read_address(std::string_view value) {
  constexpr std::string_view tag = "IPV6:";
  const bool tagged = base::istarts_with(value, tag);
  const auto address = base::IpAddress::parse(tagged ? value.substr(tag.size()) : value);
  if (!address || (tagged && address->is_v4())) return {};
  return address;
}

bool read_protocol(std::string_view value, ClaimedClient& client) {
  client.extended = base::iequals(value, "ESMTP");
  return *client.extended || base::iequals(value, "SMTP");
}

// Of the server that the client thinks it talks to, and its port: nothing here goes by them.
bool is_informative(std::string_view name) {
  constexpr std::array<std::string_view, 3> names = {"PORT", "DESTADDR", "DESTPORT"};
  return std::ranges::any_of(names, [&](auto each) { return base::iequals(each, name); });
}

bool read_attribute(std::string_view name, const std::string& value, ClaimedClient& client) {
  const bool unknown = is_unavailable(value);
  if (base::iequals(name, "ADDR")) {
    client.address = unknown ? std::nullopt : read_address(value);
    client.anonymous = unknown;
    return unknown || client.address;
  }
  if (base::iequals(name, "PROTO")) return unknown || read_protocol(value, client);
  const auto text = unknown ? std::string() : value;
  if (base::iequals(name, "NAME"))
    client.name = text;
  else if (base::iequals(name, "HELO"))
    client.hello = text;
  else if (base::iequals(name, "LOGIN"))
    client.account = text;
  else
    return is_informative(name);
  return true;
}

}  // namespace

std::expected<ClaimedClient, FixedReply> parse_xclient(std::string_view argument) {
  if (argument.empty()) return std::unexpected(replies::xclient_syntax);
  ClaimedClient client;
  for (const auto word : base::split(argument, ' ')) {
    if (word.empty()) continue;
    const auto equals = word.find('=');
    if (equals == std::string_view::npos) return std::unexpected(replies::xclient_syntax);
    const auto value = read_xtext(word.substr(equals + 1));
    if (!value || value->empty() || !read_attribute(word.substr(0, equals), *value, client))
      return std::unexpected(replies::xclient_syntax);
  }
  return client;
}

}  // namespace godwit::smtp
