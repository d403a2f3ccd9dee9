// SPDX-License-Identifier: Apache-2.0
// What is right key by key and wrong together, of the checks that are listed.
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "findings.hpp"
#include "meaning.hpp"

namespace godwit::config {
namespace {

class PolicyChecks : Findings {
 public:
  using Findings::Findings;

  void lists();
  void sections();
  void dns_lists();
  void of_tokens();

 private:
  void list(const std::string& key, const std::vector<std::string>& names);

  std::set<std::string, std::less<>> listed_;
};

void PolicyChecks::list(const std::string& key, const std::vector<std::string>& names) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!seen.insert(names[i]).second)
      error(fmt::format("{}[{}]", key, i), fmt::format("{} is listed twice", names[i]));
  listed_.insert(names.begin(), names.end());
}

void PolicyChecks::lists() {
  const auto& checks = settings_.policy.checks;
  list("policy.checks.mx", checks.mx);
  list("policy.checks.submission", checks.submission);
  list("policy.checks.local", checks.local);
  const auto& listeners = settings_.server.listeners;
  for (std::size_t i = 0; i < listeners.size(); ++i)
    if (listeners[i].checks) list(fmt::format("listeners[{}].checks", i), *listeners[i].checks);
}

// What comes over HTTP passes the checks of the service: a listener's own are not asked.
void PolicyChecks::of_tokens() {
  const auto hands_in = [](const auto& token) { return !token.account.empty(); };
  if (std::ranges::none_of(settings_.control.tokens, hands_in)) return;
  const auto& listeners = settings_.server.listeners;
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const auto& own = listeners[i].checks;
    if (listeners[i].service == smtp::Service::submission && own && *own != settings_.policy.checks.submission)
      warn(fmt::format("listeners[{}].checks", i),
           "what tokens hand in over HTTP does not pass these, but policy.checks.submission");
  }
}

void PolicyChecks::sections() {
  for (const auto name : policy::check_names) {
    const auto key = fmt::format("policy.{}", name);
    if (is_set(key) && !listed_.contains(name))
      warn(key, fmt::format("never asked: no list of checks names {} (policy.checks.mx)", name));
  }
}

void PolicyChecks::dns_lists() {
  const auto& lists = settings_.policy.dns_lists.lists;
  if (listed_.contains("dns_lists") && lists.empty())
    warn("policy.checks", "dns_lists asks nobody: policy.dns_lists.lists is empty");
  for (std::size_t i = 0; i < lists.size(); ++i)
    if (lists[i].score == 0) warn(fmt::format("policy.dns_lists.lists[{}].score", i), "a score of 0 changes nothing");
}

}  // namespace

void check_policy(Loaded& loaded) {
  PolicyChecks checks(loaded);
  checks.lists();
  checks.sections();
  checks.dns_lists();
  checks.of_tokens();
}

}  // namespace godwit::config
