// SPDX-License-Identifier: Apache-2.0
#include "mime_tree.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "body_encoder.hpp"
#include "crlf.hpp"
#include "godwit/base/text.hpp"
#include "godwit/smtp/canonical_lines.hpp"
#include "written_field.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t longest_body_line = 998;  // RFC 5322 section 2.1.1
constexpr std::size_t longest_file_name = 255;
constexpr std::size_t longest_content_id = 200;

// What decides how a text may travel.
struct TextTraits {
  std::size_t longest_line = 0;
  std::size_t to_escape = 0;  // bytes that quoted-printable writes as three
  bool has_high = false;
  bool has_controls = false;
};

TextTraits traits_of(std::string_view text) {
  TextTraits traits;
  std::size_t line = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_end = c == '\n' || c == '\r';
    const bool is_control = (byte < ' ' && c != '\t' && !is_end) || byte == 0x7F;
    traits.has_high = traits.has_high || byte >= 0x80;
    traits.has_controls = traits.has_controls || is_control;
    if (byte >= 0x80 || is_control || c == '=') ++traits.to_escape;
    line = is_end ? 0 : line + 1;
    traits.longest_line = std::max(traits.longest_line, line);
  }
  return traits;
}

// Base 64 takes a third more, quoted-printable two bytes for each that it escapes.
TransferEncoding encoding_for(std::size_t size, const TextTraits& traits) {
  if (!traits.has_high && !traits.has_controls && traits.longest_line <= longest_body_line)
    return TransferEncoding::none;
  return 6 * traits.to_escape > size ? TransferEncoding::base64 : TransferEncoding::quoted_printable;
}

std::string_view name_of(TransferEncoding encoding) {
  switch (encoding) {
    case TransferEncoding::none:
      return "7bit";
    case TransferEncoding::quoted_printable:
      return "quoted-printable";
    case TransferEncoding::base64:
      break;
  }
  return "base64";
}

std::string encoded(std::string_view content, TransferEncoding encoding) {
  std::string result;
  result.reserve(content.size() + content.size() / 3 + content.size() / 16);
  BodyEncoder encoder(encoding);
  encoder.put(content, result);
  encoder.finish(result);
  return result;
}

base::Result<MimePart> message_part(const std::string& content) {
  MimePart part;
  smtp::append_canonical(content, part.content);
  const auto traits = traits_of(part.content);
  if (traits.longest_line > longest_body_line || part.content.contains('\0'))
    return base::fail(base::ErrorKind::invalid,
                      "content_base64: a message in a message may not be encoded, and this one has NULs or lines of "
                      "more than 998 octets");
  part.is_eight_bit = traits.has_high;
  part.fields = fmt::format("Content-Transfer-Encoding: {}\r\n", part.is_eight_bit ? "8bit" : "7bit");
  return part;
}

bool is_content_id(std::string_view id) {
  return !id.empty() && id.size() <= longest_content_id && std::ranges::all_of(id, [](char c) {
    return c > ' ' && c < 0x7F && !std::string_view("<>()[]\\,;:\"").contains(c);
  });
}

}  // namespace

MimePart text_part(std::string_view subtype, std::string text) {
  std::string lines;
  smtp::append_canonical(text, lines);
  text = {};
  const auto traits = traits_of(lines);
  const auto encoding = encoding_for(lines.size(), traits);
  MimePart part;
  part.fields = fmt::format("Content-Type: text/{}; charset={}\r\nContent-Transfer-Encoding: {}\r\n", subtype,
                            traits.has_high ? "utf-8" : "us-ascii", name_of(encoding));
  part.content = encoding == TransferEncoding::none ? std::move(lines) : encoded(lines, encoding);
  return part;
}

base::Result<MimePart> attached_part(Attachment attachment) {
  const auto wrong = [](std::string_view member, std::string_view why) {
    return base::fail(base::ErrorKind::invalid, fmt::format("{}: {}", member, why));
  };
  const auto type = read_content_type(attachment.content_type);
  if (!type) return wrong("content_type", type.error().message);
  if (type->type == "multipart") return wrong("content_type", "a multipart cannot be attached by itself");
  if (attachment.file_name.size() > longest_file_name) return wrong("filename", "it is longer than 255 bytes");
  if (!is_clean_line(attachment.file_name))
    return wrong("filename", "line ends and control characters may not stand in it");
  if (!attachment.content_id.empty() && !is_content_id(attachment.content_id))
    return wrong("content_id", "it is one like logo@example.com");
  MimePart part;
  if (type->type == "message") {
    auto message = message_part(attachment.content);
    if (!message) return std::unexpected(message.error());
    part = *std::move(message);
  } else {
    part.content = encoded(attachment.content, TransferEncoding::base64);
    part.fields = "Content-Transfer-Encoding: base64\r\n";
  }
  part.fields.insert(0, fmt::format("Content-Type: {}\r\n", type->text));
  part.fields += fmt::format("Content-Disposition: {}", attachment.is_inline ? "inline" : "attachment");
  if (!attachment.file_name.empty()) part.fields += mime_parameter("filename", attachment.file_name);
  part.fields += crlf;
  if (!attachment.content_id.empty()) part.fields += fmt::format("Content-ID: <{}>\r\n", attachment.content_id);
  return part;
}

MimePart multipart(std::string_view type, std::vector<MimePart> parts, base::Random& random) {
  if (parts.size() == 1) return std::move(parts.front());
  MimePart whole;
  // Neither encoding writes "=_", and nobody can guess it for the others.
  const auto first = random.next();
  whole.boundary = fmt::format("=_{:016x}{:016x}", first, random.next());
  whole.fields = fmt::format("Content-Type: multipart/{};\r\n\tboundary=\"{}\"\r\n", type, whole.boundary);
  // RFC 2045 section 6.4: what is around 8-bit parts says so too.
  if (std::ranges::any_of(parts, has_eight_bit)) whole.fields += "Content-Transfer-Encoding: 8bit\r\n";
  whole.parts = std::move(parts);
  return whole;
}

void write_tree(MimePart part, std::vector<std::string>& pieces) {
  part.fields += crlf;
  pieces.push_back(std::move(part.fields));
  if (part.parts.empty()) {
    pieces.push_back(std::move(part.content));
    return;
  }
  for (auto& one : part.parts) {
    pieces.push_back(fmt::format("\r\n--{}\r\n", part.boundary));
    write_tree(std::move(one), pieces);
  }
  pieces.push_back(fmt::format("\r\n--{}--\r\n", part.boundary));
}

bool has_eight_bit(const MimePart& part) {
  return part.is_eight_bit || std::ranges::any_of(part.parts, [](const auto& one) { return has_eight_bit(one); });
}

}  // namespace godwit::mail
