// SPDX-License-Identifier: Apache-2.0
#include "dmarc_row.hpp"

#include <algorithm>
#include <optional>

#include "godwit/mail/dmarc_report.hpp"

namespace godwit::policy {
namespace {

using mail::DmarcReport;
using mailauth::DmarcPolicy;
using mailauth::DmarcResult;

constexpr std::size_t most_reported_signatures = 8;

std::string policy_name(const std::optional<DmarcPolicy>& policy) {
  return policy ? std::string(to_string(*policy)) : std::string();
}

DmarcReport::Policy policy_of(const DmarcObserved& observed) {
  const auto& record = observed.dmarc.record;
  return {.domain = observed.dmarc.policy_domain,
          .discovery = observed.by_public_suffix_list ? "psl" : "treewalk",
          .p = std::string(to_string(record.policy)),
          .sp = policy_name(record.subdomains),
          .np = policy_name(record.non_existent),
          .strict_dkim = record.strict_dkim,
          .strict_spf = record.strict_spf,
          .testing = record.is_testing};
}

// Section 3.1.1.6 of RFC 9990: what was done, and why where it is not what was asked for.
void judge(const DmarcObserved& observed, DmarcReport::Row& row) {
  const auto& verdict = observed.dmarc;
  row.disposition = "none";
  if (verdict.published == DmarcPolicy::none) return;
  if (verdict.result == DmarcResult::pass) {
    row.disposition = "pass";
    return;
  }
  if (observed.applied) row.disposition = to_string(verdict.wanted);
  if (observed.vouched_for) {
    row.reason = "trusted_forwarder";
    row.comment = "arc=pass";
  } else if (!observed.applied) {
    row.reason = "local_policy";
    row.comment = "policies are not applied here";
  } else if (verdict.wanted != verdict.published) {
    row.reason = "policy_test_mode";
  }
}

// Section 3.1.3: those that pass first, and first of all those of the author's domain.
std::vector<DmarcReport::Signature> signatures_of(const DmarcObserved& observed) {
  auto dkim = observed.dkim;
  const auto rank = [&](const mailauth::DkimVerdict& one) {
    return one.result != mailauth::DkimResult::pass ? 2 : one.domain != observed.dmarc.domain ? 1 : 0;
  };
  std::ranges::stable_sort(dkim, {}, rank);
  std::vector<DmarcReport::Signature> signatures;
  for (const auto& one : dkim) {
    if (one.domain.empty() || signatures.size() == most_reported_signatures) continue;
    signatures.push_back(
        {.domain = one.domain, .selector = one.selector, .result = std::string(to_string(one.result))});
  }
  return signatures;
}

}  // namespace

bool is_reported(const mailauth::DmarcVerdict& verdict) {
  return !verdict.record.reports.empty() &&
         (verdict.result == DmarcResult::pass || verdict.result == DmarcResult::fail);
}

state::DmarcCounts::Row row_of(const DmarcObserved& observed) {
  DmarcReport::Row row;
  row.dkim = observed.dmarc.dkim_aligned;
  row.spf = observed.dmarc.spf_aligned;
  judge(observed, row);
  row.header_from = observed.dmarc.domain;
  row.envelope_from = observed.envelope_from;
  row.signatures = signatures_of(observed);
  row.spf_domain = observed.spf_domain;
  row.spf_result = to_string(observed.spf);
  return {.domain = observed.dmarc.policy_domain,
          .policy = dmarc_policy_xml(policy_of(observed)),
          .source = to_string(observed.client),
          .rest = dmarc_row_xml(row)};
}

}  // namespace godwit::policy
