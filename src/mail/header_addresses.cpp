// SPDX-License-Identifier: Apache-2.0
// The addresses of a whole header; address_list.cpp reads those of one field.
#include <algorithm>
#include <array>
#include <cassert>
#include <ranges>

#include "field_sections.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/address_list.hpp"
#include "header_line.hpp"

namespace godwit::mail {
namespace {

constexpr std::array<std::string_view, 3> of_senders{"from", "sender", "reply-to"};
constexpr std::array<std::string_view, 3> of_recipients{"to", "cc", "bcc"};

bool is_one_of(const auto& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

TextSpan moved(TextSpan span, std::size_t by) {
  return {.begin = span.begin + by, .end = span.end + by};
}

}  // namespace

std::vector<HeaderAddress> header_addresses(std::string_view section) {
  constexpr std::string_view resent = "resent-";
  std::vector<HeaderAddress> found;
  for (const auto raw : split_section(section)) {
    const auto lower = base::to_lower(raw.substr(0, field_name_length(raw)));
    auto name = std::string_view(lower);
    if (name.starts_with(resent)) name.remove_prefix(resent.size());
    const bool is_sender = is_one_of(of_senders, name);
    if (!is_sender && !is_one_of(of_recipients, name)) continue;
    const auto body = raw.find(':') + 1;
    auto list = parse_address_list(raw.substr(body));
    if (!list) continue;
    const auto offset = static_cast<std::size_t>(raw.data() - section.data()) + body;
    for (auto& one : *list) {
      if (one.mailbox.domain.empty()) continue;
      one.local = moved(one.local, offset);
      one.domain = moved(one.domain, offset);
      found.push_back({.address = std::move(one), .is_sender = is_sender});
    }
  }
  return found;
}

std::string replace_addresses(std::string_view section, const std::vector<HeaderAddress>& addresses,
                              const std::vector<smtp::Mailbox>& by) {
  assert(addresses.size() == by.size());
  std::string result;
  std::size_t copied = 0;
  const auto replace = [&](const TextSpan& span, std::string_view text) {
    result += section.substr(copied, span.begin - copied);
    result += text;
    copied = span.end;
  };
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const auto& [mailbox, local, domain] = addresses[i].address;
    if (by[i].local != mailbox.local) replace(local, to_string(smtp::Mailbox{.local = by[i].local, .domain = {}}));
    if (by[i].domain != mailbox.domain) replace(domain, by[i].domain);
  }
  result += section.substr(copied);
  return result;
}

}  // namespace godwit::mail
