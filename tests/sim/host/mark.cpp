// SPDX-License-Identifier: Apache-2.0
#include "sim/host/mark.hpp"

#include <charconv>

#include <fmt/format.h>

namespace godwit::sim::mark {
namespace {

constexpr std::string_view name = "X-Sim-Mail: ";

}  // namespace

std::string line_of(std::uint64_t mail) {
  return fmt::format("{}{}\r\n", name, mail);
}

// Half a number is none.
std::optional<Found> find(std::string_view text) {
  const auto at = text.find(name);
  if (at == std::string_view::npos) return {};
  Found found{.begin = at, .end = at + name.size()};
  const auto* last = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + found.end, last, found.mail);
  if (error != std::errc() || rest == last) return {};
  return found;
}

}  // namespace godwit::sim::mark
