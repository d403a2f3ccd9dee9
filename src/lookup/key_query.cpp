// SPDX-License-Identifier: Apache-2.0
#include "key_query.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace godwit::lookup {

KeyQuery::KeyQuery(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, Part>, 3> names = {
      std::pair{std::string_view("{key}"), Part::key}, std::pair{std::string_view("{local}"), Part::local},
      std::pair{std::string_view("{domain}"), Part::domain}};
  while (!text.empty()) {
    bool taken = false;
    for (const auto& [name, part] : names) {
      if (taken || !text.starts_with(name)) continue;
      parts_.push_back(part);
      sql_ += fmt::format("${}", parts_.size());
      text.remove_prefix(name.size());
      taken = true;
    }
    if (taken) continue;
    sql_ += text.front();
    text.remove_prefix(1);
  }
  if (parts_.empty()) parts_.push_back(Part::key);
}

std::vector<std::string> KeyQuery::parameters(std::string_view key) const {
  const auto at = key.rfind('@');
  std::vector<std::string> values;
  for (const auto part : parts_) {
    if (part == Part::key)
      values.emplace_back(key);
    else if (part == Part::local)
      values.emplace_back(key.substr(0, at));
    else
      values.emplace_back(at == std::string_view::npos ? std::string_view() : key.substr(at + 1));
  }
  return values;
}

}  // namespace godwit::lookup
