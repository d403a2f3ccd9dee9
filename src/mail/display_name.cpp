// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/display_name.hpp"

#include <algorithm>

#include "encoded_word.hpp"
#include "godwit/base/text.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t longest_name = 200;

bool is_phrase(std::string_view name) {
  return std::ranges::all_of(name, [](char c) {
    return c == ' ' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c);
  });
}

std::string quoted(std::string_view name) {
  std::string result = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

}  // namespace

std::string named_address(std::string_view name, const smtp::Mailbox& address) {
  std::string clean = base::to_valid_utf8(name);
  std::ranges::replace_if(
      clean, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; }, ' ');
  const auto shown = base::trim(cut_utf8(base::trim(clean), longest_name));
  if (shown.empty()) return to_string(address);
  // What looks like an encoded word would be read as one.
  const bool plain = base::is_ascii(shown) && !shown.contains("=?");
  const auto phrase = !plain ? encoded_words(shown) : is_phrase(shown) ? std::string(shown) : quoted(shown);
  return phrase + " <" + to_string(address) + ">";
}

}  // namespace godwit::mail
