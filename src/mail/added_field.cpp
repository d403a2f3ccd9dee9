// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/added_field.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "encoded_word.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/safe_text.hpp"
#include "header_line.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t longest_field_name = 76;

bool is_field_name(std::string_view name) {
  if (name.empty() || name.size() > longest_field_name || name.find_first_of(" \t:") != std::string_view::npos)
    return false;
  return field_name_length(std::string(name) + ":") == name.size();
}

// Folding that was there comes back where it is needed.
std::string on_one_line(std::string_view value) {
  std::string line(value);
  std::ranges::replace_if(
      line, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; }, ' ');
  if (base::is_ascii(line)) return line;
  line = encoded_words(base::trim(line));
  std::ranges::replace_if(
      line, [](char c) { return c == '\r' || c == '\n'; }, ' ');
  return line;
}

}  // namespace

base::Result<std::string> added_field(std::string_view name, std::string_view value) {
  if (!is_field_name(name))
    return base::fail(base::ErrorKind::invalid,
                      fmt::format("\"{}\" is no name of a header field", base::printable(name, 80)));
  if (value.size() > longest_added_field)
    return base::fail(base::ErrorKind::exhausted, fmt::format("a header field {} of {} bytes", name, value.size()));
  const auto line = on_one_line(value);
  if (base::trim(line).empty())
    return base::fail(base::ErrorKind::invalid, fmt::format("a header field {} without a value", name));
  return folded_field(name, line);
}

}  // namespace godwit::mail
