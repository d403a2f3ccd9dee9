// SPDX-License-Identifier: Apache-2.0
#include "mime_parts.hpp"

#include "crlf.hpp"

namespace godwit::mail {

std::string_view after_header(std::string_view text, const Header& header) {
  text.remove_prefix(header.text().size());
  if (text.starts_with(crlf)) text.remove_prefix(crlf.size());
  return text;
}

std::optional<std::string_view> next_part(std::string_view& rest, const std::string& delimiter) {
  const auto find = [&](std::string_view text) {
    for (auto at = text.find(delimiter); at != std::string_view::npos; at = text.find(delimiter, at + 1))
      if (at == 0 || text[at - 1] == '\n') return at;
    return std::string_view::npos;
  };
  const auto start = find(rest);
  if (start == std::string_view::npos) return {};
  rest.remove_prefix(start + delimiter.size());
  if (rest.starts_with("--")) return {};
  const auto line_end = rest.find(crlf);
  rest.remove_prefix(line_end == std::string_view::npos ? rest.size() : line_end + crlf.size());
  const auto end = find(rest);
  const auto part = rest.substr(0, end);
  rest.remove_prefix(part.size());
  return part;
}

}  // namespace godwit::mail
