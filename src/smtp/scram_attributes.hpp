// SPDX-License-Identifier: Apache-2.0
// What both sides of SCRAM read and compute alike (RFC 5802 section 7).
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace godwit::smtp {

inline constexpr std::size_t longest_scram_message = 4096;
inline constexpr std::size_t longest_scram_nonce = 512;

// "value" after "x="; empty: the attribute is another.
inline std::optional<std::string_view> scram_value(std::string_view attribute, char name) {
  if (attribute.size() < 2 || attribute[0] != name || attribute[1] != '=') return std::nullopt;
  return attribute.substr(2);
}

inline bool is_scram_nonce(std::string_view text) {
  return !text.empty() && text.size() <= longest_scram_nonce &&
         std::ranges::all_of(text, [](char c) { return c >= '!' && c <= '~' && c != ','; });
}

// Requires: equal sizes.
inline std::string exclusive_or(std::string a, std::string_view b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<char>(a[i] ^ b[i]);
  return a;
}

}  // namespace godwit::smtp
