// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/tls_report.hpp"

namespace godwit::mail {
namespace {

constexpr std::string_view version = "v=TLSRPTv1";

bool is_ours(std::string_view record) {
  if (!record.starts_with(version)) return false;
  const auto rest = base::trim(record.substr(version.size()));
  return rest.starts_with(';');
}

// One address; what may follow it in a mailto (a subject) is ignored.
bool is_visible(std::string_view uri) {
  return std::ranges::all_of(uri, [](char c) { return c > ' ' && c < '\x7F'; });
}

void add_address(std::string_view uri, TlsReportWish& wish) {
  const auto decoded = base::percent_decode(uri.substr(0, uri.find('?')));
  if (!decoded || wish.addresses.size() == TlsReportWish::most) return;
  auto address = smtp::parse_mailbox(*decoded, smtp::BareLocal::refuse, smtp::Utf8::refuse);
  if (address) wish.addresses.push_back(std::move(*address));
}

}  // namespace

TlsReportWish parse_tls_report_records(const std::vector<std::string>& records) {
  TlsReportWish wish;
  if (std::ranges::count_if(records, is_ours) != 1) return wish;
  const std::string_view record = *std::ranges::find_if(records, is_ours);
  for (const auto field : base::split(record, ';')) {
    const auto equals = field.find('=');
    if (equals == std::string_view::npos || base::trim(field.substr(0, equals)) != "rua") continue;
    for (const auto part : base::split(field.substr(equals + 1), ',')) {
      const auto uri = base::trim(part);
      if (base::istarts_with(uri, "mailto:"))
        add_address(uri.substr(7), wish);
      else if (base::istarts_with(uri, "https://") && is_visible(uri) && wish.urls.size() < TlsReportWish::most)
        wish.urls.emplace_back(uri);
    }
    break;  // the first counts
  }
  return wish;
}

}  // namespace godwit::mail
