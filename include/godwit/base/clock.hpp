// SPDX-License-Identifier: Apache-2.0
// Time as an interface, so that hosts can be simulated.  Nothing in the project reads a clock except through it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace godwit::base {

using Duration = std::chrono::nanoseconds;
using WallTime = std::chrono::sys_time<Duration>;  // UTC; for queue entries, headers and logs; survives restarts

struct MonotonicTag {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<MonotonicTag, Duration>;
  static constexpr bool is_steady = true;
};
using MonoTime = std::chrono::time_point<MonotonicTag, Duration>;  // never goes back; for deadlines

// A deadline that never passes.
inline constexpr MonoTime no_deadline = MonoTime::max();

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual MonoTime mono() const = 0;
};

class SystemClock final : public Clock {
 public:
  WallTime wall() const override;
  MonoTime mono() const override;
};

// "2026-11-23T09:35:55.123Z" (RFC 3339, UTC, milliseconds).
std::string format_rfc3339(WallTime time);
// Any date-time of RFC 3339 section 5.6 between the years 1970 and 2200; empty: not one.  What is below a second is
// dropped.
std::optional<WallTime> parse_rfc3339(std::string_view text);
// "Mon, 23 Nov 2026 09:35:55 +0000" (RFC 5322 section 3.3, UTC).
std::string format_rfc5322(WallTime time);
// "5m", "1h30m", "250ms": the shortest exact form with units d h m s ms.
std::string format_duration(Duration duration);

}  // namespace godwit::base
