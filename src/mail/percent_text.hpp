// SPDX-License-Identifier: Apache-2.0
// Bytes written as an escape character and two hexadecimal digits: "%41" (RFC 2231), "=41" (RFC 2047).
#pragma once

#include <string>
#include <string_view>

namespace godwit::mail {

// What is no escape stays as it is.
inline std::string decode_escapes(std::string_view text, char escape) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape =
        text[i] == escape && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    if (!is_escape) {
      result += text[i];
      continue;
    }
    result += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
    i += 2;
  }
  return result;
}

}  // namespace godwit::mail
