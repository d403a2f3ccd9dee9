// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/lookup/text_table.hpp"

namespace godwit::lookup {
namespace {

constexpr std::string_view include_prefix = ":include:";

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

// Where the first of `ends` stands outside of quotes; the size of the text: nowhere.
std::size_t find_outside_quotes(std::string_view text, std::string_view ends) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted && ends.contains(text[i]))
      return i;
  }
  return text.size();
}

class Parser {
 public:
  Parser(const std::string& file, const ReadFile& read) : file_(file), read_(read) {}

  TextContent run(std::string_view text) {
    std::string entry;
    int line = 0;
    for (auto part : base::split(text, '\n')) {
      ++line;
      if (part.ends_with('\r')) part.remove_suffix(1);
      const auto trimmed = base::trim(part);
      if (trimmed.empty() || trimmed.starts_with('#')) continue;
      if (is_blank(part.front()) && entry_line_ > 0) {
        entry += ' ';
        entry += trimmed;
        continue;
      }
      finish(entry);
      entry = trimmed;
      entry_line_ = line;
    }
    finish(entry);
    std::ranges::stable_sort(content_.patterns, std::greater(), [](const auto& one) { return one.first.size(); });
    return std::move(content_);
  }

 private:
  void complain(std::vector<std::string>& list, std::string_view what) const {
    list.push_back(fmt::format("{}:{}: {}", file_, entry_line_, what));
  }

  void finish(std::string_view entry) {
    if (entry_line_ == 0) return;
    const auto end = find_outside_quotes(entry, ": \t");
    auto key = base::to_lower(base::trim(entry.substr(0, end)));
    auto rest = base::trim(entry.substr(end));
    if (rest.starts_with(':') && !rest.starts_with(include_prefix)) rest = base::trim(rest.substr(1));
    if (key.empty()) return complain(content_.errors, "there is no key");
    auto values = values_of(rest);
    if (key.contains('*'))
      content_.patterns.emplace_back(std::move(key), std::move(values));
    else if (!content_.entries.try_emplace(key, std::move(values)).second)
      complain(content_.errors, fmt::format("{} is there twice", base::printable(key)));
  }

  std::vector<std::string> values_of(std::string_view text) {
    std::vector<std::string> values;
    while (!text.empty()) {
      const auto end = find_outside_quotes(text, ",");
      add(base::trim(text.substr(0, end)), values);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return values;
  }

  void add(std::string_view value, std::vector<std::string>& values) {
    if (value.starts_with('\\')) value.remove_prefix(1);  // "no further alias", which is so for one's own name anyway
    if (value.empty()) return;
    if (value.starts_with(include_prefix)) return include(std::string(value.substr(include_prefix.size())), values);
    const bool is_program = value.starts_with('|') || value.starts_with("\"|");
    if (is_program || value.starts_with('/') || value.starts_with("\"/"))
      return complain(content_.warnings, fmt::format("{} is left out: mail goes to addresses only, no {}",
                                                     base::printable(value), is_program ? "program" : "file"));
    values.emplace_back(value);
  }

  void include(const std::string& path, std::vector<std::string>& values) {
    if (!path.starts_with('/')) return complain(content_.errors, ":include: needs an absolute path");
    content_.included.push_back(path);
    const auto text = read_(path);
    if (!text) return complain(content_.errors, text.error().message);
    for (auto line : base::split(*text, '\n')) {
      line = base::trim(line);
      if (line.starts_with('#')) continue;
      if (line.starts_with(include_prefix)) {
        complain(content_.errors, path + " includes another file");
        continue;
      }
      for (auto& value : values_of(line)) values.push_back(std::move(value));
    }
  }

  const std::string& file_;
  const ReadFile& read_;
  TextContent content_;
  int entry_line_ = 0;
};

}  // namespace

TextContent parse_text_table(std::string_view text, const std::string& file, const ReadFile& read) {
  return Parser(file, read).run(text);
}

}  // namespace godwit::lookup
