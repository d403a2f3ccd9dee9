// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/base64url.hpp"

#include <algorithm>

#include "godwit/base/encoding.hpp"

namespace godwit::base {
namespace {

bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

std::string base64url_encode(std::string_view bytes) {
  std::string text = base64_encode(bytes);
  while (text.ends_with('=')) text.pop_back();
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

std::optional<std::string> base64url_decode(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  if (!std::ranges::all_of(text, is_letter)) return std::nullopt;
  std::string plain(text);
  std::ranges::replace(plain, '-', '+');
  std::ranges::replace(plain, '_', '/');
  plain.append((4 - plain.size() % 4) % 4, '=');
  return base64_decode(plain);
}

bool is_base64url(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_letter);
}

}  // namespace godwit::base
