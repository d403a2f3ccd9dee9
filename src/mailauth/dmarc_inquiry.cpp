// SPDX-License-Identifier: Apache-2.0
#include "dmarc_inquiry.hpp"

#include <algorithm>
#include <utility>

#include "domain.hpp"
#include "godwit/base/text.hpp"

namespace godwit::mailauth {
namespace {

using boost::asio::awaitable;
using Found = DmarcInquiry::Found;
using Suffix = DmarcRecord::Suffix;

constexpr std::size_t most_labels = 7;  // of a domain above the first one of a tree walk (RFC 9989 section 4.10)

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

// Section 4.10.2.
std::string organization_in(const std::vector<Found>& found, const std::string& domain) {
  if (found.empty()) return domain;
  const auto& last = found.back();  // the one with the fewest labels, and the only one that can have psd=
  if (last.record.suffix == Suffix::yes && last.domain != domain)
    return last_labels(domain, count_labels(last.domain) + 1);
  return last.domain;
}

}  // namespace

// Several records at one name are none.
awaitable<std::optional<DmarcRecord>> DmarcInquiry::record_at(std::string domain) {
  auto name = "_dmarc." + domain;
  const auto answer = co_await resolver_.txt(std::move(name));
  if (answer.status == dns::Status::temporary) {
    temporary_ = answer.why.empty() ? "no answer" : answer.why;
    failed_.push_back(domain);
  }
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

bool DmarcInquiry::failed_below(std::string_view domain) const {
  return std::ranges::any_of(
      failed_, [&](const auto& one) { return one.size() > domain.size() && is_same_or_below(one, domain); });
}

// Section 4.10: from the domain upwards, 8 look-ups at most.
awaitable<std::vector<Found>> DmarcInquiry::walk(std::string domain) {
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

awaitable<std::string> DmarcInquiry::organization_of(std::string domain) {
  if (other_rule_) co_return other_rule_(domain);
  const auto found = co_await walk(domain);
  co_return organization_in(found, domain);
}

// Section 4.10.1: of the domain itself, else of its organisation, else of the public suffix.
awaitable<std::optional<Found>> DmarcInquiry::policy_for(std::string domain) {
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
  const auto organizational = organization_in(found, domain);
  auto at = std::ranges::find(found, organizational, &Found::domain);
  if (at == found.end()) at = found.end() - 1;
  co_return std::move(*at);
}

awaitable<bool> DmarcInquiry::is_aligned(std::string author, std::string other, bool strict) {
  if (base::iequals(author, other)) co_return true;
  const auto top = [](std::string_view domain) { return domain.substr(domain.rfind('.') + 1); };
  if (strict || other.empty() || top(author) != top(other)) co_return false;
  const auto ours = co_await organization_of(std::move(author));
  const auto theirs = co_await organization_of(std::move(other));
  co_return ours == theirs;
}

awaitable<bool> DmarcInquiry::is_any_aligned(std::string author, std::vector<std::string> others, bool strict) {
  for (auto& other : others) {
    auto asking = is_aligned(author, std::move(other), strict);
    const bool aligned = co_await std::move(asking);
    if (aligned) co_return true;
  }
  co_return false;
}

// Section 4.7, np: a domain without A, AAAA and MX.  What cannot be looked up exists.
awaitable<bool> DmarcInquiry::exists(std::string domain) {
  const auto v4 = co_await resolver_.addresses(domain, dns::Family::v4);
  if (v4.status == dns::Status::no_name) co_return false;
  if (v4.status != dns::Status::no_data) co_return true;
  const auto v6 = co_await resolver_.addresses(domain, dns::Family::v6);
  if (v6.status != dns::Status::no_data) co_return true;
  const auto mx = co_await resolver_.mx(std::move(domain));
  co_return mx.status != dns::Status::no_data;
}

}  // namespace godwit::mailauth
