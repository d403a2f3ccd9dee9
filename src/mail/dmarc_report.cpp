// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/dmarc_report.hpp"

#include <chrono>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/mail/safe_text.hpp"
#include "report_mail.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t longest_element = 512;

std::int64_t epoch_seconds(base::WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// What peers said, as text of an element: no control characters, valid UTF-8, bounded.
std::string xml_text(std::string_view text) {
  std::string result;
  for (const char c : safe_utf8(text, longest_element)) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else
      result += c;
  }
  return result;
}

std::string element(std::string_view name, std::string_view text) {
  return fmt::format("<{}>{}</{}>", name, xml_text(text), name);
}

std::string element_if(std::string_view name, std::string_view text) {
  return text.empty() ? std::string() : element(name, text);
}

std::string_view pass_or_fail(bool passed) {
  return passed ? "pass" : "fail";
}

std::string reason_xml(const DmarcReport::Row& row) {
  if (row.reason.empty()) return {};
  return "<reason>" + element("type", row.reason) + element_if("comment", row.comment) + "</reason>";
}

std::string signature_xml(const DmarcReport::Signature& signature) {
  return "<dkim>" + element("domain", signature.domain) + element("selector", signature.selector) +
         element("result", signature.result) + "</dkim>";
}

std::string spf_xml(const DmarcReport::Row& row) {
  if (row.spf_domain.empty() || row.spf_result.empty()) return {};
  return "<spf>" + element("domain", row.spf_domain) + element("scope", "mfrom") + element("result", row.spf_result) +
         "</spf>";
}

}  // namespace

std::string dmarc_policy_xml(const DmarcReport::Policy& policy) {
  return "<policy_published>" + element("domain", policy.domain) + element_if("discovery_method", policy.discovery) +
         element("p", policy.p) + element_if("sp", policy.sp) + element_if("np", policy.np) +
         element("adkim", policy.strict_dkim ? "s" : "r") + element("aspf", policy.strict_spf ? "s" : "r") +
         element("testing", policy.testing ? "y" : "n") + "</policy_published>";
}

std::string dmarc_row_xml(const DmarcReport::Row& row) {
  auto text = "<policy_evaluated>" + element("disposition", row.disposition) + element("dkim", pass_or_fail(row.dkim)) +
              element("spf", pass_or_fail(row.spf)) + reason_xml(row) + "</policy_evaluated></row>";
  text += "<identifiers>" + element("header_from", row.header_from) + element("envelope_from", row.envelope_from) +
          "</identifiers><auth_results>";
  for (const auto& signature : row.signatures) text += signature_xml(signature);
  return text + spf_xml(row) + "</auth_results>";
}

std::string dmarc_report_xml(const DmarcReportHead& head, std::string_view policy,
                             const std::vector<CountedRow>& rows) {
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">\n<version>1.0</version>\n<report_metadata>";
  xml += element("org_name", head.organization) + element("email", head.contact) + element("report_id", head.id);
  xml += fmt::format("<date_range><begin>{}</begin><end>{}</end></date_range>", epoch_seconds(head.begin),
                     epoch_seconds(head.end));
  xml += element("generator", "Godwit " GODWIT_VERSION) + "</report_metadata>\n";
  xml += policy;
  xml += '\n';
  for (const auto& row : rows)
    xml += fmt::format("<record><row>{}<count>{}</count>{}</record>\n", element("source_ip", row.source), row.count,
                       row.rest);
  return xml + "</feedback>\n";
}

std::string dmarc_report_file_name(const DmarcReportHead& head, std::string_view submitter, std::string_view unique) {
  return fmt::format("{}!{}!{}!{}!{}.xml.gz", safe_text(submitter), safe_text(head.domain), epoch_seconds(head.begin),
                     epoch_seconds(head.end), unique);
}

std::string compose_dmarc_report(const DmarcReportHead& head, const DmarcReportMail& mail, std::string_view file_name,
                                 std::string_view compressed, base::Random& random) {
  const auto domain = safe_text(head.domain);
  const auto submitter = safe_text(mail.submitter);
  const auto id = safe_text(head.id);
  return compose_report_mail(
      {.from = safe_text(mail.from),
       .to = safe_text(to_string(mail.to)),
       .subject = fmt::format("Report Domain: {} Submitter: {} Report-ID: <{}>", domain, submitter, id),
       .id = id,
       .now = mail.now,
       .fields = {},
       .content_type = "multipart/mixed",
       .standard = "RFC 9990",
       .words = fmt::format("This is the report of {}\r\non mail in the name of {}\r\nfrom {} to {}.\r\n", submitter,
                            domain, base::format_rfc3339(head.begin), base::format_rfc3339(head.end)),
       .file_type = "application/gzip",
       .file_name = safe_text(file_name),
       .file = compressed},
      random);
}

}  // namespace godwit::mail
