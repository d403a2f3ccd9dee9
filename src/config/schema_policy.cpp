// SPDX-License-Identifier: Apache-2.0
// The keys of the checks that mail of strangers passes.
#include <chrono>

#include "schema.hpp"

namespace godwit::config {
namespace {

using namespace std::chrono_literals;
using policy::CheckAction;

Type<CheckAction> check_action() {
  return word<CheckAction>({{"none", CheckAction::none},
                            {"defer", CheckAction::defer},
                            {"reject", CheckAction::reject},
                            {"quarantine", CheckAction::quarantine}});
}

Type<policy::ReverseDnsSettings::Required> required_name() {
  using Required = policy::ReverseDnsSettings::Required;
  return word<Required>({{"any", Required::any}, {"verified", Required::verified}});
}

}  // namespace

Type<std::vector<std::string>> check_list() {
  std::vector<std::pair<std::string, std::string>> names;
  for (const auto& name : policy::check_names) names.emplace_back(name, name);
  return list_of(word<std::string>(names));
}

Fields<Document> policy_part() {
  return {
      field(
          "policy.checks.mx", [](auto& d) -> auto& { return d.settings.policy.checks.mx; }, check_list(),
          "Checks of mail on listeners of service mx, in the order in which they are asked, from the first recipient "
          "on; "
          "the first that refuses decides. Each has a section of its own below"),
      field(
          "policy.checks.submission", [](auto& d) -> auto& { return d.settings.policy.checks.submission; },
          check_list(), "The same on service submission; checks that are about strangers pass over users"),
      field(
          "policy.checks.local", [](auto& d) -> auto& { return d.settings.policy.checks.local; }, check_list(),
          "The same of mail of this host's programs"),
      field(
          "policy.timeout", [](auto& d) -> auto& { return d.settings.policy.checks.timeout; }, duration(100ms, 5min),
          "For one answer of one check. One that takes longer is passed over, as if it had no opinion, until the "
          "connection ends (`check_failed` in the log)"),
      field(
          "policy.exempt_recipients", [](auto& d) -> auto& { return d.settings.policy.checks.exempt_recipients; },
          list_of(text(), Single::accept),
          "Local parts to which no check refuses mail before its content was seen, so that who is refused wrongly can "
          "write to somebody"),
      field(
          "policy.reverse_dns.require", [](auto& d) -> auto& { return d.settings.policy.reverse_dns.require; },
          required_name(),
          "Check reverse_dns: what the client's address must have. `any`: a name; `verified`: a name that leads back "
          "to "
          "it"),
      field(
          "policy.reverse_dns.action", [](auto& d) -> auto& { return d.settings.policy.reverse_dns.action; },
          check_action(), "What becomes of mail from others (`550 5.7.25`); what cannot be looked up passes"),
      field(
          "policy.hello.own_name", [](auto& d) -> auto& { return d.settings.policy.hello.own_name; }, check_action(),
          "Check hello: mail of strangers that say our own `hostname` in HELO or EHLO"),
      field(
          "policy.hello.bad_name", [](auto& d) -> auto& { return d.settings.policy.hello.bad_name; }, check_action(),
          "The same of names that are none: an address without brackets or that of another, a word without a dot, odd "
          "characters"),
      field(
          "policy.hello.unknown_name", [](auto& d) -> auto& { return d.settings.policy.hello.unknown_name; },
          check_action(), "The same of names without an address or MX in DNS; what cannot be looked up passes"),
  };
}

}  // namespace godwit::config
