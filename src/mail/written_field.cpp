// SPDX-License-Identifier: Apache-2.0
#include "written_field.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "crlf.hpp"
#include "encoded_word.hpp"
#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/display_name.hpp"
#include "mime_tokens.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t usual_line = 78;           // RFC 5322 section 2.1.1
constexpr std::size_t longest_line_piece = 900;  // leaves room in a line of 998
constexpr std::size_t longest_field_value = 64U << 10U;
constexpr std::size_t longest_name_of_field = 76;
constexpr std::size_t longest_plain_parameter = 60;  // beyond it a line would pass 78
constexpr std::size_t longest_section = 54;          // of a parameter in several
constexpr std::size_t most_type_parameters = 16;

// Said by members of their own, or by those who handle the message.
constexpr std::array<std::string_view, 14> reserved_fields = {"from",         "to",
                                                              "cc",           "bcc",
                                                              "reply-to",     "subject",
                                                              "date",         "mime-version",
                                                              "return-path",  "received",
                                                              "delivered-to", "dkim-signature",
                                                              "received-spf", "authentication-results"};
constexpr std::array<std::string_view, 3> reserved_beginnings = {"content-", "resent-", "arc-"};
// What programs read: no encoded words may stand there.
constexpr std::array<std::string_view, 6> structured_fields = {"message-id", "in-reply-to",    "references",
                                                               "sender",     "auto-submitted", "precedence"};

std::unexpected<base::Error> bad_value(std::string_view what, std::string_view why) {
  return base::fail(base::ErrorKind::invalid, fmt::format("{}: {}", what, why));
}

bool is_name_of_field(std::string_view name) {
  return !name.empty() && name.size() <= longest_name_of_field &&
         std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7F && c != ':'; });
}

template <class Names>
bool is_among(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// A word and the blanks before it stay together in a line.
std::size_t longest_piece_of(std::string_view value) {
  std::size_t longest = 0;
  for (std::size_t at = 0; at < value.size();) {
    const auto end = std::min(value.find(' ', value.find_first_not_of(' ', at)), value.size());
    longest = std::max(longest, end - at);
    at = end;
  }
  return longest;
}

// Where a line would grow too long one of its blanks begins the next, so that unfolding gives the value back.
std::string folded_exactly(std::string_view name, std::string_view value) {
  std::string field = std::string(name) + ":";
  std::size_t line = field.size();
  bool is_first = true;
  for (std::size_t at = 0; at < value.size();) {
    const auto word_begin = std::min(value.find_first_not_of(' ', at), value.size());
    const auto word_end = std::min(value.find(' ', word_begin), value.size());
    const auto piece = value.substr(at, word_end - at);  // with the blanks before the word
    if (!std::exchange(is_first, false) && word_begin < value.size() && line + piece.size() > usual_line) {
      field += crlf;
      line = 0;
    } else if (at == 0) {
      field += ' ';
      ++line;
    }
    field += piece;
    line += piece.size();
    at = word_end;
  }
  return field + std::string(crlf);
}

bool says_itself(std::string_view value) {
  return base::is_ascii(value) && !value.contains("=?") && !value.starts_with(' ') && !value.ends_with(' ') &&
         longest_piece_of(value) <= longest_line_piece;
}

std::string quoted_value(std::string_view value) {
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

bool is_clean_line(std::string_view text) {
  if (!base::is_valid_utf8(text)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < ' ' || c == 0x7F) return false;
    if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) return false;
  }
  return true;
}

base::Result<std::string> text_field(std::string_view name, std::string_view value) {
  const auto member = base::to_lower(name);
  if (value.size() > longest_field_value) return bad_value(member, "it is longer than 64 KiB");
  if (!is_clean_line(value)) return bad_value(member, "line ends and control characters may not stand in it");
  if (value.empty()) return std::string();
  if (says_itself(value)) return folded_exactly(name, value);
  return fmt::format("{}: {}\r\n", name, encoded_words(value));
}

