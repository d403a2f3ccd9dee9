// SPDX-License-Identifier: Apache-2.0
#include "domain.hpp"

#include <algorithm>

#include "characters.hpp"
#include "godwit/base/text.hpp"

namespace godwit::mailauth {
namespace {

constexpr std::size_t max_name = 253;
constexpr std::size_t max_label = 63;

bool is_label(std::string_view label) {
  const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; };
  return !label.empty() && label.size() <= max_label && std::ranges::all_of(label, fits);
}

}  // namespace

bool is_domain_name(std::string_view name) {
  return name.size() <= max_name && std::ranges::all_of(base::split(name, '.'), is_label);
}

bool is_same_or_below(std::string_view name, std::string_view domain) {
  if (name.size() <= domain.size()) return base::iequals(name, domain);
  return name[name.size() - domain.size() - 1] == '.' &&
         base::iequals(name.substr(name.size() - domain.size()), domain);
}

}  // namespace godwit::mailauth
