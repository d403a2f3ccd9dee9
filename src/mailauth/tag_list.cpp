// SPDX-License-Identifier: Apache-2.0
#include "tag_list.hpp"

#include <algorithm>

#include "characters.hpp"
#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"

namespace godwit::mailauth {
namespace {

bool is_tag_name(std::string_view name) {
  const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '_'; };
  return !name.empty() && is_letter(name.front()) && std::ranges::all_of(name, fits);
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace

base::Result<TagList> TagList::parse(std::string_view text) {
  TagList list;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(';', at), text.size());
    const auto spec = text.substr(at, end - at);
    const auto start = at;
    at = end + 1;
    const auto equals = spec.find('=');
    if (equals == std::string_view::npos) {
      const bool is_last = end == text.size();
      if (is_last && base::trim(spec).empty()) break;
      return base::fail(base::ErrorKind::invalid, "a tag without \"=\"");
    }
    const auto name = base::trim(spec.substr(0, equals));
    if (!is_tag_name(name)) return base::fail(base::ErrorKind::invalid, "a tag with a wrong name");
    if (list.tag(name) != nullptr)
      return base::fail(base::ErrorKind::invalid, "the tag \"" + base::printable(name, 32) + "\" comes twice");
    if (list.tags_.size() == most_tags) return base::fail(base::ErrorKind::invalid, "too many tags");
    list.tags_.push_back({name, base::trim(spec.substr(equals + 1)), start + equals + 1, end});
  }
  return list;
}

const Tag* TagList::tag(std::string_view name) const {
  const auto found = std::ranges::find(tags_, name, &Tag::name);
  return found == tags_.end() ? nullptr : &*found;
}

std::optional<std::string_view> TagList::find(std::string_view name) const {
  const auto* found = tag(name);
  if (found == nullptr) return {};
  return found->value;
}

std::string without_space(std::string_view value) {
  std::string text;
  text.reserve(value.size());
  for (const char c : value)
    if (!is_space(c)) text += c;
  return text;
}

std::vector<std::string> split_colons(std::string_view value) {
  std::vector<std::string> parts;
  for (const auto part : base::split(value, ':')) parts.emplace_back(base::trim(part));
  return parts;
}

std::optional<std::string> decode_base64(std::string_view value) {
  return base::base64_decode(without_space(value));
}

}  // namespace godwit::mailauth
