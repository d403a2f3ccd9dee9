// SPDX-License-Identifier: Apache-2.0
#include "postfix_tables.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "postfix_syntax.hpp"

namespace godwit::setup::postfix {
namespace {

constexpr std::size_t most_bytes = std::size_t{64} << 20U;  // of all tables
constexpr std::array text_types = {"hash", "btree",  "lmdb",   "texthash", "cdb",    "dbm",
                                   "sdbm", "inline", "static", "cidr",     "regexp", "pcre"};
constexpr std::array source_types = {"mysql", "pgsql", "sqlite", "ldap"};
constexpr std::array other_types = {"environ", "fail",  "internal", "memcache",  "netinfo", "nis",      "nisplus",
                                    "pipemap", "proxy", "randmap",  "socketmap", "tcp",     "unionmap", "unix"};

bool is_among(const auto& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// A key in quotes may have blanks.
std::size_t end_of_key(std::string_view line, Syntax syntax) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (quoted && line[i] == '\\')
      ++i;
    else if (line[i] == '"')
      quoted = !quoted;
    else if (!quoted && (line[i] == ' ' || line[i] == '\t' || (syntax == Syntax::aliases && line[i] == ':')))
      return i;
  }
  return line.size();
}

// Where the pattern "/…/flags" ends.
std::size_t end_of_pattern(std::string_view line) {
  const char delimiter = line.empty() ? '/' : line.front() == '!' && line.size() > 1 ? line[1] : line.front();
  for (auto at = line.find(delimiter) + 1; at < line.size(); ++at) {
    if (line[at] == '\\')
      ++at;
    else if (line[at] == delimiter)
      return std::min(line.find_first_of(" \t", at), line.size());
  }
  return line.size();
}

std::string without_quotes(std::string_view key) {
  std::string result;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (key[i] == '"') continue;
    if (key[i] == '\\' && i + 1 < key.size()) ++i;
    result += key[i];
  }
  return result;
}

Entry entry_of(std::string_view line, std::string place, Syntax syntax, bool is_pattern) {
  const auto end = is_pattern ? end_of_pattern(line) : end_of_key(line, syntax);
  auto rest = base::trim(line.substr(end));
  if (syntax == Syntax::aliases && rest.starts_with(':')) rest = base::trim(rest.substr(1));
  const auto key = base::trim(line.substr(0, end));
  return {.key = is_pattern ? std::string(key) : without_quotes(key),
          .value = std::string(rest),
          .place = std::move(place),
          .is_for_all = false};
}

std::vector<Entry> inline_entries(std::string_view name, const std::string& place) {
  std::vector<Entry> entries;
  for (const auto& word : words_of(without_braces(name))) {
    std::string key, value;
    if (split_setting(without_braces(word), key, value)) entries.push_back({key, value, place, false});
  }
  return entries;
}

std::string file_name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

}  // namespace

bool Tables::is_text(const std::string& type) {
  return is_among(text_types, type);
}
bool Tables::is_source(const std::string& type) {
  return is_among(source_types, type);
}

MapName parse_map_name(std::string_view word, const std::string& default_type) {
  while (word.starts_with("proxy:")) word.remove_prefix(6);
  const auto colon = word.find(':');
  if (colon != std::string_view::npos) {
    const auto type = std::string(word.substr(0, colon));
    if (is_among(text_types, type) || is_among(source_types, type) || is_among(other_types, type))
      return {.type = type, .name = std::string(word.substr(colon + 1))};
  }
  if (!default_type.empty() && word.starts_with('/')) return {.type = default_type, .name = std::string(word)};
  return {.type = {}, .name = std::string(word)};
}

std::optional<std::string> Tables::text(const std::string& path, const std::string& what, const std::string& place) {
  const auto refuse = [&](const std::string& why) {
    if (refused_.insert(path + what).second) faults_.push_back({place, what, why});
    return std::nullopt;
  };
  const char* too_much = " was not read: the tables are larger than 64 MiB together";
  if (total_ > most_bytes) return refuse(path + too_much);
  auto content = read_(path);
  if (!content) return refuse(content.error().message + ": what it says is missing here");
  if (content->contains('\0')) return refuse(path + " is no text: what it says is missing here");
  total_ += content->size();
  if (total_ > most_bytes) return refuse(path + too_much);
  return std::move(*content);
}

void Tables::name_left(const Lines& lines, const std::string& path, const std::string& what, const std::string& place) {
  if (lines.left > 0)
    faults_.push_back(
        {place, what,
         fmt::format("of {} only the first {} entries were read, {} more were not", path, most_lines, lines.left)});
  for (const auto number : lines.cut)
    faults_.push_back({fmt::format("{}:{}", file_name(path), number), what, "a line is too long, and was cut off"});
}

std::optional<std::string> Tables::text_if_there(const std::string& path) const {
  auto content = read_(path);
  return content && !content->contains('\0') ? std::optional(std::move(*content)) : std::nullopt;
}

std::optional<std::vector<Entry>> Tables::entries(const MapName& map, const std::string& what, const std::string& place,
                                                  Syntax syntax) {
  if (map.type == "inline") return inline_entries(map.name, place);
  if (map.type == "static") return std::vector<Entry>{{"*", std::string(without_braces(map.name)), place, true}};
  if (!is_text(map.type)) {
    if (refused_.insert(map.type + ":" + map.name + what).second)
      faults_.push_back(
          {place, what, fmt::format("{}:{} cannot be read as a table of text", map.type, shown_text(map.name, 80))});
    return {};
  }
  const auto content = text(map.name, what, place);
  if (!content) return {};
  const auto lines = logical_lines(*content);
  const auto file = file_name(map.name);
  name_left(lines, map.name, what, place);
  std::vector<Entry> entries;
  entries.reserve(lines.lines.size());
  for (const auto& line : lines.lines)
    entries.push_back(entry_of(line.text, fmt::format("{}:{}", file, line.number), syntax, is_pattern(map.type)));
  return entries;
}

std::optional<std::vector<std::string>> Tables::words(const std::string& path, const std::string& what,
                                                      const std::string& place) {
  const auto content = text(path, what, place);
  if (!content) return {};
  std::vector<std::string> all;
  const auto lines = logical_lines(*content);
  name_left(lines, path, what, place);
  for (const auto& line : lines.lines)
    for (auto& word : words_of(line.text)) all.push_back(std::move(word));
  return all;
}

std::optional<std::string> pattern_as_words(std::string_view regular) {
  const auto end = regular.rfind('/');
  if (!regular.starts_with('/') || end < 2) return {};
  auto text = regular.substr(1, end - 1);
  const bool from_start = text.starts_with('^'), to_end = text.ends_with('$') && !text.ends_with("\\$");
  if (from_start) text.remove_prefix(1);
  if (to_end) text.remove_suffix(1);
  std::string words = from_start ? "" : "*";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto any = [&](std::string_view form) { return text.substr(i).starts_with(form); };
    if (any("(.*)") || any("(.+)")) {
      words += '*';
      i += 3;
    } else if (any(".*") || any(".+")) {
      words += '*';
      ++i;
    } else if (c == '\\' && i + 1 < text.size() && std::string_view("./-@[]()+*?{}|^$:\\").contains(text[i + 1]) &&
               text[i + 1] != '*') {
      words += text[++i];
    } else if (c == '\\' || std::string_view("[](){}|?*+.^$").contains(c)) {
      return {};
    } else {
      words += c;
    }
  }
  if (!to_end && !words.ends_with('*')) words += '*';
  return words;
}

}  // namespace godwit::setup::postfix
