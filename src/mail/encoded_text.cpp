// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/encoded_text.hpp"

#include <optional>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"
#include "percent_text.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t longest_charset = 64;

struct EncodedWord {
  std::string text;        // UTF-8
  std::size_t length = 0;  // of what stands for it
};

std::string from_latin1(std::string_view bytes) {
  std::string result;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      result += c;
    } else {
      result += static_cast<char>(0xC0U | (byte >> 6U));
      result += static_cast<char>(0x80U | (byte & 0x3FU));
    }
  }
  return result;
}

// Padding may be missing, blanks may be there.
std::optional<std::string> lenient_base64(std::string_view text) {
  std::string clean;
  for (const char c : text)
    if (c != ' ' && c != '\t' && c != '=') clean += c;
  if (clean.size() % 4 == 1) clean.pop_back();
  clean.append((4 - clean.size() % 4) % 4, '=');
  return base::base64_decode(clean);
}

std::string from_q(std::string_view text) {
  std::string plain(text);
  for (auto& c : plain)
    if (c == '_') c = ' ';
  return decode_escapes(plain, '=');
}

// At the start of `text`, which begins with "=?" and has a "?=" behind it.  What does not decode is not looked through:
// base64 ends at the first "?", which the next word has, and all that stands in Q decodes.
std::optional<EncodedWord> encoded_word(std::string_view text) {
  const auto charset_end = text.substr(0, longest_charset + 2).find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 3 >= text.size() || text[charset_end + 2] != '?')
    return {};
  const auto begin = charset_end + 3;
  const auto charset = text.substr(2, charset_end - 2);
  const auto encoding = base::to_lower(text.substr(charset_end + 1, 1));
  if (encoding != "b" && encoding != "q") return {};
  const auto end = encoding == "b" ? text.find('?', begin) : text.find("?=", begin);
  if (end == std::string_view::npos || !text.substr(end).starts_with("?=")) return {};
  const auto content = text.substr(begin, end - begin);
  const auto bytes = encoding == "b" ? lenient_base64(content) : from_q(content);
  if (!bytes) return {};
  return EncodedWord{.text = decode_charset(charset.substr(0, charset.find('*')), *bytes), .length = end + 2};
}

}  // namespace

std::string decode_charset(std::string_view charset, std::string_view bytes) {
  for (const auto* latin : {"iso-8859-1", "iso-8859-15", "windows-1252", "latin1"})
    if (base::iequals(charset, latin)) return from_latin1(bytes);
  std::string text(bytes);
  if (base::istarts_with(charset, "utf-16") || base::istarts_with(charset, "utf-32")) std::erase(text, '\0');
  return base::to_valid_utf8(text);
}

std::string decode_words(std::string_view text) {
  std::string result;
  bool after_word = false;
  const auto last_end = text.rfind("?=");
  const auto tail = last_end == std::string_view::npos ? text.size() : text.size() - last_end;  // no word begins there
  while (!text.empty()) {
    const auto found = text.find("=?");
    const auto begin = found < text.size() && text.size() - found > tail ? found : std::string_view::npos;
    const auto between = text.substr(0, begin);
    const auto word = begin == std::string_view::npos ? std::nullopt : encoded_word(text.substr(begin));
    if (!word && begin != std::string_view::npos) {
      result += text.substr(0, begin + 2);
      text.remove_prefix(begin + 2);
      after_word = false;
      continue;
    }
    // RFC 2047 section 6.2: blanks between two encoded words are none of the text.
    if (!(after_word && word && base::trim(between).empty())) result += between;
    if (!word) break;
    result += word->text;
    text.remove_prefix(begin + word->length);
    after_word = true;
  }
  return base::to_valid_utf8(result);
}

}  // namespace godwit::mail
