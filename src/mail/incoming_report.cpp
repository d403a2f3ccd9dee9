// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/incoming_report.hpp"

#include <algorithm>

#include "crlf.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/mail/safe_text.hpp"
#include "mime_parts.hpp"
#include "mime_type.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t max_parts = 20;
constexpr std::size_t longest_value = 1000;

std::string value(const Header& header, std::string_view name) {
  const auto field = header.find(name);
  return field ? safe_utf8(unfold(field->body), longest_value) : std::string();
}

// "rfc822; a@b" → "a@b".
std::string without_type(const std::string& text) {
  const auto semicolon = text.find(';');
  return std::string(base::trim(std::string_view(text).substr(semicolon == std::string::npos ? 0 : semicolon + 1)));
}

std::optional<smtp::EnhancedCode> status_of(const std::string& text) {
  return smtp::parse_enhanced_code(std::string_view(text).substr(0, text.find_first_of(" \t(")));
}

// "smtp; 550-5.1.1 No such 550 5.1.1 user": several lines of a reply are one here.
smtp::Reply reply_of(const std::string& diagnostic, const std::optional<smtp::EnhancedCode>& status) {
  auto line = without_type(diagnostic);
  if (line.size() > 3 && line[3] == '-') line[3] = ' ';
  smtp::ReplyReader reader;
  const auto wire = line + std::string(crlf);
  std::string_view rest = wire;
  if (!line.empty() && reader.read(rest) == smtp::ReplyReader::Status::complete) {
    auto reply = std::move(reader.reply());
    if (!reply.enhanced && status) reply.enhanced = *status;
    return reply;
  }
  if (!status) return {};
  const int code = status->klass == 5 ? 550 : status->klass == 4 ? 450 : 250;
  return smtp::make_reply(code, *status, line);
}

ReportedRecipient recipient_of(const Header& fields) {
  return {.address = without_type(value(fields, "Final-Recipient")),
          .original = without_type(value(fields, "Original-Recipient")),
          .action = base::to_lower(value(fields, "Action")),
          .reply = reply_of(value(fields, "Diagnostic-Code"), status_of(value(fields, "Status")))};
}

// Blocks of fields, the first of the message and then one for each recipient (RFC 3464 section 2.1).
void read_status(std::string_view body, IncomingReport& report) {
  bool first = true;
  while (!body.empty() && report.recipients.size() < max_reported) {
    const Header block(body);
    const auto rest = after_header(body, block);
    if (rest.size() == body.size()) {
      // What is no field: the next line may be.
      const auto end = body.find(crlf);
      body.remove_prefix(end == std::string_view::npos ? body.size() : end + crlf.size());
      continue;
    }
    body = rest;
    if (first && !block.fields().empty()) report.reporter = without_type(value(block, "Reporting-MTA"));
    if (block.find("Final-Recipient") || block.find("Original-Recipient"))
      report.recipients.push_back(recipient_of(block));
    first = first && block.fields().empty();
  }
}

void read_complaint(std::string_view body, IncomingReport& report) {
  const Header fields(body);
  report.kind = IncomingReport::Kind::complaint;
  report.about = base::to_lower(value(fields, "Feedback-Type"));
  report.reporter = value(fields, "User-Agent");
  for (const auto& field : fields.fields()) {
    if (!base::iequals(field.name, "Original-Rcpt-To") || report.recipients.size() >= max_reported) continue;
    auto address = without_type(safe_utf8(unfold(field.body), longest_value));
    if (address.starts_with('<') && address.ends_with('>')) address = address.substr(1, address.size() - 2);
    report.recipients.push_back({.address = address, .action = "complaint"});
  }
}

}  // namespace

std::optional<IncomingReport> read_report(std::string_view message) {
  message = message.substr(0, max_report_bytes);
  const Header header(message);
  const auto type = mime_type(header);
  if (type.type != "multipart" || type.boundary.empty()) return {};
  auto rest = after_header(message, header);
  const auto delimiter = "--" + type.boundary;
  for (std::size_t i = 0; i < max_parts; ++i) {
    const auto part = next_part(rest, delimiter);
    if (!part) return {};
    const Header part_header(*part);
    const auto part_type = mime_type(part_header);
    if (part_type.type != "message") continue;
    const auto body = after_header(*part, part_header);
    IncomingReport report;
    if (part_type.subtype == "delivery-status" || part_type.subtype == "global-delivery-status") {
      read_status(body, report);
      return report;
    }
    if (part_type.subtype == "feedback-report") {
      read_complaint(body, report);
      return report;
    }
  }
  return {};
}

}  // namespace godwit::mail
