// SPDX-License-Identifier: Apache-2.0
#include "encoded_word.hpp"

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t encoded_at_once = 36;  // bytes: the word, with the longer charset too, stays below 75 characters

}  // namespace

std::string_view cut_utf8(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return text.substr(0, most);
}

std::string encoded_words(std::string_view text) {
  const bool valid = base::is_valid_utf8(text);
  const std::string begin = valid ? "=?UTF-8?B?" : "=?unknown-8bit?B?";
  std::string result;
  while (!text.empty()) {
    const auto piece = valid ? cut_utf8(text, encoded_at_once) : text.substr(0, encoded_at_once);
    result += (result.empty() ? "" : "\r\n ") + begin + base::base64_encode(piece) + "?=";
    text.remove_prefix(piece.size());
  }
  return result;
}

}  // namespace godwit::mail
