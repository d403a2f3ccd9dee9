// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/dsn.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

#include <fmt/format.h>

#include "dsn_parts.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/mail/safe_text.hpp"

namespace godwit::mail {
namespace {

// Unpredictable, so that no message can hold it by design, and looked for, so that none holds it by chance.
std::string make_boundary(const std::string& content, base::Random& random) {
  for (;;) {
    const auto first = random.next();
    const auto second = random.next();
    auto boundary = fmt::format("=_{:016x}{:016x}", first, second);
    if (content.find(boundary) == std::string::npos) return boundary;
  }
}

// The original's Message-ID, where it is one: "<" no blanks, no brackets ">".
std::string original_message_id(const DsnRequest& request) {
  constexpr std::size_t longest = 900;
  const auto field = Header(request.message).find("Message-ID");
  if (!field) return {};
  const auto id = unfold(field->body);
  const bool sound = id.size() > 2 && id.size() <= longest && id.front() == '<' && id.find('>') == id.size() - 1 &&
                     id.find_first_of("< \t", 1) == std::string::npos && safe_text(id, longest) == id;
  return sound ? id : std::string();
}

std::string_view subject(const DsnRequest& request) {
  if (request.kind == DsnKind::failure) return "Your message could not be delivered";
  if (request.kind == DsnKind::delay) return "Your message is delayed";
  const auto all = [&](DsnSuccess success) {
    return std::ranges::count(request.recipients, success, &DsnRecipient::success) == std::ssize(request.recipients);
  };
  return all(DsnSuccess::delivered) ? "Your message was delivered" : "Your message was passed on";
}

std::string report_header(const DsnRequest& request, const std::string& message_id) {
  const auto host = safe_text(request.hostname);
  std::string header = fmt::format("From: Mail Delivery System <MAILER-DAEMON@{}>\r\n", host);
  header += fmt::format("To: <{}>\r\n", safe_utf8(to_string(request.to)));
  header += fmt::format("Subject: {}\r\n", subject(request));
  header += fmt::format("Date: {}\r\n", base::format_rfc5322(request.now));
  header += fmt::format("Message-ID: {}\r\n", message_id);
  if (const auto original = original_message_id(request); !original.empty())
    header += fmt::format("In-Reply-To: {0}\r\nReferences: {0}\r\n", original);
  return header + "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n";  // RFC 3834 section 5
}

}  // namespace

std::string_view to_string(DsnKind kind) {
  switch (kind) {
    case DsnKind::failure:
      break;
    case DsnKind::delay:
      return "delay";
    case DsnKind::success:
      return "success";
  }
  return "failure";
}

Dsn compose_dsn(const DsnRequest& request, base::Random& random) {
  assert(request.original != nullptr && !request.recipients.empty());
  const std::string parts[] = {explanation_part(request), status_part(request), original_part(request)};
  const auto boundary = make_boundary(parts[0] + parts[1] + parts[2], random);

  Dsn dsn;
  dsn.message_id =
      fmt::format("<{}.{:016x}@{}>", to_string(request.original_id), random.next(), safe_text(request.hostname));
  std::string body = "This is a report in MIME format (RFC 3464).\r\n";
  for (const auto& part : parts) body += fmt::format("\r\n--{}\r\n{}", boundary, part);
  body += fmt::format("\r\n--{}--\r\n", boundary);

  dsn.message = report_header(request, dsn.message_id);
  const bool seven_bit = base::is_ascii(body) && base::is_ascii(dsn.message);
  dsn.smtputf8 = has_international_header(request) || !base::is_ascii(dsn.message);
  dsn.body = seven_bit ? smtp::BodyType::seven_bit : smtp::BodyType::eight_bit_mime;
  const auto type = fmt::format("multipart/report; report-type=delivery-status;\r\n\tboundary=\"{}\"", boundary);
  dsn.message += part_header(type, body) + body;
  return dsn;
}

}  // namespace godwit::mail
