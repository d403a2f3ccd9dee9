// SPDX-License-Identifier: Apache-2.0
// Aggregate reports of others.
#include <algorithm>
#include <chrono>
#include <optional>

#include "godwit/base/ip_address.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/dmarc_report.hpp"
#include "godwit/mail/safe_text.hpp"
#include "xml_reader.hpp"

namespace godwit::mail {
namespace {

constexpr std::uint64_t greatest_row_count = 1'000'000'000;
constexpr std::uint64_t last_report_second = 253'402'300'799;  // of the year 9999
constexpr std::size_t most_report_signatures = 100'000;
constexpr std::size_t longest_report_word = 255;

std::string report_word(std::string_view text) {
  return base::to_lower(safe_utf8(text, longest_report_word));
}

std::string report_text(std::string_view text) {
  return safe_utf8(text, longest_report_word);
}

base::WallTime report_time(std::string_view text) {
  const auto seconds = base::parse_unsigned(text).value_or(0);
  return base::WallTime(std::chrono::seconds(std::min(seconds, last_report_second)));
}

class DmarcReportReader {
 public:
  base::Result<DmarcReport> read(std::string_view xml) {
    const XmlEvents events{.begins = [this](const std::string& path) { begins(path); },
                           .ends = [this](const std::string& path, std::string_view text) { ends(path, text); }};
    if (auto read = read_xml(xml, events); !read) return std::unexpected(read.error());
    if (!is_feedback_ || report_.policy.domain.empty())
      return base::fail(base::ErrorKind::invalid, "it is no DMARC aggregate report");
    if (too_many_) return base::fail(base::ErrorKind::exhausted, "it has too many rows");
    return std::move(report_);
  }

 private:
  void begins(const std::string& path) {
    if (path == "feedback") is_feedback_ = true;
    if (path == "feedback/record") row_ = {};
    if (path == "feedback/record/auth_results/dkim") signature_ = {};
  }

  void ends(const std::string& path, std::string_view text) {
    constexpr std::string_view metadata = "feedback/report_metadata/";
    constexpr std::string_view policy = "feedback/policy_published/";
    constexpr std::string_view record = "feedback/record";
    const std::string_view where = path;
    if (where.starts_with(metadata)) return read_metadata(where.substr(metadata.size()), text);
    if (where.starts_with(policy)) return read_policy(where.substr(policy.size()), text);
    if (where == record) return keep_row();
    if (where.starts_with(record)) read_row(where.substr(record.size() + 1), text);
  }

  void read_metadata(std::string_view name, std::string_view text) {
    if (name == "org_name") report_.organization = report_text(text);
    if (name == "email") report_.contact = report_text(text);
    if (name == "report_id") report_.id = report_text(text);
    if (name == "date_range/begin") report_.begin = report_time(text);
    if (name == "date_range/end") report_.end = report_time(text);
  }

  void read_policy(std::string_view name, std::string_view text) {
    auto& policy = report_.policy;
    if (name == "domain") policy.domain = report_word(text);
    if (name == "discovery_method") policy.discovery = report_word(text);
    if (name == "p") policy.p = report_word(text);
    if (name == "sp") policy.sp = report_word(text);
    if (name == "np") policy.np = report_word(text);
    if (name == "adkim") policy.strict_dkim = text == "s";
    if (name == "aspf") policy.strict_spf = text == "s";
    if (name == "testing") policy.testing = text == "y";
  }

  void read_row(std::string_view name, std::string_view text) {
    if (name == "row/source_ip") row_.source = report_word(text);
    if (name == "row/count") row_.count = base::parse_unsigned(text).value_or(0);
    if (name == "row/policy_evaluated/disposition") row_.disposition = report_word(text);
    if (name == "row/policy_evaluated/dkim") row_.dkim = base::iequals(text, "pass");
    if (name == "row/policy_evaluated/spf") row_.spf = base::iequals(text, "pass");
    if (name == "row/policy_evaluated/reason/type") row_.reason = report_word(text);
    if (name == "row/policy_evaluated/reason/comment") row_.comment = report_text(text);
    if (name == "identifiers/header_from") row_.header_from = report_word(text);
    if (name == "identifiers/envelope_from") row_.envelope_from = report_word(text);
    if (name == "auth_results/dkim/domain") signature_.domain = report_word(text);
    if (name == "auth_results/dkim/selector") signature_.selector = report_word(text);
    if (name == "auth_results/dkim/result") signature_.result = report_word(text);
    if (name == "auth_results/dkim" && signatures_++ < most_report_signatures) row_.signatures.push_back(signature_);
    if (name == "auth_results/spf/domain") row_.spf_domain = report_word(text);
    if (name == "auth_results/spf/result") row_.spf_result = report_word(text);
  }

  // What has no client that it is about counts nothing.
  void keep_row() {
    const auto source = base::IpAddress::parse(row_.source);
    if (!source || row_.count == 0 || row_.count > greatest_row_count) {
      ++report_.unreadable;
      return;
    }
    too_many_ = too_many_ || report_.rows.size() >= most_dmarc_rows;
    if (too_many_) return;
    row_.source = to_string(*source);
    report_.rows.push_back(std::move(row_));
  }

  DmarcReport report_;
  DmarcReport::Row row_;
  DmarcReport::Signature signature_;
  std::size_t signatures_ = 0;
  bool is_feedback_ = false;
  bool too_many_ = false;
};

}  // namespace

base::Result<DmarcReport> parse_dmarc_report(std::string_view xml) {
  if (xml.size() > largest_dmarc_report) return base::fail(base::ErrorKind::exhausted, "it is too large");
  return DmarcReportReader().read(xml);
}

}  // namespace godwit::mail
