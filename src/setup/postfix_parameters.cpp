// SPDX-License-Identifier: Apache-2.0
#include "postfix_parameters.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "postfix_catalog.hpp"

namespace godwit::setup::postfix {
namespace {

constexpr int most_depth = 20;
constexpr std::size_t longest_value = std::size_t{1} << 20U;
constexpr std::size_t most_steps = 10'000;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view name_at_start(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && is_name_character(text[size])) ++size;
  return text.substr(0, size);
}

}  // namespace

void name_left_lines(const Lines& lines, const std::string& file, std::vector<Fault>& faults) {
  for (const auto number : lines.cut)
    faults.push_back({fmt::format("{}:{}", file, number), "a line", "it is too long, and was cut off"});
  if (lines.left > 0)
    faults.push_back(
        {file, "the file", fmt::format("only the first {} lines were read, {} more were not", most_lines, lines.left)});
}

Settings parse_settings(std::string_view text, const std::string& file, std::vector<Fault>& faults) {
  Settings settings;
  const auto lines = logical_lines(text);
  name_left_lines(lines, file, faults);
  for (const auto& line : lines.lines) {
    auto place = fmt::format("{}:{}", file, line.number);
    std::string name, value;
    if (!split_setting(line.text, name, value)) {
      faults.push_back({std::move(place), shown_text(line.text, 60), "is no setting (name = value)"});
      continue;
    }
    if (const auto before = settings.find(name); before != settings.end())
      faults.push_back({before->second.place, shown_text(name, 60), "is set again at " + place + ", which counts"});
    settings.insert_or_assign(std::move(name), Setting{.value = std::move(value), .place = std::move(place)});
  }
  return settings;
}

// One expansion.  Bounded in depth (loops), steps and size.
class Expander {
 public:
  Expander(const View& view, const std::string& what) : view_(view), what_(what) {}

  std::string run(std::string_view text) {
    auto result = expand(text, 0);
    return failed_ ? std::string() : result;
  }

  std::string value_of(std::string_view name, int depth) {
    if (const auto* setting = view_.written(name)) return expand(setting->value, depth + 1);
    const auto* known = find_setting(name);
    return known != nullptr ? expand(known->fallback, depth + 1) : std::string();
  }

 private:
  void fail(std::string why) {
    if (!failed_) view_.faults_.push_back({view_.place(what_), what_, std::move(why)});
    failed_ = true;
  }

  std::string expand(std::string_view text, int depth) {
    if (depth > most_depth) fail("its variables refer to each other in a circle, or too deeply: it is taken as empty");
    std::string result;
    while (!failed_ && !text.empty()) {
      const auto dollar = text.find('$');
      add(text.substr(0, dollar), result);
      if (dollar == std::string_view::npos) break;
      text.remove_prefix(dollar + 1);
      if (++steps_ > most_steps) fail("it has too many variables");
      if (!failed_) text = variable(text, result, depth);
    }
    return result;
  }

  void add(std::string_view piece, std::string& result) {
    if (result.size() + piece.size() > longest_value) return fail("its value becomes too long");
    result += piece;
  }

  // After a "$".  Returns what follows the variable.
  std::string_view variable(std::string_view text, std::string& result, int depth) {
    if (text.starts_with('$')) {
      add("$", result);
      return text.substr(1);
    }
    if (text.starts_with('{') || text.starts_with('(')) {
      const auto close = text.front() == '{' ? closing_brace(text, 0) : text.find(')');
      if (close == std::string_view::npos) {
        fail(fmt::format("\"${}\" has no closing {}: it is taken as empty", shown_text(text, 40),
                         text.front() == '{' ? "}" : ")"));
        return {};
      }
      add(braced(text.substr(1, close - 1), depth), result);
      return text.substr(close + 1);
    }
    const auto name = name_at_start(text);
    if (name.empty()) {
      add("$", result);
      return text;
    }
    add(value_of(name, depth), result);
    return text.substr(name.size());
  }

  // "name", "name?text", "name:text", "name?{text}:{text}", "{a} == {b} ? {text} : {text}".
  std::string braced(std::string_view text, int depth) {
    text = base::trim(text);
    if (text.starts_with('{')) return compared(text, depth);
    const auto name = name_at_start(text);
    const auto rest = base::trim(text.substr(name.size()));
    if (name.empty()) return fail("\"${" + shown_text(text, 40) + "}\" has no name: it is taken as empty"), "";
    if (rest.empty()) return value_of(name, depth);
    return chosen(!value_of(name, depth).empty(), rest, depth);
  }

