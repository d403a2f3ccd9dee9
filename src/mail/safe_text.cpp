// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/safe_text.hpp"

#include <algorithm>
#include <cassert>

#include "godwit/base/text.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t preferred_line = 78;  // RFC 5322 section 2.1.1
constexpr std::size_t longest_word = 900;   // leaves room in a line of 998

constexpr bool is_printable(char c) {
  return c >= ' ' && c < 0x7F;
}

std::size_t utf8_length(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

}  // namespace

std::string safe_text(std::string_view text, std::size_t limit) {
  std::string result(text.substr(0, limit));
  std::ranges::replace_if(
      result, [](char c) { return !is_printable(c); }, '?');
  return result;
}

std::string safe_utf8(std::string_view text, std::size_t limit) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const auto sequence = text.substr(at, utf8_length(text[at]));
    const bool multi = sequence.size() > 1 && base::is_valid_utf8(sequence);
    const auto taken = multi ? sequence.size() : 1;
    if (result.size() + taken > limit) break;
    if (multi)
      result += sequence;
    else
      result += is_printable(text[at]) ? text[at] : '?';
    at += taken;
  }
  return result;
}

std::string safe_word(std::string_view text) {
  constexpr std::size_t longest_name = 255;  // RFC 5321 section 4.5.3.1.2
  constexpr std::string_view specials = " ()<>@,;\\\"";
  std::string result = safe_text(text, longest_name);
  std::ranges::replace_if(
      result, [&](char c) { return specials.find(c) != std::string_view::npos; }, '?');
  return result.empty() ? "unknown" : result;
}

std::string folded_field(std::string_view name, std::string_view body) {
  assert(body.find_first_of("\r\n") == std::string_view::npos);
  std::string result = std::string(name) + ":";
  std::size_t line = result.size();
  bool first = true;  // the first word stays beside the name: a line of blanks alone is obsolete syntax
  for (auto word : base::split(body, ' ')) {
    if (word.empty()) continue;
    while (!word.empty()) {
      const auto piece = word.substr(0, longest_word);
      const bool fold = !first && line + 1 + piece.size() > preferred_line;
      if (fold) line = 0;
      result += fold ? "\r\n " : " ";
      result += piece;
      line += 1 + piece.size();
      word.remove_prefix(piece.size());
      first = false;
    }
  }
  return result + "\r\n";
}

}  // namespace godwit::mail
