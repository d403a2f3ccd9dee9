// SPDX-License-Identifier: Apache-2.0
#include "attachment_name.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "godwit/base/text.hpp"
#include "godwit/mail/encoded_text.hpp"
#include "percent_text.hpp"

namespace godwit::mail {
namespace {

// What a parameter "filename*2*" says of itself, behind its name.
struct Section {
  std::optional<std::uint64_t> number;
  bool extended = false;  // percent-encoded
};

std::optional<Section> section_of(std::string_view name, std::string_view base) {
  if (!name.starts_with(base)) return {};
  name.remove_prefix(base.size());
  Section section;
  if (name.empty()) return section;
  if (!name.starts_with('*')) return {};
  name.remove_prefix(1);
  section.extended = name.empty() || name.ends_with('*');
  if (name.ends_with('*')) name.remove_suffix(1);
  if (name.empty()) return section;
  section.number = base::parse_unsigned(name);
  if (!section.number) return {};
  return section;
}

struct Charset {
  std::string_view name;
  std::string_view rest;
};

// "utf-8'en'text" (RFC 2231 section 4).
Charset split_charset(std::string_view value) {
  const auto first = value.find('\'');
  const auto second = first == std::string_view::npos ? first : value.find('\'', first + 1);
  if (second == std::string_view::npos) return {.name = {}, .rest = value};
  return {.name = value.substr(0, first), .rest = value.substr(second + 1)};
}

class Names {
 public:
  void add(std::string name) {
    if (!name.empty() && std::ranges::find(all_, name) == all_.end()) all_.push_back(std::move(name));
  }
  std::vector<std::string> take() { return std::move(all_); }

 private:
  std::vector<std::string> all_;
};

struct Piece {
  std::string text;
  bool extended = false;
};

// Sections in the order of their numbers, `until` the first that is missing or all.
std::string joined(const std::map<std::uint64_t, Piece>& pieces, bool until_gap) {
  std::string bytes;
  std::string charset;
  std::uint64_t expected = 0;
  for (const auto& [number, piece] : pieces) {
    if (until_gap && number != expected++) break;
    auto text = std::string_view(piece.text);
    if (piece.extended && number == 0) {
      const auto split = split_charset(text);
      charset = split.name;
      text = split.rest;
    }
    bytes += piece.extended ? decode_escapes(text, '%') : std::string(text);
  }
  return decode_charset(charset, bytes);
}

}  // namespace

std::vector<std::string> attachment_names(const std::vector<MimeParameter>& parameters, std::string_view base) {
  Names names;
  std::map<std::uint64_t, Piece> pieces;
  for (const auto& parameter : parameters) {
    const auto section = section_of(parameter.name, base);
    if (!section) continue;
    if (section->number) {
      pieces.try_emplace(*section->number, Piece{.text = parameter.value, .extended = section->extended});
    } else if (section->extended) {
      const auto [charset, text] = split_charset(parameter.value);
      names.add(decode_charset(charset, decode_escapes(text, '%')));
    } else {
      names.add(decode_words(parameter.value));
      names.add(decode_words(parameter.loose));
    }
  }
  if (!pieces.empty()) {
    names.add(decode_words(joined(pieces, false)));
    names.add(decode_words(joined(pieces, true)));
  }
  return names.take();
}

bool repeats_parameter(const std::vector<MimeParameter>& parameters) {
  std::set<std::string_view> seen;
  return std::ranges::any_of(parameters, [&](const auto& one) { return !seen.insert(one.name).second; });
}

}  // namespace godwit::mail
