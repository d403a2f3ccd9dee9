// SPDX-License-Identifier: Apache-2.0
#include "dns_list.hpp"

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/dns/message.hpp"

namespace godwit::policy {

std::string listed_name(const base::IpAddress& address, std::string_view zone) {
  auto name = dns::reverse_name(address);
  name.resize(name.rfind('.', name.rfind('.') - 1));  // in-addr.arpa or ip6.arpa
  return fmt::format("{}.{}", name, zone);
}

std::string listed_name(std::string_view domain, std::string_view zone) {
  if (domain.starts_with('[') || domain.find('.') == std::string_view::npos || base::IpAddress::parse(domain))
    return {};
  return fmt::format("{}.{}", base::to_lower(domain), zone);
}

ListAnswer kind_of(const base::IpAddress& answer) {
  static const auto loopback = *base::IpNetwork::parse("127.0.0.0/8");
  static const auto refusals = *base::IpNetwork::parse("127.255.255.0/24");
  if (!loopback.contains(answer)) return ListAnswer::foreign;
  return refusals.contains(answer) ? ListAnswer::refusal : ListAnswer::entry;
}

bool fits(const AnswerPattern& pattern, const base::IpAddress& answer) {
  if (!answer.is_v4()) return false;
  for (std::size_t i = 0; i < pattern.bytes.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(answer.bytes()[i]);
    if (byte < pattern.bytes[i].least || byte > pattern.bytes[i].most) return false;
  }
  return true;
}

}  // namespace godwit::policy
