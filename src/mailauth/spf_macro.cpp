// SPDX-License-Identifier: Apache-2.0
#include "spf_macro.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "characters.hpp"
#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"

namespace godwit::mailauth {
namespace {

constexpr std::size_t max_name = 253;
constexpr std::string_view delimiters = ".-+,/_=";

struct Macro {
  char letter = 's';  // lower case
  bool escapes = false;
  std::size_t parts = 0;  // 0: all
  bool reverses = false;
  std::string_view delimiters = ".";
  std::size_t size = 0;  // in the text, with braces
};

// `text` begins with "%{".
std::optional<Macro> read_macro(std::string_view text) {
  const auto end = text.find('}');
  if (end == std::string_view::npos || end < 3) return {};
  Macro macro;
  macro.size = end + 1;
  macro.letter = to_lower(text[2]);
  macro.escapes = text[2] != macro.letter;
  if (std::string_view("slodiphcrtv").find(macro.letter) == std::string_view::npos) return {};
  auto rest = text.substr(3, end - 3);
  if (const auto digits = rest.substr(0, rest.find_first_not_of("0123456789")); !digits.empty()) {
    const auto parts = base::parse_unsigned(digits);
    if (!parts || *parts == 0) return {};
    macro.parts = *parts;
    rest.remove_prefix(digits.size());
  }
  if (!rest.empty() && to_lower(rest.front()) == 'r') {
    macro.reverses = true;
    rest.remove_prefix(1);
  }
  if (rest.find_first_not_of(delimiters) != std::string_view::npos) return {};
  if (!rest.empty()) macro.delimiters = rest;
  return macro;
}

std::string dotted_nibbles(const base::IpAddress& address) {
  if (address.is_v4()) return to_string(address);
  std::string text;
  for (const char byte : address.bytes()) {
    const auto value = static_cast<unsigned>(static_cast<unsigned char>(byte));
    text += fmt::format("{}{:X}.{:X}", text.empty() ? "" : ".", value >> 4U, value & 0xFU);
  }
  return text;
}

std::string value_of(char letter, const MacroValues& values) {
  switch (letter) {
    case 's':
      return values.local + "@" + values.sender_domain;
    case 'l':
      return values.local;
    case 'o':
      return values.sender_domain;
    case 'd':
      return values.domain;
    case 'i':
      return dotted_nibbles(values.client);
    case 'p':
      return values.validated_name;
    case 'v':
      return values.client.is_v4() ? "in-addr" : "ip6";
    case 'h':
      return values.hello;
    case 'c':
      return to_string(values.client);
    case 'r':
      return values.receiver;
    default:
      return fmt::format("{}", values.seconds);
  }
}

std::string transform(const Macro& macro, const std::string& value) {
  std::vector<std::string> parts(1);
  for (const char c : value) {
    if (macro.delimiters.find(c) == std::string_view::npos)
      parts.back() += c;
    else
      parts.emplace_back();
  }
  if (macro.reverses) std::ranges::reverse(parts);
  if (macro.parts > 0 && macro.parts < parts.size())
    parts.erase(parts.begin(), parts.end() - static_cast<std::ptrdiff_t>(macro.parts));
  auto text = base::join(parts, ".");
  return macro.escapes ? base::percent_encode(text) : text;
}

bool is_top_label(std::string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '-'; };
  return std::ranges::all_of(label, fits) && !std::ranges::all_of(label, is_digit);
}

}  // namespace

bool is_macro_string(std::string_view text, MacroPlace place) {
  while (!text.empty()) {
    std::size_t taken = 1;
    if (text.front() == '%') {
      if (text.size() < 2) return false;
      if (text[1] == '{') {
        const auto macro = read_macro(text);
        if (!macro) return false;
        const bool only_explains = std::string_view("crt").find(macro->letter) != std::string_view::npos;
        if (only_explains && place == MacroPlace::domain) return false;
        taken = macro->size;
      } else if (std::string_view("%_-").find(text[1]) != std::string_view::npos) {
        taken = 2;
      } else {
        return false;
      }
    } else if (!is_visible(text.front()) && !(text.front() == ' ' && place == MacroPlace::explanation)) {
      return false;
    }
    text.remove_prefix(taken);
  }
  return true;
}

bool is_domain_spec(std::string_view text) {
  if (text.empty() || !is_macro_string(text, MacroPlace::domain)) return false;
  if (text.ends_with('}')) return text.rfind("%{") != std::string_view::npos;
  if (text.ends_with("%%") || text.ends_with("%_") || text.ends_with("%-")) return true;
  if (text.ends_with('.')) text.remove_suffix(1);
  const auto dot = text.rfind('.');
  return dot != std::string_view::npos && is_top_label(text.substr(dot + 1));
}

bool names_validated_name(std::string_view text) {
  for (auto at = text.find("%{"); at != std::string_view::npos; at = text.find("%{", at + 2))
    if (at + 2 < text.size() && to_lower(text[at + 2]) == 'p') return true;
  return false;
}

std::string expand_macros(std::string_view text, const MacroValues& values) {
  std::string expanded;
  while (!text.empty()) {
    std::size_t taken = 1;
    if (text.front() != '%') {
      expanded += text.front();
    } else if (text[1] == '{') {
      const auto macro = read_macro(text);
      expanded += transform(*macro, value_of(macro->letter, values));
      taken = macro->size;
    } else {
      expanded += text[1] == '%' ? "%" : text[1] == '_' ? " " : "%20";
      taken = 2;
    }
    text.remove_prefix(taken);
  }
  return expanded;
}

std::string shorten_name(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  while (name.size() > max_name) {
    const auto dot = name.find('.');
    if (dot == std::string::npos) break;
    name.erase(0, dot + 1);
  }
  return name;
}

}  // namespace godwit::mailauth
