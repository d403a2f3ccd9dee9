// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/utf8_address.hpp"

#include <charconv>
#include <cstdint>
#include <system_error>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::smtp {
namespace {

// Takes the first character of valid UTF-8 from the front.
char32_t take_code_point(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t point = length == 1 ? lead : lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) point = point << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
  text.remove_prefix(length);
  return point;
}

// What stands for itself in a utf-8-addr-xtext (RFC 6533 section 3: QCHAR).
constexpr bool is_qchar(char32_t c) {
  return c > ' ' && c < 0x7F && c != '+' && c != '=' && c != '\\';
}

// "\x{3B4}" at the start of `text`, as the character's number; nothing where it is none.
std::optional<char32_t> take_embedded(std::string_view& text) {
  constexpr std::string_view opening = "\\x{";
  constexpr char32_t highest = 0x10FFFF;
  if (!text.starts_with(opening)) return {};
  const auto end = text.find('}');
  if (end == std::string_view::npos || end - opening.size() < 2 || end - opening.size() > 6) return {};
  std::uint32_t point = 0;
  const auto digits = text.substr(opening.size(), end - opening.size());
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), point, 16);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return {};
  text.remove_prefix(end + 1);
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (point > highest || surrogate || point < ' ' || point == 0x7F) return {};
  return char32_t{point};
}

void append_embedded(std::string& text, char32_t point) {
  text += fmt::format("\\x{{{:02X}}}", static_cast<std::uint32_t>(point));
}

}  // namespace

std::optional<std::string> read_utf8_address(std::string_view value) {
  if (!base::is_valid_utf8(value)) return {};
  std::string result;
  while (!value.empty()) {
    const bool embedded = value.front() == '\\';
    const auto point = embedded ? take_embedded(value) : take_code_point(value);
    if (!point || (!embedded && *point < 0x80 && !is_qchar(*point))) return {};
    if (is_qchar(*point))
      result += static_cast<char>(*point);
    else
      append_embedded(result, *point);
  }
  return result;
}

std::string utf8_address_text(std::string_view address) {
  std::string result;
  if (!base::is_valid_utf8(address)) return result;
  while (!address.empty()) {
    const auto point = take_code_point(address);
    if (is_qchar(point))
      result += static_cast<char>(point);
    else
      append_embedded(result, point);
  }
  return result;
}

}  // namespace godwit::smtp
