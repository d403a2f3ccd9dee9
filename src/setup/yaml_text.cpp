// SPDX-License-Identifier: Apache-2.0
#include "yaml_text.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::setup {
namespace {

constexpr std::array words_with_meaning = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Letters first, so no number, address or time can be read into it.
bool is_plainly_text(std::string_view text) {
  const auto is_safe = [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || std::string_view("./_@-+=").contains(c);
  };
  return !text.empty() && (is_letter(text.front()) || text.front() == '/') && std::ranges::all_of(text, is_safe) &&
         std::ranges::none_of(words_with_meaning, [&](const char* word) { return base::iequals(text, word); });
}

}  // namespace

std::string yaml_string(std::string_view text) {
  std::string result = "\"";
  const auto valid = base::to_valid_utf8(text);
  for (const char c : valid) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      result += fmt::format("\\x{:02x}", byte);
      continue;
    }
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

std::string yaml_word(std::string_view text) {
  return is_plainly_text(text) ? std::string(text) : yaml_string(text);
}

std::string yaml_list(const std::vector<std::string>& texts) {
  std::vector<std::string> words;
  for (const auto& text : texts) words.push_back(yaml_word(text));
  return "[" + base::join(words, ", ") + "]";
}

std::string yaml_one_or_list(const std::vector<std::string>& texts) {
  return texts.size() == 1 ? yaml_word(texts.front()) : yaml_list(texts);
}

}  // namespace godwit::setup
