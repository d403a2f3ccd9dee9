// SPDX-License-Identifier: Apache-2.0
// What is right key by key and wrong together, of rules that change mail.
#include <algorithm>

#include <fmt/format.h>

#include "findings.hpp"
#include "godwit/base/text.hpp"
#include "meaning.hpp"

namespace godwit::config {
namespace {

class RewritingChecks : Findings {
 public:
  using Findings::Findings;

  static bool hides_loops(const policy::HeaderRuleSettings& rule) {
    const auto is_relayed = [](policy::MailOrigin origin) { return origin != policy::MailOrigin::submitted; };
    return rule.rule.action != mail::HeaderRule::Action::add && base::iequals(rule.rule.field, "Received") &&
           std::ranges::any_of(rule.mail, is_relayed);
  }

  void header_rules() {
    using Action = mail::HeaderRule::Action;
    const auto& rules = settings_.policy.header_rules;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const auto key = fmt::format("header_rules[{}]", i);
      const auto action = rules[i].rule.action;
      if (action != Action::remove && !is_meant(key + ".value"))
        error(key, fmt::format("{}: what is put into {}? It needs value", key, rules[i].rule.field));
      if (action == Action::remove && is_set(key + ".value"))
        error(key + ".value", fmt::format("{}: what is removed has no value: set action to replace or add", key));
      if (action == Action::add && is_set(key + ".matching"))
        error(key + ".matching", fmt::format("{}: what is added matches nothing", key));
      if (hides_loops(rules[i]))
        error(key, fmt::format("{}: without Received a loop would never end: only submitted mail may lose it", key));
    }
  }

  void quarantine() {
    if (!settings_.dispatch.quarantine.notify)
      for (const auto* key : {"quarantine.interval", "quarantine.contact"})
        if (is_set(key)) warn(key, fmt::format("{} means nothing without quarantine.notify: true", key));
  }
};

}  // namespace

void check_rewriting(Loaded& loaded) {
  RewritingChecks checks(loaded);
  checks.header_rules();
  checks.quarantine();
}

}  // namespace godwit::config
