// SPDX-License-Identifier: Apache-2.0
#include "postfix_syntax.hpp"

#include <algorithm>

#include "godwit/base/text.hpp"

namespace godwit::setup::postfix {
namespace {

bool parts_words(char c) {
  return c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace

Lines logical_lines(std::string_view text) {
  Lines result;
  int number = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    const auto content = base::trim(line);
    if (content.empty() || content.starts_with('#')) continue;
    const bool continues = (line.front() == ' ' || line.front() == '\t') && !result.lines.empty();
    if (!continues && result.lines.size() == most_lines) ++result.left;
    if (result.left > 0) continue;
    if (!continues) result.lines.push_back({.text = {}, .number = number});
    auto& last = result.lines.back();
    const auto room = longest_line - std::min(longest_line, last.text.size() + 1);
    if (continues && room > 0) last.text += ' ';
    last.text += content.substr(0, room);
    if (content.size() > room && (result.cut.empty() || result.cut.back() != last.number))
      result.cut.push_back(last.number);
  }
  return result;
}

std::size_t closing_brace(std::string_view text, std::size_t from) {
  std::size_t depth = 0;
  for (std::size_t at = from; at < text.size(); ++at) {
    if (text[at] == '{') ++depth;
    if (text[at] == '}' && --depth == 0) return at;
  }
  return std::string_view::npos;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    if (parts_words(text[at])) {
      ++at;
      continue;
    }
    const auto start = at;
    while (at < text.size() && !parts_words(text[at])) {
      const auto close = text[at] == '{' ? closing_brace(text, at) : at;
      at = close == std::string_view::npos ? text.size() : close + 1;
    }
    words.emplace_back(text.substr(start, at - start));
  }
  return words;
}

std::string_view without_braces(std::string_view word) {
  word = base::trim(word);
  return word.starts_with('{') && word.ends_with('}') ? base::trim(word.substr(1, word.size() - 2)) : word;
}

std::string shown_text(std::string_view text, std::size_t limit) {
  std::string result;
  for (const char c : text.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    result += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  result = base::to_valid_utf8(result);
  return text.size() > limit ? result + "..." : result;
}

bool split_setting(std::string_view line, std::string& name, std::string& value) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return false;
  name = base::trim(line.substr(0, equals));
  value = base::trim(line.substr(equals + 1));
  return !name.empty() && name.find_first_of(" \t{}") == std::string::npos;
}

}  // namespace godwit::setup::postfix
