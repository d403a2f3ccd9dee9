// SPDX-License-Identifier: Apache-2.0
// Times that were written down, as a restart reads them.  Damage, or another hand, may have made any number of one;
// what a daemon goes on with lies where the differences and sums of times can be held.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "godwit/base/clock.hpp"

namespace godwit::base {

inline constexpr std::int64_t latest_kept_second = std::int64_t{1} << 33U;  // since 1970: in the year 2242
inline constexpr std::int64_t latest_kept_day = latest_kept_second / (24 * 60 * 60);

// The nearest there is.
constexpr WallTime kept_second(std::int64_t seconds) {
  return WallTime(std::chrono::seconds(std::clamp(seconds, std::int64_t{0}, latest_kept_second)));
}

// Nothing where no clock will show it.
constexpr std::optional<WallTime> possible_second(std::uint64_t seconds) {
  if (seconds > std::uint64_t{latest_kept_second}) return {};
  return WallTime(std::chrono::seconds(seconds));
}

}  // namespace godwit::base
