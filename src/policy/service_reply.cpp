// SPDX-License-Identifier: Apache-2.0
#include "service_reply.hpp"

#include <algorithm>
#include <string>

#include "godwit/base/text.hpp"

namespace godwit::policy {
namespace {

constexpr std::size_t longest_reply_text = 480;  // of 512 bytes a line, with the codes

bool is_beyond_ascii(char c) {
  return static_cast<unsigned char>(c) > 0x7F;
}

// At most so many bytes of valid UTF-8, never within a character.
std::string cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  text.resize(most);
  return text;
}

}  // namespace

smtp::Reply service_reply(int code, smtp::EnhancedCode enhanced, std::string_view text, smtp::Utf8 utf8) {
  auto fit = cut(base::to_valid_utf8(base::trim(text).substr(0, 4 * longest_reply_text)), longest_reply_text);
  if (utf8 == smtp::Utf8::refuse) std::ranges::replace_if(fit, is_beyond_ascii, '?');
  return smtp::make_reply(code, enhanced, fit);
}

std::optional<smtp::Reply> failure_reply(OnFailure on_failure) {
  switch (on_failure) {
    case OnFailure::accept:
      return std::nullopt;
    case OnFailure::reject:
      return smtp::make_reply(550, {5, 3, 0}, "Service unavailable");
    case OnFailure::defer:
      break;
  }
  return smtp::make_reply(451, {4, 3, 0}, "Service unavailable, try again later");
}

}  // namespace godwit::policy
