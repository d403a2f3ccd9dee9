// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/dsn_parameters.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/smtp/utf8_address.hpp"

namespace godwit::smtp {
namespace {

constexpr std::array<std::pair<std::string_view, Notify>, 4> notify_words = {{
    {"NEVER", notify_never},
    {"SUCCESS", notify_success},
    {"FAILURE", notify_failure},
    {"DELAY", notify_delay},
}};

constexpr bool is_printable(char c) {
  return c >= ' ' && c < 0x7F;
}

// A value of an upper-case hexadecimal digit, or 16.
constexpr int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

std::string encode(std::string_view bytes) {
  std::string result;
  for (const char c : bytes) {
    if (c > ' ' && c < 0x7F && c != '+' && c != '=')
      result += c;
    else
      result += fmt::format("+{:02X}", static_cast<unsigned char>(c));
  }
  return result;
}

constexpr std::string_view utf8_type = "utf-8";

// An atom (RFC 5322 section 3.2.3) that may stand in a parameter, where there is no "=".  Unlike what follows it, it is
// no xtext.
bool is_address_type(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-/?^_`{|}~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return alnum || marks.contains(c);
  });
}

}  // namespace

bool is_xtext(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] <= ' ' || text[i] >= 0x7F || text[i] == '=') return false;
    if (text[i] != '+') continue;
    if (i + 2 >= text.size() || digit(text[i + 1]) > 15 || digit(text[i + 2]) > 15) return false;
    i += 2;
  }
  return true;
}

std::optional<std::string> read_xtext(std::string_view text) {
  if (!is_xtext(text)) return {};
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '+') {
      result += text[i];
      continue;
    }
    result += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
    i += 2;
  }
  if (!std::ranges::all_of(result, is_printable)) return {};
  return result;
}

std::optional<std::uint8_t> read_notify(std::string_view value) {
  std::uint8_t notify = 0;
  for (const auto part : base::split(value, ',')) {
    const auto* word =
        std::ranges::find_if(notify_words, [&](const auto& each) { return base::iequals(each.first, part); });
    if (word == notify_words.end()) return {};
    notify |= word->second;
  }
  if ((notify & notify_never) != 0 && value.contains(',')) return {};
  return notify;
}

std::optional<std::uint8_t> read_return(std::string_view value) {
  if (base::iequals(value, "FULL")) return return_full;
  if (base::iequals(value, "HDRS")) return return_headers;
  return {};
}

std::optional<std::string> read_envid(std::string_view value) {
  if (value.empty() || value.size() > longest_envid) return {};
  return read_xtext(value);
}

std::optional<std::string> read_orcpt(std::string_view value) {
  const auto semicolon = value.find(';');
  if (semicolon == std::string_view::npos || value.size() > longest_orcpt) return {};
  const auto type = value.substr(0, semicolon);
  const bool is_utf8 = base::iequals(type, utf8_type);
  const auto written = value.substr(semicolon + 1);
  const auto address = is_utf8 ? read_utf8_address(written) : read_xtext(written);
  if (!is_address_type(type) || !address || address->empty()) return {};
  return std::string(type) + ';' + *address;
}

std::string notify_text(std::uint8_t notify) {
  std::string text;
  for (const auto& [word, bit] : notify_words)
    if ((notify & bit) != 0) text += (text.empty() ? "" : ",") + std::string(word);
  return text;
}

std::string return_text(std::uint8_t ret) {
  return ret == return_full ? "FULL" : "HDRS";
}

std::string envid_text(std::string_view envid) {
  return encode(envid);
}

std::string orcpt_text(std::string_view orcpt) {
  if (orcpt.empty()) return {};
  const auto type = orcpt.substr(0, orcpt.find(';'));
  const auto address = orcpt.substr(std::min(orcpt.size(), type.size() + 1));
  auto text = base::iequals(type, utf8_type)
                  ? std::string(orcpt)
                  : (is_address_type(type) ? std::string(type) : encode(type)) + ';' + encode(address);
  if (text.size() > longest_orcpt) text.clear();
  return text;
}

}  // namespace godwit::smtp
