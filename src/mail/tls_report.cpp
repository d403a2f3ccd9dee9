// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/tls_report.hpp"

#include <zlib.h>

#include <stdexcept>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "body_encoder.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/safe_text.hpp"

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

std::string wrapped_base64(std::string_view bytes) {
  std::string result;
  BodyEncoder encoder(TransferEncoding::base64);
  encoder.put(bytes, result);
  encoder.finish(result);
  if (!result.ends_with("\r\n")) result += "\r\n";
  return result;
}

std::string header_of(const TlsReport& report, const TlsReportMail& mail, const std::string& boundary) {
  const auto domain = safe_text(report.domain);
  const auto submitter = safe_text(mail.submitter);
  std::string header = fmt::format("From: <{}>\r\nTo: <{}>\r\n", safe_text(mail.from), safe_text(to_string(mail.to)));
  header += folded_field("Subject", fmt::format("Report Domain: {} Submitter: {} Report-ID: <{}>", domain, submitter,
                                                safe_text(report.id)));
  header += fmt::format("Date: {}\r\nMessage-ID: <{}>\r\n", base::format_rfc5322(mail.now), safe_text(report.id));
  header += fmt::format("TLS-Report-Domain: {}\r\nTLS-Report-Submitter: {}\r\n", domain, submitter);
  // RFC 8689 section 5: whatever hosts on the way do, it is no reason to lose what tells of it.
  header += "TLS-Required: No\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n";
  return header +
         fmt::format("Content-Type: multipart/report; report-type=\"tlsrpt\";\r\n\tboundary=\"{}\"\r\n", boundary);
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

std::string gzip(std::string_view bytes) {
  constexpr int window_with_gzip_header = 15 + 16;
  constexpr int memory_level = 8;
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_with_gzip_header, memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("zlib cannot compress");
  std::string result(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  std::string input(bytes);  // zlib's input is not const
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  const int done = deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  if (done != Z_STREAM_END) throw std::runtime_error("zlib cannot compress");
  return result;
}

std::string tls_report_file_name(const TlsReport& report, std::string_view submitter) {
  const auto unique = report.id.substr(0, report.id.find('@'));
  return fmt::format("{}!{}!{}!{}!{}.json.gz", submitter, report.domain, seconds_of(report.begin),
                     seconds_of(report.end), unique);
}

std::string compose_tls_report(const TlsReport& report, const TlsReportMail& mail, std::string_view compressed,
                               base::Random& random) {
  // Base 64 and our own words have no "=_".
  const auto first = random.next();
  const auto boundary = fmt::format("=_{:016x}{:016x}", first, random.next());
  const auto file = safe_text(tls_report_file_name(report, mail.submitter));
  std::string body = "This is a report in MIME format (RFC 8460).\r\n";
  body += fmt::format(
      "\r\n--{}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
      "This is the report of {}\r\non TLS with the mail hosts of {}\r\nfrom {} to {}.\r\n",
      boundary, safe_text(mail.submitter), safe_text(report.domain), date_time(report.begin), date_time(report.end));
  body += fmt::format(
      "\r\n--{}\r\nContent-Type: application/tlsrpt+gzip;\r\n\tname=\"{}\"\r\nContent-Transfer-Encoding: base64\r\n"
      "Content-Disposition: attachment;\r\n\tfilename=\"{}\"\r\n\r\n{}\r\n--{}--\r\n",
      boundary, file, file, wrapped_base64(compressed), boundary);
  return header_of(report, mail, boundary) + "\r\n" + body;
}

}  // namespace godwit::mail
