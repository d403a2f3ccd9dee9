// SPDX-License-Identifier: Apache-2.0
// The aggregate reports in a mail.
#include <algorithm>
#include <array>
#include <optional>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/compression.hpp"
#include "godwit/mail/dmarc_report.hpp"
#include "mime_parts.hpp"
#include "mime_type.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t most_mail_parts = 20;  // looked at, of all levels
constexpr std::size_t deepest_mail_part = 3;

std::optional<std::string> plain_base64(std::string_view text) {
  std::string packed;
  packed.reserve(text.size());
  for (const char c : text)
    if (c != '\r' && c != '\n' && c != ' ' && c != '\t') packed += c;
  return base::base64_decode(packed);
}

int hex_value(char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto at = digits.find(base::to_upper(std::string_view(&c, 1)));
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

// RFC 2045 section 6.7; what is no escape is what it is.
std::string plain_quoted(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto rest = text.substr(at);
    const int high = rest.size() > 2 && rest[0] == '=' ? hex_value(rest[1]) : -1;
    const int low = high < 0 ? -1 : hex_value(rest[2]);
    if (rest.starts_with("=\r\n")) {
      at += 2;
    } else if (low >= 0) {
      result += static_cast<char>(high * 16 + low);
      at += 2;
    } else {
      result += text[at];
    }
  }
  return result;
}

std::optional<std::string> decoded_part(std::string_view body, const std::string& encoding) {
  if (encoding == "base64") return plain_base64(body);
  if (encoding == "quoted-printable") return plain_quoted(body);
  return std::string(body);
}

bool may_be_report(const MimeType& type) {
  constexpr std::array subtypes{"gzip", "x-gzip", "zip", "x-zip", "x-zip-compressed", "xml", "octet-stream"};
  return (type.type == "application" || type.type == "text") &&
         std::ranges::find(subtypes, type.subtype) != subtypes.end();
}

class DmarcReportFinder {
 public:
  std::vector<DmarcReportPart> find(std::string_view message) {
    look_at(message, 0);
    return std::move(found_);
  }

 private:
  void look_at(std::string_view text, std::size_t level) {
    const Header header(text);
    const auto type = mime_type(header);
    auto body = after_header(text, header);
    if (type.type == "multipart" && !type.boundary.empty() && level < deepest_mail_part) {
      const auto delimiter = "--" + type.boundary;
      while (parts_++ < most_mail_parts) {
        const auto part = next_part(body, delimiter);
        if (!part) return;
        look_at(*part, level + 1);
      }
      return;
    }
    if (may_be_report(type) && found_.size() < most_mail_reports)
      found_.push_back({.body = body, .encoding = type.encoding});
  }

  std::vector<DmarcReportPart> found_;
  std::size_t parts_ = 0;
};

base::Result<std::string> unpacked_report(const DmarcReportPart& part) {
  const auto bytes = decoded_part(part.body, part.encoding);
  if (!bytes) return base::fail(base::ErrorKind::invalid, "its encoding is damaged");
  return unpacked(*bytes, largest_dmarc_report);
}

}  // namespace

std::vector<DmarcReportPart> find_dmarc_reports(std::string_view message) {
  return DmarcReportFinder().find(message.substr(0, largest_dmarc_report_mail));
}

base::Result<DmarcReport> read_dmarc_report(const DmarcReportPart& part) {
  const auto xml = unpacked_report(part);
  return xml ? parse_dmarc_report(*xml) : std::unexpected(xml.error());
}

}  // namespace godwit::mail
