// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/header_rules.hpp"

#include "field_sections.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/mail/safe_text.hpp"
#include "header_line.hpp"

namespace godwit::mail {
namespace {

bool is_meant(const HeaderRule& rule, std::string_view raw) {
  if (!base::iequals(raw.substr(0, field_name_length(raw)), rule.field)) return false;
  return rule.matching == "*" || base::matches_pattern(rule.matching, unfold(raw.substr(raw.find(':') + 1)));
}

std::string apply_rule(std::string_view section, const HeaderRule& rule, std::vector<std::string>& done) {
  std::string result;
  bool changed = rule.action == HeaderRule::Action::add;
  for (const auto raw : split_section(section)) {
    const bool passes = rule.action == HeaderRule::Action::add || !is_meant(rule, raw);
    if (passes)
      result += raw;
    else if (rule.action == HeaderRule::Action::replace)
      result += folded_field(rule.field, rule.value);
    changed = changed || !passes;
  }
  if (rule.action == HeaderRule::Action::add) result += folded_field(rule.field, rule.value);
  constexpr std::string_view signs = "-=+";  // in the order of the actions
  if (changed) done.push_back(signs[static_cast<std::size_t>(rule.action)] + rule.field);
  return result;
}

}  // namespace

std::string apply_header_rules(std::string_view section, const std::vector<HeaderRule>& rules,
                               std::vector<std::string>& done) {
  std::string result(section);
  for (const auto& rule : rules) result = apply_rule(result, rule, done);
  return result;
}

}  // namespace godwit::mail
