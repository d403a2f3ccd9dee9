// SPDX-License-Identifier: Apache-2.0
#include "header_words.hpp"

#include "characters.hpp"

namespace godwit::mailauth {

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += is_visible(c) || c == ' ' ? c : '?';
  }
  return result + '"';
}

std::string comment_text(std::string_view text) {
  std::string result;
  for (const char c : text.substr(0, longest_value))
    result += (is_visible(c) || c == ' ') && c != '(' && c != ')' && c != '\\' ? c : '?';
  return result;
}

}  // namespace godwit::mailauth
