// SPDX-License-Identifier: Apache-2.0
// What a program reads of a report (RFC 3464 sections 2.2 and 2.3).
#include <algorithm>

#include <fmt/format.h>

#include "dsn_parts.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/safe_text.hpp"
#include "godwit/smtp/utf8_address.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t longest_value = 900;
constexpr smtp::EnhancedCode time_expired{4, 4, 7};  // RFC 3463 section 3.5

// One line, never folded: blanks in a quoted local part mean something.
std::string plain_field(std::string_view name, std::string_view value) {
  return fmt::format("{}: {}\r\n", name, safe_text(value, longest_value));
}

// "mx1.example.net[192.0.2.1]:25" → the name, or the address literal where there is no name.
std::string_view mta_name(std::string_view host) {
  const auto bracket = host.find('[');
  if (bracket == std::string_view::npos) return host.substr(0, host.find(':'));
  return bracket != 0 ? host.substr(0, bracket) : host.substr(0, host.find(']') + 1);
}

// RFC 3464 section 2.3.6: our own words have a type of their own.
std::string diagnostic(const DsnRecipient& failed) {
  if (failed.reply.code != 0 && failed.remote) return "smtp; " + to_line(failed.reply);
  if (failed.reply.code != 0) return "x-godwit; " + to_line(failed.reply);
  return failed.why.empty() ? std::string() : "x-godwit; " + failed.why;
}

std::string_view action(const DsnRequest& request, const DsnRecipient& recipient) {
  if (request.kind == DsnKind::failure) return "failed";
  if (request.kind == DsnKind::delay) return "delayed";
  switch (recipient.success) {
    case DsnSuccess::delivered:
      break;
    case DsnSuccess::relayed:
      return "relayed";
    case DsnSuccess::expanded:
      return "expanded";
  }
  return "delivered";
}

// RFC 6533 section 3: in US-ASCII whatever the address, so that every reader of reports understands the rest.
std::string typed_address(const std::string& address) {
  return base::is_ascii(address) ? "rfc822; " + address : "utf-8; " + smtp::utf8_address_text(address);
}

std::string recipient_fields(const DsnRequest& request, const DsnRecipient& failed) {
  std::string text;
  if (!failed.recipient.orcpt.empty()) text += plain_field("Original-Recipient", failed.recipient.orcpt);
  text += plain_field("Final-Recipient", typed_address(to_string(failed.recipient.address)));
  text += plain_field("Action", action(request, failed));
  text += plain_field("Status", to_string(dsn_status(failed, request.kind)));
  if (failed.remote && !failed.remote_host.empty())
    text += plain_field("Remote-MTA", "dns; " + std::string(mta_name(failed.remote_host)));
  if (const auto words = diagnostic(failed); !words.empty())
    text += folded_field("Diagnostic-Code", safe_text(words, longest_diagnostic(request)));
  if (request.kind != DsnKind::success) text += plain_field("X-Godwit-Class", to_string(failed.klass));
  if (failed.last_attempt != base::WallTime{})
    text += plain_field("Last-Attempt-Date", base::format_rfc5322(failed.last_attempt));
  if (request.kind == DsnKind::delay)
    text += plain_field("Will-Retry-Until", base::format_rfc5322(request.retry_until));
  return text;
}

}  // namespace

std::size_t longest_diagnostic(const DsnRequest& request) {
  constexpr std::size_t all = 256 * 1024, most = 2000, least = 80;
  return std::clamp(all / request.recipients.size(), least, most);
}

smtp::EnhancedCode dsn_status(const DsnRecipient& recipient, DsnKind kind) {
  const auto& reply = recipient.reply;
  auto status = reply.enhanced;
  if (kind == DsnKind::success) return status.klass == 2 ? status : smtp::EnhancedCode{2, 0, 0};
  if (status.klass != 4 && status.klass != 5) {
    const bool expired = kind == DsnKind::failure && reply.transient();
    status = expired ? time_expired : smtp::EnhancedCode{5, 0, 0};
  }
  // What is still tried is not permanent, whatever the host said (552 for a full mailbox).
  if (kind == DsnKind::delay) status.klass = 4;
  return status;
}

std::string status_part(const DsnRequest& request) {
  std::string text = plain_field("Reporting-MTA", "dns; " + request.hostname);
  text += plain_field("X-Godwit-Id", to_string(request.original_id));
  if (!request.original->envid.empty()) text += plain_field("Original-Envelope-Id", request.original->envid);
  text += plain_field("Arrival-Date", base::format_rfc5322(request.original->accepted));
  for (const auto& failed : request.recipients) text += "\r\n" + recipient_fields(request, failed);
  return part_header("message/delivery-status", text) + text;
}

}  // namespace godwit::mail
