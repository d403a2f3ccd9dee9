// SPDX-License-Identifier: Apache-2.0
#include "spf_record.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "characters.hpp"
#include "godwit/base/text.hpp"
#include "spf_macro.hpp"

namespace godwit::mailauth {
namespace {

constexpr std::string_view version = "v=spf1";

std::unexpected<base::Error> wrong(std::string_view term) {
  return base::fail(base::ErrorKind::invalid, "wrong term \"" + base::printable(term, 80) + "\"");
}

bool is_name_character(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
}

std::optional<SpfMechanism> mechanism_named(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, SpfMechanism>, 8> names{{{"all", SpfMechanism::all},
                                                                                   {"include", SpfMechanism::include},
                                                                                   {"a", SpfMechanism::a},
                                                                                   {"mx", SpfMechanism::mx},
                                                                                   {"ptr", SpfMechanism::ptr},
                                                                                   {"ip4", SpfMechanism::ip},
                                                                                   {"ip6", SpfMechanism::ip},
                                                                                   {"exists", SpfMechanism::exists}}};
  const auto* found = std::ranges::find_if(names, [&](const auto& one) { return base::iequals(one.first, name); });
  if (found == names.end()) return {};
  return found->second;
}

// "0", or digits that do not begin with one.
std::optional<int> parse_prefix(std::string_view digits, int most) {
  if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits.front() == '0')) return {};
  const auto value = base::parse_unsigned(digits);
  if (!value || *value > static_cast<std::uint64_t>(most)) return {};
  return static_cast<int>(*value);
}

// Takes "/" (or "//") and digits off the end, as far as they are there.
std::optional<std::string_view> take_prefix(std::string_view& text, std::string_view slashes) {
  const auto last = text.find_last_not_of("0123456789");
  const auto end = last == std::string_view::npos ? 0 : last + 1;
  if (end == text.size() || !text.substr(0, end).ends_with(slashes)) return {};
  const auto digits = text.substr(end);
  text = text.substr(0, end - slashes.size());
  return digits;
}

// Section 5.3: [ip4-cidr-length] [ "/" ip6-cidr-length ].
bool take_prefixes(std::string_view& text, SpfDirective& directive) {
  if (const auto digits = take_prefix(text, "//")) {
    const auto prefix = parse_prefix(*digits, 128);
    if (!prefix) return false;
    directive.prefix6 = *prefix;
  }
  if (const auto digits = take_prefix(text, "/")) {
    const auto prefix = parse_prefix(*digits, 32);
    if (!prefix) return false;
    directive.prefix4 = *prefix;
  }
  return true;
}

bool read_network(std::string_view name, std::string_view text, SpfDirective& directive) {
  const bool v4 = base::iequals(name, "ip4");
  const int most = v4 ? 32 : 128;
  int prefix = most;
  if (const auto digits = take_prefix(text, "/")) {
    const auto parsed = parse_prefix(*digits, most);
    if (!parsed) return false;
    prefix = *parsed;
  }
  const auto address = base::IpAddress::parse(text);
  if (!address || (v4 && text.find(':') != std::string_view::npos) || (!v4 && text.find(':') == std::string_view::npos))
    return false;
  // A mapped address is written in the notation of IPv6, but means an IPv4 network.
  if (!v4 && address->is_v4()) prefix = std::max(0, prefix - 96);
  directive.network = base::IpNetwork(*address, prefix);
  return true;
}

std::optional<SpfDirective> parse_directive(std::string_view term) {
  SpfDirective directive;
  directive.text = term;
  switch (term.front()) {
    case '-':
      directive.result = SpfResult::fail;
      break;
    case '~':
      directive.result = SpfResult::soft_fail;
      break;
    case '?':
      directive.result = SpfResult::neutral;
      break;
    default:
      break;
  }
  if (std::string_view("+-~?").find(term.front()) != std::string_view::npos) term.remove_prefix(1);
  const auto name = term.substr(0, term.find_first_of(":/"));
  auto rest = term.substr(name.size());
  const auto mechanism = mechanism_named(name);
  if (!mechanism) return {};
  directive.mechanism = *mechanism;
  if (*mechanism == SpfMechanism::all) return rest.empty() ? std::optional(std::move(directive)) : std::nullopt;
  if (*mechanism == SpfMechanism::ip) {
    if (!rest.starts_with(':') || !read_network(name, rest.substr(1), directive)) return {};
    return directive;
  }
  const bool has_prefixes = *mechanism == SpfMechanism::a || *mechanism == SpfMechanism::mx;
  if (has_prefixes && !take_prefixes(rest, directive)) return {};
  if (rest.empty()) {
    const bool needs_domain = *mechanism == SpfMechanism::include || *mechanism == SpfMechanism::exists;
    return needs_domain ? std::nullopt : std::optional(std::move(directive));
  }
  if (!rest.starts_with(':') || !is_domain_spec(rest.substr(1))) return {};
  directive.domain = rest.substr(1);
  return directive;
}

// Section 6: name "=" and a macro-string; empty: it is no modifier.
std::optional<std::pair<std::string_view, std::string_view>> split_modifier(std::string_view term) {
  const auto equals = term.find('=');
  if (equals == std::string_view::npos || equals == 0 || !is_letter(term.front())) return {};
  const auto name = term.substr(0, equals);
  if (!std::ranges::all_of(name, is_name_character)) return {};
  return std::pair(name, term.substr(equals + 1));
}

bool take_modifier(std::string_view name, std::string_view value, SpfRecord& record) {
  std::string* known = nullptr;
  if (base::iequals(name, "redirect")) known = &record.redirect;
  if (base::iequals(name, "exp")) known = &record.explanation;
  if (known == nullptr) return is_macro_string(value, MacroPlace::domain);
  if (!known->empty() || !is_domain_spec(value)) return false;
  *known = value;
  return true;
}

}  // namespace

bool is_spf_record(std::string_view text) {
  return base::istarts_with(text, version) && (text.size() == version.size() || text[version.size()] == ' ');
}

base::Result<SpfRecord> parse_spf_record(std::string_view text) {
  SpfRecord record;
  text.remove_prefix(version.size());
  for (const auto term : base::split(text, ' ')) {
    if (term.empty()) continue;
    if (const auto modifier = split_modifier(term)) {
      if (!take_modifier(modifier->first, modifier->second, record)) return wrong(term);
      continue;
    }
    auto directive = parse_directive(term);
    if (!directive) return wrong(term);
    record.directives.push_back(std::move(*directive));
  }
  return record;
}

}  // namespace godwit::mailauth
