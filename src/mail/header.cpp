// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/header.hpp"

#include <algorithm>

#include "crlf.hpp"
#include "godwit/base/text.hpp"
#include "header_line.hpp"

namespace godwit::mail {
namespace {

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// The length of the line at the start of `text` with its CRLF, 0 if its end is not there.
std::size_t line_length(std::string_view text) {
  const auto end = text.find(crlf);
  return end == std::string_view::npos ? 0 : end + crlf.size();
}

}  // namespace

std::size_t field_name_length(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return 0;
  auto name = line.substr(0, colon);
  while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
  return std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7F; }) ? name.size() : 0;
}

Header::Header(std::string_view message, HeaderBounds bounds) {
  const auto bounded = message.substr(0, bounds.bytes);
  const bool whole = bounded.size() == message.size();
  std::size_t at = 0;
  while (at < bounded.size() && fields_.size() < bounds.fields) {
    const auto rest = bounded.substr(at);
    const auto name = field_name_length(rest.substr(0, rest.find(crlf)));
    if (rest.starts_with(crlf) || (name == 0 && line_length(rest) != 0)) {
      complete_ = true;
      break;
    }
    std::size_t size = line_length(rest);
    bool cut = size == 0;
    while (!cut && size < rest.size() && is_blank(rest[size])) {
      const auto more = line_length(rest.substr(size));
      cut = more == 0;
      size += more;
    }
    if (cut || (size == rest.size() && !whole)) break;  // the field may go on beyond what we see
    const auto raw = rest.substr(0, size);
    const auto colon = raw.find(':');
    fields_.push_back({raw.substr(0, name), raw.substr(colon + 1, raw.size() - colon - 1 - crlf.size()), raw});
    at += size;
  }
  text_ = bounded.substr(0, at);
}

std::size_t Header::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(fields_, [&](const HeaderField& field) { return base::iequals(field.name, name); }));
}

std::optional<HeaderField> Header::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(fields_, [&](const HeaderField& field) { return base::iequals(field.name, name); });
  if (found == fields_.end()) return {};
  return *found;
}

std::string unfold(std::string_view body) {
  std::string result;
  for (std::size_t at = 0; at < body.size();) {
    if (!body.substr(at).starts_with(crlf)) {
      result += body[at++];
      continue;
    }
    while (!result.empty() && is_blank(result.back())) result.pop_back();
    at += crlf.size();
    while (at < body.size() && is_blank(body[at])) ++at;
    result += ' ';
  }
  return std::string(base::trim(result));
}

bool is_looping(std::string_view message) {
  return Header(message).count("Received") >= max_received_fields;
}

}  // namespace godwit::mail
