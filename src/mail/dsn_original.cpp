// SPDX-License-Identifier: Apache-2.0
// The original message in a report: its header, or all of it.
#include <algorithm>

#include "dsn_parts.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/header.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t longest_line = 998;  // RFC 5322 section 2.1.1

// RFC 3461 section 4.3: RET speaks of failures only.
bool has_long_line(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find("\r\n", at), text.size());
    if (end - at > longest_line) return true;
    at = end + 2;
  }
  return false;
}

bool is_returned_whole(const DsnRequest& request) {
  return request.kind == DsnKind::failure && request.original->ret == smtp::return_full &&
         !request.original->require_tls && request.original->body != smtp::BodyType::binary_mime &&
         request.message_size <= max_returned && request.message.size() == request.message_size &&
         !has_long_line(request.message);
}

// Canonical, whatever a BINARYMIME message had in its header, and in lines that may be sent: a long one is folded.
std::string presentable(std::string_view header) {
  std::string result;
  std::size_t line = 0;
  for (std::size_t at = 0; at < header.size(); ++at) {
    if (header.substr(at).starts_with("\r\n")) {
      result += "\r\n";
      ++at;
      line = 0;
      continue;
    }
    if (line == longest_line) {
      result += "\r\n ";
      line = 1;
    }
    const char c = header[at];
    result += c == '\r' || c == '\n' || c == '\0' ? '?' : c;
    ++line;
  }
  return result;
}

std::string_view header_of(const DsnRequest& request) {
  return Header(request.message.substr(0, max_returned)).text();
}

}  // namespace

std::string part_header(std::string_view type, std::string_view content) {
  return "Content-Type: " + std::string(type) +
         "\r\nContent-Transfer-Encoding: " + (base::is_ascii(content) ? "7bit" : "8bit") + "\r\n\r\n";
}

bool has_international_header(const DsnRequest& request) {
  return request.original->smtputf8 && !base::is_ascii(header_of(request));
}

// RFC 6533 section 4: internationalized ones have types of their own.
std::string original_part(const DsnRequest& request) {
  const bool global = has_international_header(request);
  if (is_returned_whole(request)) {
    std::string whole =
        part_header(global ? "message/global" : "message/rfc822", request.message) + std::string(request.message);
    if (!whole.ends_with("\r\n")) whole += "\r\n";
    return whole;
  }
  const auto header = presentable(header_of(request));
  return part_header(global ? "message/global-headers" : "text/rfc822-headers", header) + header;
}

}  // namespace godwit::mail
