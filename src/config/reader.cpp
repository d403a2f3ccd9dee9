// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"

#include <utility>

#include <fmt/format.h>

namespace godwit::config {

std::string join_path(std::string_view parent, std::string_view key) {
  return parent.empty() ? std::string(key) : fmt::format("{}.{}", parent, key);
}

Place Reader::place(const YAML::Node& node) const {
  const auto mark = node.Mark();
  if (mark.is_null()) return here_;
  return {.file = file_, .line = mark.line + 1, .column = mark.column + 1};
}

void Reader::report(const Place& place, std::string message, std::string suggestion) {
  loaded_.diagnostics.push_back({.place = place,
                                 .message = std::move(message),
                                 .suggestion = std::move(suggestion),
                                 .severity = Severity::error});
  if (loaded_.diagnostics.size() >= most_diagnostics) throw Enough();
}

void Reader::count_value() {
  if (++values_ <= most_values) return;
  report(here_, fmt::format("a configuration has at most {} values; more are not read", most_values), {});
  throw Enough();
}

void Reader::fail_at(const YAML::Mark& mark, std::string message) {
  report({.file = file_, .line = std::max(mark.line, 0) + 1, .column = std::max(mark.column, 0) + 1},
         std::move(message), {});
}

bool Reader::claim(const std::string& path, const YAML::Node& key, const YAML::Node& value, Again again) {
  // An empty value has no place of its own: the key stands for it.
  const auto [at, fresh] = loaded_.places.try_emplace(path, place(value.IsNull() ? key : value));
  if (fresh || (again == Again::other_file && at->second.file != file_)) return true;
  const auto& first = at->second;
  fail_at(key, fmt::format("{} is set twice; the first is at {}:{}:{}", path, first.file, first.line, first.column));
  return false;
}

Reader::Step::Step(Reader& reader, std::string path, const YAML::Node& value) : reader_(reader) {
  reader_.count_value();
  path_before_ = std::exchange(reader_.path_, {});
  place_before_ = reader_.here_;
  reader_.path_ = std::move(path);
  const auto at = reader_.loaded_.places.find(reader_.path_);
  if (value.IsNull() && at != reader_.loaded_.places.end())
    reader_.here_ = at->second;
  else
    reader_.here_ = reader_.place(value);
}

Reader::Step::~Step() {
  reader_.path_ = std::move(path_before_);
  reader_.here_ = std::move(place_before_);
}

}  // namespace godwit::config
