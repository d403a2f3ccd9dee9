// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/tls_report.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "godwit/base/text.hpp"
#include "godwit/mail/safe_text.hpp"
#include "report_mail.hpp"

namespace godwit::mail {
namespace {

namespace json = boost::json;

std::int64_t seconds_of(base::WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// "2026-11-28T23:59:59Z"
std::string date_time(base::WallTime time) {
  return base::format_rfc3339(time).substr(0, 19) + "Z";
}

// Reasons hold what peers sent.
json::string text(std::string_view bytes) {
  return json::string(base::to_valid_utf8(bytes));
}

json::array texts(const std::vector<std::string>& all) {
  json::array result;
  for (const auto& one : all) result.emplace_back(text(one));
  return result;
}

json::object failure_json(const TlsReport::Failure& failure) {
  json::object result{{"result-type", text(failure.type)}};
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) result[key] = text(value);
  };
  add("sending-mta-ip", failure.sending_address);
  add("receiving-mx-hostname", failure.mail_host);
  add("receiving-ip", failure.receiving_address);
  result["failed-session-count"] = failure.sessions;
  add("failure-reason-code", failure.reason);
  return result;
}

json::object policy_json(const TlsReport::Policy& policy, const std::string& domain) {
  json::object description{{"policy-type", text(policy.type)}};
  if (!policy.strings.empty()) description["policy-string"] = texts(policy.strings);
  description["policy-domain"] = text(domain);
  if (!policy.mail_hosts.empty()) description["mx-host"] = texts(policy.mail_hosts);
  json::object result{{"policy", std::move(description)}};
  result["summary"] = json::object{{"total-successful-session-count", policy.successes},
                                   {"total-failure-session-count", policy.failures}};
  if (policy.details.empty()) return result;
  json::array details;
  for (const auto& failure : policy.details) details.emplace_back(failure_json(failure));
  result["failure-details"] = std::move(details);
  return result;
}

}  // namespace

std::string to_json(const TlsReport& report) {
  json::object result{{"organization-name", text(report.organization)}};
  result["date-range"] =
      json::object{{"start-datetime", date_time(report.begin)}, {"end-datetime", date_time(report.end)}};
  result["contact-info"] = text(report.contact);
  result["report-id"] = text(report.id);
  json::array policies;
  for (const auto& policy : report.policies) policies.emplace_back(policy_json(policy, report.domain));
  result["policies"] = std::move(policies);
  return json::serialize(result);
}

std::string tls_report_file_name(const TlsReport& report, std::string_view submitter) {
  const auto unique = report.id.substr(0, report.id.find('@'));
  return fmt::format("{}!{}!{}!{}!{}.json.gz", submitter, report.domain, seconds_of(report.begin),
                     seconds_of(report.end), unique);
}

std::string compose_tls_report(const TlsReport& report, const TlsReportMail& mail, std::string_view compressed,
                               base::Random& random) {
  const auto domain = safe_text(report.domain);
  const auto submitter = safe_text(mail.submitter);
  const auto id = safe_text(report.id);
  // RFC 8689 section 5: whatever hosts on the way do, it is no reason to lose what tells of it.
  constexpr std::string_view tls_optional = "TLS-Required: No\r\n";
  return compose_report_mail(
      {.from = safe_text(mail.from),
       .to = safe_text(to_string(mail.to)),
       .subject = fmt::format("Report Domain: {} Submitter: {} Report-ID: <{}>", domain, submitter, id),
       .id = id,
       .now = mail.now,
       .fields =
           fmt::format("TLS-Report-Domain: {}\r\nTLS-Report-Submitter: {}\r\n{}", domain, submitter, tls_optional),
       .content_type = "multipart/report; report-type=\"tlsrpt\"",
       .standard = "RFC 8460",
       .words = fmt::format("This is the report of {}\r\non TLS with the mail hosts of {}\r\nfrom {} to {}.\r\n",
                            submitter, domain, date_time(report.begin), date_time(report.end)),
       .file_type = "application/tlsrpt+gzip",
       .file_name = safe_text(tls_report_file_name(report, mail.submitter)),
       .file = compressed},
      random);
}

}  // namespace godwit::mail
