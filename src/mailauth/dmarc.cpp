// SPDX-License-Identifier: Apache-2.0
#include "godwit/mailauth/dmarc.hpp"

#include <algorithm>
#include <utility>

#include "domain.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/address_list.hpp"

namespace godwit::mailauth {
namespace {

using boost::asio::awaitable;
using Suffix = DmarcRecord::Suffix;

constexpr std::size_t most_labels = 7;  // of a domain above the first one of a tree walk (RFC 9989 section 4.10)

struct Found {
  std::string domain;
  DmarcRecord record;
};

std::size_t count_labels(std::string_view domain) {
  return domain.empty() ? 0 : static_cast<std::size_t>(std::ranges::count(domain, '.')) + 1;
}

std::string parent_of(std::string_view domain) {
  const auto dot = domain.find('.');
  return dot == std::string_view::npos ? std::string() : std::string(domain.substr(dot + 1));
}

std::string last_labels(std::string domain, std::size_t count) {
  while (count_labels(domain) > count) domain = parent_of(domain);
  return domain;
}

class Inquiry {
 public:
  explicit Inquiry(dns::Resolver& resolver, OrganizationalDomain other_rule)
      : resolver_(resolver), other_rule_(std::move(other_rule)) {}

  awaitable<std::optional<DmarcRecord>> record_at(std::string domain);
  awaitable<std::vector<Found>> walk(std::string domain);
  awaitable<std::string> organization_of(std::string domain);
  awaitable<std::optional<Found>> policy_for(std::string domain);
  awaitable<bool> is_aligned(std::string author, std::string other, bool strict);
  awaitable<bool> exists(std::string domain);

  const std::string& temporary() const { return temporary_; }

 private:
  dns::Resolver& resolver_;
  OrganizationalDomain other_rule_;
  std::string temporary_;  // why a look-up failed for now
};

// Several records at one name are none.
awaitable<std::optional<DmarcRecord>> Inquiry::record_at(std::string domain) {
  auto name = "_dmarc." + domain;
  const auto answer = co_await resolver_.txt(std::move(name));
  if (answer.status == dns::Status::temporary) temporary_ = answer.why.empty() ? "no answer" : answer.why;
  std::optional<std::string> text;
  for (const auto& one : answer.records) {
    if (!is_dmarc_record(one)) continue;
    if (text) co_return std::nullopt;
    text = one;
  }
  if (!text) co_return std::nullopt;
  auto record = parse_dmarc_record(*text);
  if (!record) co_return std::nullopt;
  co_return std::move(*record);
}

// Section 4.10: from the domain upwards, 8 look-ups at most.
awaitable<std::vector<Found>> Inquiry::walk(std::string domain) {
  std::vector<Found> found;
  while (!domain.empty()) {
    auto record = co_await record_at(domain);
    if (record) {
      const bool ends = record->suffix != Suffix::unknown;
      found.push_back({domain, std::move(*record)});
      if (ends) break;
    }
    domain = last_labels(parent_of(domain), most_labels);
  }
  co_return found;
}

// Section 4.10.2.
std::string organization(const std::vector<Found>& found, const std::string& domain) {
  if (found.empty()) return domain;
  const auto& last = found.back();  // the one with the fewest labels, and the only one that can have psd=
  if (last.record.suffix == Suffix::yes && last.domain != domain)
    return last_labels(domain, count_labels(last.domain) + 1);
  return last.domain;
}

awaitable<std::string> Inquiry::organization_of(std::string domain) {
  if (other_rule_) co_return other_rule_(domain);
  const auto found = co_await walk(domain);
  co_return organization(found, domain);
}

// Section 4.10.1: of the domain itself, else of its organisation, else of the public suffix.
awaitable<std::optional<Found>> Inquiry::policy_for(std::string domain) {
  if (other_rule_) {
    auto at = domain;
    auto record = co_await record_at(at);
    if (!record) {
      at = other_rule_(domain);
      if (at != domain) record = co_await record_at(at);
    }
    if (!record) co_return std::nullopt;
    co_return Found{.domain = std::move(at), .record = std::move(*record)};
  }
  auto found = co_await walk(domain);
  if (found.empty()) co_return std::nullopt;
  if (found.front().domain == domain) co_return std::move(found.front());
  const auto organizational = organization(found, domain);
  auto at = std::ranges::find(found, organizational, &Found::domain);
  if (at == found.end()) at = found.end() - 1;
  co_return std::move(*at);
}

awaitable<bool> Inquiry::is_aligned(std::string author, std::string other, bool strict) {
  if (base::iequals(author, other)) co_return true;
  const auto top = [](std::string_view domain) { return domain.substr(domain.rfind('.') + 1); };
  if (strict || other.empty() || top(author) != top(other)) co_return false;
  const auto ours = co_await organization_of(std::move(author));
  const auto theirs = co_await organization_of(std::move(other));
  co_return ours == theirs;
}

// Section 4.7, np: a domain without A, AAAA and MX.  What cannot be looked up exists.
awaitable<bool> Inquiry::exists(std::string domain) {
  const auto v4 = co_await resolver_.addresses(domain, dns::Family::v4);
  if (v4.status == dns::Status::no_name) co_return false;
  if (v4.status != dns::Status::no_data) co_return true;
  const auto v6 = co_await resolver_.addresses(domain, dns::Family::v6);
  if (v6.status != dns::Status::no_data) co_return true;
  const auto mx = co_await resolver_.mx(std::move(domain));
  co_return mx.status != dns::Status::no_data;
}

awaitable<DmarcPolicy> policy_that_applies(Inquiry& inquiry, Found found, std::string domain) {
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
  Inquiry inquiry(resolver, query.organizational_domain);
  auto found = co_await inquiry.policy_for(verdict.domain);
  if (!found) {
    if (!inquiry.temporary().empty()) {
      verdict.result = DmarcResult::temp_error;
      verdict.reason = "DNS: " + inquiry.temporary();
    }
    co_return verdict;
  }
  verdict.policy_domain = found->domain;
  verdict.record = found->record;
  if (!query.spf_domain.empty()) {
    auto spf_domain = base::to_lower(query.spf_domain);
    verdict.spf_aligned = co_await inquiry.is_aligned(verdict.domain, std::move(spf_domain), found->record.strict_spf);
  }
  for (const auto& one : query.dkim_domains) {
    verdict.dkim_aligned = co_await inquiry.is_aligned(verdict.domain, one, found->record.strict_dkim);
    if (verdict.dkim_aligned) break;
  }
  verdict.published = co_await policy_that_applies(inquiry, std::move(*found), verdict.domain);
  const bool passed = verdict.spf_aligned || verdict.dkim_aligned;
  verdict.result = passed ? DmarcResult::pass : DmarcResult::fail;
  if (!passed) verdict.wanted = verdict.record.is_testing ? milder(verdict.published) : verdict.published;
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
    }
  }
  if (domains.empty()) return base::fail(base::ErrorKind::invalid, "there is no From");
  if (domains.size() > most_authors) return base::fail(base::ErrorKind::invalid, "From has too many domains");
  return domains;
}

}  // namespace godwit::mailauth
