// SPDX-License-Identifier: Apache-2.0
// Classes of US-ASCII characters that the grammars of mail authentication are made of.
#pragma once

namespace godwit::mailauth {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_visible(char c) {
  return c > 0x20 && c < 0x7F;
}
constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace godwit::mailauth