  // "?{a}:{b}", "?a", ":b".
  std::string chosen(bool condition, std::string_view text, int depth) {
    const bool when = text.front() == '?';
    if (!when && text.front() != ':')
      return fail(fmt::format("\"{}\" is no choice by ? and :: it is taken as empty", shown_text(text, 40))), "";
    text = base::trim(text.substr(1));
    if (!text.starts_with('{')) return condition == when ? expand(text, depth + 1) : std::string();
    const auto close = closing_brace(text, 0);
    if (close == std::string_view::npos) return fail("a brace has no end: it is taken as empty"), "";
    if (condition == when) return expand(base::trim(text.substr(1, close - 1)), depth + 1);
    const auto rest = base::trim(text.substr(close + 1));
    return rest.empty() ? std::string() : chosen(condition, rest, depth);
  }

  std::string compared(std::string_view text, int depth) {
    const auto first = closing_brace(text, 0);
    const auto second = first == std::string_view::npos ? first : text.find('{', first);
    const auto end = second == std::string_view::npos ? second : closing_brace(text, second);
    if (end == std::string_view::npos) return fail("a comparison has no end: it is taken as empty"), "";
    const auto left = expand(base::trim(text.substr(1, first - 1)), depth + 1);
    const auto right = expand(base::trim(text.substr(second + 1, end - second - 1)), depth + 1);
    const auto how = base::trim(text.substr(first + 1, second - first - 1));
    const auto rest = base::trim(text.substr(end + 1));
    const bool holds = comparison(left, how, right);
    return rest.empty() ? (holds ? "bool_true" : "") : chosen(holds, rest, depth);
  }

  // Numbers as numbers; levels ("3.6") by their parts.
  static int order(const std::string& left, const std::string& right) {
    const auto a = base::split(left, '.'), b = base::split(right, '.');
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
      const auto x = i < a.size() ? base::parse_unsigned(a[i]) : 0, y = i < b.size() ? base::parse_unsigned(b[i]) : 0;
      if (!x || !y) return left.compare(right);
      if (*x != *y) return *x < *y ? -1 : 1;
    }
    return 0;
  }

  bool comparison(const std::string& left, std::string_view how, const std::string& right) {
    if (how.ends_with("level")) how.remove_suffix(5);
    const int found = order(left, right);
    if (how == "==") return found == 0;
    if (how == "!=") return found != 0;
    if (how == "<") return found < 0;
    if (how == "<=") return found <= 0;
    if (how == ">") return found > 0;
    if (how == ">=") return found >= 0;
    fail(fmt::format("\"{}\" is no comparison: it is taken as empty", shown_text(how, 20)));
    return false;
  }

  const View& view_;
  const std::string& what_;
  bool failed_ = false;
  std::size_t steps_ = 0;
};

const Setting* View::written(std::string_view name) const {
  for (const auto* settings : {&over_, &main_}) {
    const auto found = settings->find(name);
    if (found == settings->end()) continue;
    found->second.is_read = true;
    return &found->second;
  }
  return nullptr;
}

std::string View::expand(std::string_view text, const std::string& what) const {
  return Expander(*this, what).run(text);
}

std::string View::get(std::string_view name) const {
  const std::string what(name);
  const auto* setting = written(name);
  const auto* known = find_setting(name);
  return expand(setting != nullptr ? setting->value : known != nullptr ? known->fallback : std::string_view(), what);
}

bool View::is_yes(std::string_view name) const {
  return base::iequals(get(name), "yes");
}

std::string View::place(std::string_view name) const {
  const auto* setting = written(name);
  return setting == nullptr ? std::string() : setting->place;
}

std::set<std::string, std::less<>> referenced_names(const Settings& settings) {
  std::set<std::string, std::less<>> names;
  for (const auto& [name, setting] : settings) {
    std::string_view text = setting.value;
    for (auto at = text.find('$'); at != std::string_view::npos; at = text.find('$')) {
      text.remove_prefix(at + 1);
      while (text.starts_with('{') || text.starts_with('(')) text.remove_prefix(1);
      if (const auto found = name_at_start(text); !found.empty()) names.emplace(found);
    }
  }
  return names;
}

std::optional<unsigned long long> parse_time(std::string_view text, char unit) {
  text = base::trim(text);
  if (!text.empty() && !(text.back() >= '0' && text.back() <= '9')) {
    unit = text.back();
    text.remove_suffix(1);
  }
  const auto number = base::parse_unsigned(text);
  const unsigned long long seconds = unit == 's'   ? 1
                                     : unit == 'm' ? 60
                                     : unit == 'h' ? 3600
                                     : unit == 'd' ? 86400
                                     : unit == 'w' ? 604800
                                                   : 0;
  constexpr unsigned long long longest = 86400ULL * 36500;
  if (!number || seconds == 0 || *number > longest / seconds) return {};
  return *number * seconds;
}

}  // namespace godwit::setup::postfix
