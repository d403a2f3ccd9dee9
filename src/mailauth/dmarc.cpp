// SPDX-License-Identifier: Apache-2.0
#include "godwit/mailauth/dmarc.hpp"

#include <algorithm>
#include <utility>

#include "dmarc_inquiry.hpp"
#include "domain.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/address_list.hpp"

namespace godwit::mailauth {
namespace {

using boost::asio::awaitable;
using Found = DmarcInquiry::Found;

awaitable<DmarcPolicy> policy_that_applies(DmarcInquiry& inquiry, Found found, std::string domain) {
  const auto& record = found.record;
  if (found.domain == domain) co_return record.policy;
  if (record.non_existent) {
    const bool there = co_await inquiry.exists(domain);
    if (!there) co_return *record.non_existent;
  }
  co_return record.subdomains.value_or(record.policy);
}

// t=y: one step milder (section 4.7).
DmarcPolicy milder(DmarcPolicy policy) {
  return policy == DmarcPolicy::reject ? DmarcPolicy::quarantine : DmarcPolicy::none;
}

}  // namespace

std::string_view to_string(DmarcResult result) {
  switch (result) {
    case DmarcResult::none:
      return "none";
    case DmarcResult::pass:
      return "pass";
    case DmarcResult::fail:
      return "fail";
    case DmarcResult::temp_error:
      return "temperror";
    case DmarcResult::perm_error:
      break;
  }
  return "permerror";
}

awaitable<DmarcVerdict> check_dmarc(dns::Resolver& resolver, DmarcQuery query) {
  DmarcVerdict verdict;
  verdict.domain = base::to_lower(query.domain);
  DmarcInquiry inquiry(resolver, query.organizational_domain);
  auto found = co_await inquiry.policy_for(verdict.domain);
  // The one that could not be looked up may be nearer, and say something else.
  if (found ? inquiry.failed_below(found->domain) : !inquiry.temporary().empty()) {
    verdict.result = DmarcResult::temp_error;
    verdict.reason = "DNS: " + inquiry.temporary();
    co_return verdict;
  }
  if (!found) co_return verdict;
  verdict.policy_domain = found->domain;
  verdict.record = found->record;
  const auto& record = verdict.record;
  std::vector<std::string> passed, undecided;  // by SPF
  if (!query.spf_domain.empty()) passed.push_back(base::to_lower(query.spf_domain));
  if (!query.spf_undecided.empty()) undecided.push_back(base::to_lower(query.spf_undecided));
  verdict.spf_aligned = co_await inquiry.is_any_aligned(verdict.domain, std::move(passed), record.strict_spf);
  verdict.dkim_aligned =
      co_await inquiry.is_any_aligned(verdict.domain, std::move(query.dkim_domains), record.strict_dkim);
  verdict.published = co_await policy_that_applies(inquiry, std::move(*found), verdict.domain);
  if (verdict.spf_aligned || verdict.dkim_aligned) {
    verdict.result = DmarcResult::pass;
    co_return verdict;
  }
  // Section 5.3.2: what may pass once it can be looked up has not failed.
  bool may_pass = co_await inquiry.is_any_aligned(verdict.domain, std::move(query.dkim_undecided), record.strict_dkim);
  if (!may_pass) may_pass = co_await inquiry.is_any_aligned(verdict.domain, std::move(undecided), record.strict_spf);
  if (may_pass) {
    verdict.result = DmarcResult::temp_error;
    verdict.reason = "SPF or DKIM cannot be decided now";
    co_return verdict;
  }
  verdict.result = DmarcResult::fail;
  verdict.wanted = record.is_testing ? milder(verdict.published) : verdict.published;
  co_return verdict;
}

base::Result<std::vector<std::string>> author_domains(const mail::Header& header) {
  std::vector<std::string> domains;
  for (const auto& field : header.fields()) {
    if (!base::iequals(field.name, "From")) continue;
    const auto addresses = mail::parse_address_list(field.body);
    if (!addresses) return std::unexpected(addresses.error());
    for (const auto& address : *addresses) {
      const auto& domain = address.mailbox.domain;
      if (!is_domain_name(domain)) return base::fail(base::ErrorKind::invalid, "From has an address without a domain");
      if (std::ranges::find(domains, domain) == domains.end()) domains.push_back(domain);
      if (domains.size() > most_authors) return base::fail(base::ErrorKind::invalid, "From has too many domains");
    }
  }
  if (domains.empty()) return base::fail(base::ErrorKind::invalid, "there is no From");
  return domains;
}

}  // namespace godwit::mailauth
