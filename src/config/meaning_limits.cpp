// SPDX-License-Identifier: Apache-2.0
// What is right key by key and wrong together, of the rules of policy.limits.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "findings.hpp"
#include "meaning.hpp"

namespace godwit::config {
namespace {

using policy::LimitBy;
using policy::Limited;

class LimitChecks : Findings {
 public:
  using Findings::Findings;

  void rules() {
    const auto& rules = settings_.policy.limits;
    for (std::size_t i = 0; i < rules.size(); ++i) rule(fmt::format("policy.limits[{}]", i), rules[i]);
  }

 private:
  void rule(const std::string& key, const policy::LimitRule& rule) {
    if (!is_set(key + ".by")) return;  // which is reported
    only(rule, key, Limited::connections, "connections", rule.by == LimitBy::client, "client");
    only(rule, key, Limited::new_destinations, "new_destinations", rule.by == LimitBy::account, "account");
    if (rule.by == LimitBy::recipient && !rule.of(Limited::recipients).empty())
      error(key + ".recipients", fmt::format("{}: for one recipient messages are counted", key));
    for (const auto* name : {"ipv4_prefix", "ipv6_prefix"})
      if (rule.by != LimitBy::client && is_set(fmt::format("{}.{}", key, name)))
        error(fmt::format("{}.{}", key, name), fmt::format("{}: {} means something by client only", key, name));
    if (std::ranges::all_of(rule.rates, [](const auto& rates) { return rates.empty(); }))
      warn(key, fmt::format("{} limits nothing: say messages, recipients or bytes", key));
  }

  void only(const policy::LimitRule& rule, const std::string& key, Limited what, std::string_view name, bool fits,
            std::string_view by) {
    if (!fits && !rule.of(what).empty())
      error(fmt::format("{}.{}", key, name), fmt::format("{}: {} are counted by {} only", key, name, by));
  }
};

}  // namespace

void check_limits(Loaded& loaded) {
  LimitChecks(loaded).rules();
}

}  // namespace godwit::config
