// SPDX-License-Identifier: Apache-2.0
#include "godwit/log/line.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::log {
namespace {

constexpr std::size_t longest_value = 2048;  // a peer's longest reply is a few lines of 512
constexpr std::size_t usual_line = 512;

void append_number(std::string& line, std::int64_t number) {
  const fmt::format_int text(number);
  line.append(text.data(), text.size());
}

std::string_view text_of(const Field& field) {
  if (const auto* view = std::get_if<std::string_view>(&field.value)) return *view;
  if (const auto* owned = std::get_if<std::string>(&field.value)) return *owned;
  return {};
}

// The length of the valid UTF-8 character at the start, 0 if there is none.
std::size_t character(std::string_view text) {
  for (std::size_t size = 1; size <= std::min<std::size_t>(4, text.size()); ++size)
    if (base::is_valid_utf8(text.substr(0, size))) return size;
  return 0;
}

// What nearly all values are: to be written as it is.
bool is_plain(std::string_view value) {
  return !value.empty() && value.size() <= longest_value &&
         std::ranges::all_of(value, [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '\\' && c != '='; });
}

void append_text_value(std::string& line, std::string_view value) {
  if (is_plain(value)) {
    line += value;
    return;
  }
  const auto safe = base::printable(value, longest_value);
  // printable() escapes what would end the quotes; = is quoted so that splitting at it stays simple.
  if (safe.empty() || safe != value || safe.find_first_of(" =") != std::string::npos)
    line.append("\"").append(safe) += '"';
  else
    line += safe;
}

// The first character of `rest`; how many bytes of it that was.
std::size_t append_json_character(std::string& line, std::string_view rest) {
  const auto size = character(rest);
  const auto first = static_cast<unsigned char>(rest.front());
  const bool c1 = size == 2 && first == 0xC2 && static_cast<unsigned char>(rest[1]) < 0xA0;
  if (size == 0)
    line += "\\ufffd";  // JSON is UTF-8: a foreign byte has no place in it
  else if (first == '"' || first == '\\')
    line += {'\\', rest.front()};
  else if (first < 0x20 || first == 0x7F)
    fmt::format_to(std::back_inserter(line), "\\u{:04x}", first);
  else if (c1)
    fmt::format_to(std::back_inserter(line), "\\u{:04x}", static_cast<unsigned char>(rest[1]));
  else
    line += rest.substr(0, size);
  return std::max<std::size_t>(1, size);
}

void append_json_value(std::string& line, std::string_view value) {
  line += '"';
  for (std::size_t at = 0; at < value.size();) {
    if (at >= longest_value) {
      line += "...";
      break;
    }
    at += append_json_character(line, value.substr(at));
  }
  line += '"';
}

}  // namespace

std::string escaped(const Field& field) {
  if (const auto* number = std::get_if<std::int64_t>(&field.value)) return fmt::format("{}", *number);
  return base::printable(text_of(field), longest_value);
}

std::string_view to_string(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
  }
  return "error";
}

std::string text_line(base::WallTime time, Level level, std::string_view event, std::span<const Field> fields) {
  std::string line;
  line.reserve(usual_line);
  line.append(base::format_rfc3339(time)).append(" ").append(to_string(level)).append(" ").append(event);
  for (const auto& field : fields) {
    line.append(" ").append(field.name) += '=';
    if (const auto* number = std::get_if<std::int64_t>(&field.value))
      append_number(line, *number);
    else
      append_text_value(line, text_of(field));
  }
  return line;
}

std::string json_line(base::WallTime time, Level level, std::string_view event, std::span<const Field> fields) {
  std::string line;
  line.reserve(usual_line);
  fmt::format_to(std::back_inserter(line), R"({{"time":"{}","level":"{}","event":"{}")", base::format_rfc3339(time),
                 to_string(level), event);
  for (const auto& field : fields) {
    line.append(",\"").append(field.name).append("\":");
    if (const auto* number = std::get_if<std::int64_t>(&field.value))
      append_number(line, *number);
    else
      append_json_value(line, text_of(field));
  }
  return line += '}';
}

}  // namespace godwit::log
