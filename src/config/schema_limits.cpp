// SPDX-License-Identifier: Apache-2.0
// The keys of policy.limits.
#include "schema.hpp"

namespace godwit::config {
namespace {

using policy::LimitBy;
using policy::Limited;
using policy::LimitRule;

template <Limited what>
Field<LimitRule> rates_of(std::string_view key, const Type<base::Rate>& type, std::string_view help) {
  return make_field<LimitRule>(
      key, [](auto& r) -> auto& { return r.of(what); }, list_of(type, Single::accept), help);
}

Fields<LimitRule> limit_fields() {
  return {
      make_field<LimitRule>(
          "by", [](auto& r) -> auto& { return r.by; },
          word<LimitBy>({{"client", LimitBy::client},
                         {"hello", LimitBy::hello},
                         {"sender", LimitBy::sender},
                         {"recipient", LimitBy::recipient},
                         {"account", LimitBy::account}}),
          "Whose doings are added up: of a client network, of who says the same name in HELO, of the address in MAIL "
          "FROM (reports have none and pass), to the address in RCPT TO (without detail), of an account",
          Reload::yes, Need::required),
      rates_of<Limited::connections>("connections", rate(),
                                     "New connections, by client; more are answered `421 4.7.0`"),
      rates_of<Limited::messages>("messages", rate(),
                                  "Messages (MAIL commands; by recipient: RCPT commands), such as `[100/1h, 500/1d]`; "
                                  "more are answered `450 4.7.1`"),
      rates_of<Limited::recipients>("recipients", rate(), "Recipients (RCPT commands), the same"),
      rates_of<Limited::new_destinations>("new_destinations", rate(),
                                          "By account: recipient domains that are not among the last 500 it wrote to"),
      rates_of<Limited::bytes>("bytes", byte_rate(),
                               "Bytes of messages. A message is taken while anything of it is left; what is beyond it "
                               "is waited for"),
      make_field<LimitRule>(
          "exempt", [](auto& r) -> auto& { return r.exempt; }, list_of(ip_network()),
          "Clients for whom the rule does not count, beside `trusted_networks` and programs of this host, for whom "
          "only "
          "rules by account do"),
      make_field<LimitRule>(
          "ipv4_prefix", [](auto& r) -> auto& { return r.ipv4_prefix; }, number(8, 32),
          "By client: IPv4 addresses that have so many bits in common are one"),
      make_field<LimitRule>(
          "ipv6_prefix", [](auto& r) -> auto& { return r.ipv6_prefix; }, number(16, 128), "The same of IPv6"),
  };
}

}  // namespace

Fields<Document> limits_part() {
  return {
      field(
          "policy.limits", [](auto& d) -> auto& { return d.settings.policy.limits; }, records(limit_fields()),
          "What may be done in a time, beside `limits.*_rate` and `limits.account`: rules, which all count. What a "
          "rate "
          "allows may come at once, then it comes back steadily. `godwitctl limits` shows who has used most. Each rate "
          "remembers 50000 names (some 10 MB); beyond them who has used least is forgotten"),
  };
}

}  // namespace godwit::config
