// SPDX-License-Identifier: Apache-2.0
// Reports of strangers, as mail, packed or as XML, are read within their bounds, and written from what was read they
// read as the same.
#include "fuzz/fuzz.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/compression.hpp"
#include "godwit/mail/dmarc_report.hpp"

namespace godwit::fuzz {
namespace {

std::string written(const mail::DmarcReport& report) {
  std::vector<mail::CountedRow> rows;
  for (const auto& row : report.rows)
    rows.push_back({.source = row.source, .rest = mail::dmarc_row_xml(row), .count = row.count});
  const mail::DmarcReportHead head{.organization = report.organization,
                                   .contact = report.contact,
                                   .id = report.id,
                                   .domain = report.policy.domain,
                                   .begin = report.begin,
                                   .end = report.end};
  return mail::dmarc_report_xml(head, mail::dmarc_policy_xml(report.policy), rows);
}

void check(const base::Result<mail::DmarcReport>& report) {
  if (!report) return require(is_printable(report.error().message));
  require(report->rows.size() <= mail::most_dmarc_rows && !report->policy.domain.empty());
  const auto xml = written(*report);
  require(base::is_valid_utf8(xml));
  const auto again = mail::parse_dmarc_report(xml);
  require(again && again->rows.size() == report->rows.size() && again->unreadable == 0);
  require(written(*again) == xml);
}

}  // namespace

void fuzz_dmarc_report(std::string_view input) {
  const auto parts = mail::find_dmarc_reports(input);
  require(parts.size() <= mail::most_mail_reports);
  for (const auto& part : parts) check(mail::read_dmarc_report(part));
  check(mail::read_dmarc_report({.body = input, .encoding = ""}));
  constexpr std::size_t most = 100'000;
  if (const auto unpacked = mail::unpacked(input, most))
    require(unpacked->size() <= std::max(most, input.size()) &&
            mail::unpacked(mail::gzip(*unpacked), most) == *unpacked);
}

}  // namespace godwit::fuzz
