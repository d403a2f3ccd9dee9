// SPDX-License-Identifier: Apache-2.0
#include "sts_rule.hpp"

#include <algorithm>

namespace godwit::route {
namespace {

// Records that could not be used speak for nobody, so that such a host is still to be bound.
bool has_dane(const Host& host) {
  return host.tls.level == TlsLevel::dane;
}

}  // namespace

bool may_be_bound(const TlsRule& rule) {
  return rule.source != "route" && rule.level != TlsLevel::none;
}

bool can_be_bound(const SmtpHop& hop) {
  return !std::ranges::all_of(hop.hosts, has_dane);
}

void apply_sts(const StsVerdict& verdict, SmtpHop& hop) {
  hop.reporting.sts = verdict.policy;
  hop.reporting.problem = verdict.problem;
  hop.reporting.why = verdict.why;
  if (!verdict.policy) return;
  // In testing mode too the policy tells whose hosts they are.
  for (auto& host : hop.hosts)
    if (sts_allows(*verdict.policy, host.name)) host.proofs = {host.name};
  if (verdict.policy->mode != StsPolicy::Mode::enforce) return;
  for (auto& host : hop.hosts) {
    if (has_dane(host) || !host.tls.skip.empty()) continue;  // what forbids a host stays
    host.tls = {.level = TlsLevel::verify, .names = {host.name}, .source = "mta-sts"};
    if (!sts_allows(*verdict.policy, host.name)) host.tls.skip = not_in_sts_policy;
  }
}

}  // namespace godwit::route
