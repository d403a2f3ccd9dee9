// SPDX-License-Identifier: Apache-2.0
// What a domain says of TLS (MTA-STS and its reports): a policy is read as it is written in reports, patterns name
// hosts and nothing else, and what records want told goes to addresses and https alone.
#include "fuzz/fuzz.hpp"
#include "godwit/mail/tls_report.hpp"
#include "godwit/net/url.hpp"
#include "godwit/route/mta_sts.hpp"

namespace godwit::fuzz {
namespace {

void check(const route::StsPolicy& policy) {
  require(policy.mx.size() <= route::most_sts_patterns && policy.max_age <= route::longest_sts_age);
  require(policy.max_age.count() >= 0 && (!policy.mx.empty() || policy.mode == route::StsPolicy::Mode::none));
  std::string text;
  for (const auto& line : route::sts_lines(policy)) {
    require(is_printable(line));
    text += line + "\r\n";
  }
  const auto again = route::parse_sts_policy(text);
  require(again && *again == policy);
  for (const auto& pattern : policy.mx) {
    const bool wild = pattern.starts_with("*.");
    require(pattern.find('*', wild ? 1 : 0) == std::string::npos);
    require(route::sts_allows(policy, wild ? "host" + pattern.substr(1) : pattern));
  }
}

}  // namespace

void fuzz_sts_policy(std::string_view input) {
  if (const auto policy = route::parse_sts_policy(input))
    check(*policy);
  else
    require(is_printable(policy.error().message));
  std::vector<std::string> records;
  while (!input.empty()) records.emplace_back(take_until(input, "\n"));
  require(is_printable(route::sts_record_id(records)));
  const auto wish = mail::parse_tls_report_records(records);
  require(wish.addresses.size() <= mail::TlsReportWish::most && wish.urls.size() <= mail::TlsReportWish::most);
  for (const auto& address : wish.addresses) require(is_one_line(to_string(address)) && !address.domain.empty());
  for (const auto& url : wish.urls) {
    require(is_printable(url));
    if (const auto parsed = net::parse_url(url)) require(parsed->tls);
  }
}

}  // namespace godwit::fuzz
