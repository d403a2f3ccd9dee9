// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/text.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

namespace godwit::base {
namespace {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
constexpr char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// The length of the valid UTF-8 sequence at the start of `text`, 0 if there is none (RFC 3629 section 4).
std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return 1;
  const std::size_t size = byte(0) >= 0xC2 && byte(0) <= 0xDF   ? 2
                           : byte(0) >= 0xE0 && byte(0) <= 0xEF ? 3
                           : byte(0) >= 0xF0 && byte(0) <= 0xF4 ? 4
                                                                : 0;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((byte(i) & 0xC0U) != 0x80) return 0;
  if (byte(0) == 0xE0 && byte(1) < 0xA0) return 0;  // over-long
  if (byte(0) == 0xED && byte(1) > 0x9F) return 0;  // surrogates
  if (byte(0) == 0xF0 && byte(1) < 0x90) return 0;  // over-long
  if (byte(0) == 0xF4 && byte(1) > 0x8F) return 0;  // above U+10FFFF
  return size;
}

// Insertions, deletions, replacements, and swaps of neighbours, which are the commonest slip of the fingers.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> rows(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) rows[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.size()][b.size()];
}

}  // namespace

bool iequals(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool istarts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

std::string to_lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), lower);
  return result;
}

std::string to_upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), upper);
  return result;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view domain_of(std::string_view address) {
  return address.substr(address.rfind('@') + 1);
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  if (text.empty()) return {};
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return {};
    const auto d = static_cast<std::uint64_t>(c - '0');
    if (value > (most - d) / 10) return {};
    value = value * 10 + d;
  }
  return value;
}

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration::zero();
  if (text.empty()) return {};
  Duration total = Duration::zero();
  while (!text.empty()) {
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    const auto count = parse_unsigned(text.substr(0, digits));
    text.remove_prefix(digits);
    std::size_t letters = 0;
    while (letters < text.size() && !is_digit(text[letters])) ++letters;
    const auto unit = text.substr(0, letters);
    text.remove_prefix(letters);
    Duration size;
    if (unit == "ms")
      size = std::chrono::milliseconds(1);
    else if (unit == "s")
      size = std::chrono::seconds(1);
    else if (unit == "m")
      size = std::chrono::minutes(1);
    else if (unit == "h")
      size = std::chrono::hours(1);
    else if (unit == "d")
      size = std::chrono::hours(24);
    else
      return {};
    if (!count || *count > static_cast<std::uint64_t>((Duration::max() - total) / size)) return {};
    total += size * static_cast<Duration::rep>(*count);
  }
  return total;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  const auto count = parse_unsigned(text.substr(0, digits));
  const auto unit = trim(text.substr(digits));
  unsigned shift = 0;
  if (unit.empty() || iequals(unit, "B"))
    shift = 0;
  else if (iequals(unit, "KiB") || iequals(unit, "KB") || iequals(unit, "K"))
    shift = 10;
  else if (iequals(unit, "MiB") || iequals(unit, "MB") || iequals(unit, "M"))
    shift = 20;
  else if (iequals(unit, "GiB") || iequals(unit, "GB") || iequals(unit, "G"))
    shift = 30;
  else if (iequals(unit, "TiB") || iequals(unit, "TB") || iequals(unit, "T"))
    shift = 40;
  else
    return {};
  if (!count || *count > std::numeric_limits<std::uint64_t>::max() >> shift) return {};
  return *count << shift;
}

std::string format_size(std::uint64_t bytes) {
  static constexpr std::array units = {"", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < units.size()) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{}{}", bytes, units[unit]);
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string result;
  while (!text.empty()) {
    if (result.size() >= limit) return result + "...";
    const char c = text.front();
    std::size_t size = utf8_sequence(text);
    const auto u = static_cast<unsigned char>(c);
    // U+0080..U+009F are control characters too: two bytes C2 80..9F.
    const bool c1 = size == 2 && u == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
    if (c == '\\' || c == '"')
      result += {'\\', c};
    else if (size == 0 || u < 0x20 || u == 0x7F || c1) {
      size = c1 ? 2 : 1;
      for (const char b : text.substr(0, size)) result += fmt::format("\\x{:02x}", static_cast<unsigned char>(b));
    } else
      result += text.substr(0, size);
    text.remove_prefix(size);
  }
  return result;
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    const auto distance = edit_distance(to_lower(word), to_lower(candidate));
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
  // On a mismatch the last "*" takes one byte more.
  std::size_t p = 0, t = 0, star = std::string_view::npos, taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && lower(pattern[p]) == lower(text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto size = utf8_sequence(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string to_valid_utf8(std::string_view text) {
  constexpr std::string_view replacement = "\xEF\xBF\xBD";
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const auto size = utf8_sequence(text);
    result += size == 0 ? replacement : text.substr(0, size);
    text.remove_prefix(std::max<std::size_t>(1, size));
  }
  return result;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace godwit::base
