// SPDX-License-Identifier: Apache-2.0
#include "client_capabilities.hpp"

#include <algorithm>

#include "godwit/base/text.hpp"

namespace godwit::smtp {
namespace {

struct Flag {
  std::string_view keyword;
  bool PeerCapabilities::*member;
};
constexpr Flag flags[] = {
    {"PIPELINING", &PeerCapabilities::pipelining},
    {"8BITMIME", &PeerCapabilities::eight_bit_mime},
    {"STARTTLS", &PeerCapabilities::starttls},
    {"DSN", &PeerCapabilities::dsn},
    {"REQUIRETLS", &PeerCapabilities::require_tls},
    {"SMTPUTF8", &PeerCapabilities::smtputf8},
    {"CHUNKING", &PeerCapabilities::chunking},
    {"BINARYMIME", &PeerCapabilities::binary_mime},
    {"DELIVERBY", &PeerCapabilities::deliver_by},
    {"MT-PRIORITY", &PeerCapabilities::priority},
    {"ENHANCEDSTATUSCODES", &PeerCapabilities::enhanced_status_codes},
};

// RFC 9422 section 4.
void read_limit(std::string_view limit, PeerCapabilities& offered) {
  const auto equals = limit.find('=');
  if (equals == std::string_view::npos) return;
  const auto name = limit.substr(0, equals);
  const auto value = base::parse_unsigned(limit.substr(equals + 1)).value_or(0);
  if (base::iequals(name, "RCPTMAX")) offered.most_recipients = value;
  if (base::iequals(name, "MAILMAX")) offered.most_messages = value;
  if (base::iequals(name, "RCPTDOMAINMAX")) offered.most_domains = value;
}

void read_keyword(std::string_view line, PeerCapabilities& offered) {
  constexpr std::string_view old_auth = "AUTH=";  // as servers wrote it before RFC 2554
  const bool is_old_auth = base::istarts_with(line, old_auth);
  const auto keyword = is_old_auth ? line.substr(0, old_auth.size() - 1) : line.substr(0, line.find(' '));
  const auto parameters = base::trim(line.substr(std::min(line.size(), keyword.size() + 1)));
  for (const auto& flag : flags)
    if (base::iequals(keyword, flag.keyword)) offered.*flag.member = true;
  if (base::iequals(keyword, "SIZE")) {
    offered.size = true;
    offered.size_limit = base::parse_unsigned(parameters).value_or(0);
  }
  if (base::iequals(keyword, "LIMITS"))
    for (const auto limit : base::split(parameters, ' ')) read_limit(limit, offered);
  if (base::iequals(keyword, "AUTH"))
    for (const auto mechanism : base::split(parameters, ' '))
      if (!mechanism.empty()) offered.auth.push_back(base::to_upper(mechanism));
}

}  // namespace

PeerCapabilities read_capabilities(const Reply& reply) {
  PeerCapabilities offered;
  offered.esmtp = true;
  for (std::size_t i = 1; i < reply.lines.size(); ++i)
    read_keyword(base::trim(reply.lines[i]), offered);  // 0: the name
  return offered;
}

}  // namespace godwit::smtp
