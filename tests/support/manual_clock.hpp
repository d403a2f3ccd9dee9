// SPDX-License-Identifier: Apache-2.0
// A clock that stands still until a test, or a simulated wait, moves it.
#pragma once

#include <algorithm>
#include <chrono>

#include "godwit/base/clock.hpp"

namespace godwit::testing {

class ManualClock final : public base::Clock {
 public:
  base::WallTime wall() const override { return base::WallTime(now.time_since_epoch()); }
  base::MonoTime mono() const override { return now; }
  void advance_to(base::MonoTime when) { now = std::max(now, when); }

  base::MonoTime now{std::chrono::hours(1)};
};

}  // namespace godwit::testing
