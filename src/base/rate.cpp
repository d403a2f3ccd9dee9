// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/rate.hpp"

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::base {

std::string to_string(const Rate& rate) {
  return rate.count == 0 ? "" : fmt::format("{}/{}", rate.count, format_duration(rate.period));
}

std::optional<Rate> parse_rate(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  const auto count = parse_unsigned(text.substr(0, slash));
  const auto period = parse_duration(text.substr(slash + 1));
  if (!count || *count == 0 || *count > 1'000'000) return {};
  if (!period || *period < std::chrono::seconds(1) || *period > std::chrono::hours(24)) return {};
  return Rate{.count = static_cast<std::uint32_t>(*count), .period = *period};
}

}  // namespace godwit::base
