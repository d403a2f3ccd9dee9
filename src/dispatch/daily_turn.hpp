// SPDX-License-Identifier: Apache-2.0
// When what is told to others once a day is due: some time of the first hours after midnight (UTC), so that not all
// hosts of the world tell it at once; what could not be told, an hour later.  Pure; private to dispatch/.
#pragma once

#include <algorithm>
#include <chrono>

#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"

namespace godwit::dispatch {

class DailyTurn {
 public:
  using Day = std::chrono::sys_days;

  explicit DailyTurn(base::Random& random)
      : delay_(std::chrono::duration_cast<base::Duration>(spread * random.fraction())) {}

  static Day day_of(base::WallTime time) { return std::chrono::floor<std::chrono::days>(time); }

  // So much of what was counted is worth keeping.
  static constexpr std::chrono::days kept{3};

  // How long until then.  waiting: something of the days before is.
  base::Duration pause(base::WallTime now, bool waiting) const {
    const auto today = day_of(now);
    const base::WallTime next = base::WallTime(waiting ? today : today + std::chrono::days(1)) + delay_;
    return std::max<base::Duration>(std::max(next, not_before_) - now, base::Duration::zero());
  }
  void try_later(base::WallTime now) { not_before_ = now + retry_pause; }
  // What is of this day is not told any more.
  static bool is_too_late(Day day, base::WallTime now) {
    return day_of(now) > day + std::chrono::days(1) + late_at_most;
  }

 private:
  static constexpr base::Duration spread = std::chrono::hours(4);  // RFC 8460 section 4.1
  static constexpr base::Duration retry_pause = std::chrono::hours(1);
  static constexpr std::chrono::days late_at_most{1};  // RFC 8460 section 5.5

  base::Duration delay_;  // after midnight
  base::WallTime not_before_{};
};

}  // namespace godwit::dispatch
