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

constexpr std::size_t most_mail_parts = 20;   // looked at, of all levels
constexpr std::size_t most_mail_reports = 4;  // read
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

class DmarcMailReader {
 public:
  DmarcReportsRead read(std::string_view message) {
    read_part(message, 0);
    return std::move(result_);
  }

 private:
  void read_part(std::string_view text, std::size_t level) {
    const Header header(text);
    const auto type = mime_type(header);
    auto body = after_header(text, header);
    if (type.type == "multipart" && !type.boundary.empty() && level < deepest_mail_part) {
      const auto delimiter = "--" + type.boundary;
      while (parts_++ < most_mail_parts) {
        const auto part = next_part(body, delimiter);
        if (!part) return;
        read_part(*part, level + 1);
      }
      return;
    }
    if (may_be_report(type)) read_file(body, type.encoding);
  }

  void read_file(std::string_view body, const std::string& encoding) {
    if (result_.reports.size() + result_.problems.size() >= most_mail_reports) return;
    const auto bytes = decoded_part(body, encoding);
    if (!bytes) return result_.problems.emplace_back("its encoding is damaged"), void();
    const auto xml = unpacked(*bytes, largest_dmarc_report);
    auto report = xml ? parse_dmarc_report(*xml) : std::unexpected(xml.error());
    if (report)
      result_.reports.push_back(std::move(*report));
    else
      result_.problems.push_back(report.error().message);
  }

  DmarcReportsRead result_;
  std::size_t parts_ = 0;
};

}  // namespace

DmarcReportsRead read_dmarc_mail(std::string_view message) {
  return DmarcMailReader().read(message.substr(0, largest_dmarc_report_mail));
}

}  // namespace godwit::mail