base::Result<std::string> people_field(std::string_view name, const std::vector<Person>& people) {
  std::string field;
  std::size_t line = 0;
  for (const auto& [called, address] : people) {
    if (!is_clean_line(called))
      return bad_value(base::to_lower(name), "line ends and control characters may not stand in a name");
    const auto text = named_address(called, address);
    // Its addresses were parsed, and the quoted strings of the grammar have no control characters; but nothing else
    // stands between them and the header.
    if (!is_clean_line(to_string(address)) || address.domain.empty())
      return bad_value(base::to_lower(name), "this is no address for a header");
    const bool fits = line + text.size() + 3 <= usual_line;
    if (field.empty()) {
      field = fmt::format("{}: {}", name, text);
      line = field.size();
    } else {
      field += fits ? ", " : ",\r\n ";
      field += text;
      line = (fits ? line + 2 : 1) + text.size();
    }
  }
  return field.empty() ? field : field + std::string(crlf);
}

base::Result<std::string> further_field(std::string_view name, std::string_view value) {
  const auto member = fmt::format("headers.{}", base::printable(name, 80));
  if (!is_name_of_field(name)) return bad_value(member, "this is no name of a header field");
  const auto lower = base::to_lower(name);
  const bool is_of_others = is_among(reserved_fields, lower) ||
                            std::ranges::any_of(reserved_beginnings, [&](auto one) { return lower.starts_with(one); });
  if (is_of_others) return bad_value(member, "this field cannot be set here");
  if (value.size() > longest_field_value) return bad_value(member, "it is longer than 64 KiB");
  if (!is_clean_line(value)) return bad_value(member, "line ends and control characters may not stand in it");
  if (base::trim(value).empty()) return bad_value(member, "it has no value");
  if (base::is_ascii(value)) {
    if (longest_piece_of(base::trim(value)) > longest_line_piece)
      return bad_value(member, "a word of it, with the blanks before it, is too long for a line");
    return folded_exactly(name, base::trim(value));
  }
  if (is_among(structured_fields, lower) || lower.starts_with("list-"))
    return bad_value(member, "it takes US-ASCII alone");
  return fmt::format("{}: {}\r\n", name, encoded_words(value));
}

std::string mime_parameter(std::string_view name, std::string_view value) {
  if (base::is_ascii(value) && value.size() <= longest_plain_parameter)
    return fmt::format(";\r\n\t{}={}", name, quoted_value(value));
  // RFC 2231 sections 3 and 4; a section never ends within a character of it.
  std::vector<std::string> sections{"UTF-8''"};
  for (auto rest = value; !rest.empty();) {
    std::size_t size = 1;
    while (size < rest.size() && (static_cast<unsigned char>(rest[size]) & 0xC0U) == 0x80U) ++size;
    const auto piece = base::percent_encode(rest.substr(0, size));
    if (sections.back().size() + piece.size() > longest_section) sections.emplace_back();
    sections.back() += piece;
    rest.remove_prefix(size);
  }
  if (sections.size() == 1) return fmt::format(";\r\n\t{}*={}", name, sections.front());
  std::string result;
  for (std::size_t i = 0; i < sections.size(); ++i) result += fmt::format(";\r\n\t{}*{}*={}", name, i, sections[i]);
  return result;
}

base::Result<ContentType> read_content_type(std::string_view text) {
  if (text.size() > longest_plain_parameter * most_type_parameters || !base::is_ascii(text) || !is_clean_line(text))
    return base::fail(base::ErrorKind::invalid, "this is no media type");
  MimeTokens tokens(text);
  const auto type = base::to_lower(tokens.token());
  const bool has_slash = tokens.take('/');
  const auto subtype = base::to_lower(tokens.token());
  if (type.empty() || !has_slash || subtype.empty())
    return base::fail(base::ErrorKind::invalid, "a media type is one like text/plain; charset=utf-8");
  ContentType result{.type = type, .text = type + "/" + subtype};
  for (const auto& parameter : tokens.parameters(most_type_parameters))
    if (parameter.name != "name" && parameter.name != "boundary" && !parameter.name.contains('*'))
      result.text += fmt::format(";\r\n\t{}={}", parameter.name, quoted_value(parameter.value));
  return result;
}

}  // namespace godwit::mail
