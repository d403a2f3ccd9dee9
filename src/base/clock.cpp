// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/clock.hpp"

#include <array>
#include <ctime>

#include <fmt/format.h>

namespace godwit::base {
namespace {

Duration read_clock(clockid_t which) {
  timespec ts{};
  ::clock_gettime(which, &ts);
  return std::chrono::seconds(ts.tv_sec) + std::chrono::nanoseconds(ts.tv_nsec);
}

struct CivilTime {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::milliseconds> time;
  unsigned weekday;
};

CivilTime civil(WallTime time) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(ms);
  return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss(ms - day), std::chrono::weekday(day).c_encoding()};
}

}  // namespace

WallTime SystemClock::wall() const {
  return WallTime(read_clock(CLOCK_REALTIME));
}
MonoTime SystemClock::mono() const {
  return MonoTime(read_clock(CLOCK_MONOTONIC));
}

std::string format_rfc3339(WallTime time) {
  const auto c = civil(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", int(c.date.year()), unsigned(c.date.month()),
                     unsigned(c.date.day()), c.time.hours().count(), c.time.minutes().count(), c.time.seconds().count(),
                     c.time.subseconds().count());
}

std::string format_rfc5322(WallTime time) {
  static constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto c = civil(time);
  return fmt::format("{}, {} {} {:04} {:02}:{:02}:{:02} +0000", days[c.weekday], unsigned(c.date.day()),
                     months[unsigned(c.date.month()) - 1], int(c.date.year()), c.time.hours().count(),
                     c.time.minutes().count(), c.time.seconds().count());
}

std::string format_duration(Duration duration) {
  struct Unit {
    const char* name;
    Duration size;
  };
  static constexpr std::array units = {Unit{"d", std::chrono::hours(24)}, Unit{"h", std::chrono::hours(1)},
                                       Unit{"m", std::chrono::minutes(1)}, Unit{"s", std::chrono::seconds(1)},
                                       Unit{"ms", std::chrono::milliseconds(1)}};
  // Counts keep the sign of the duration: the shortest one has no positive counterpart.
  const bool negative = duration < Duration::zero();
  std::string text;
  for (const auto& unit : units) {
    const auto count = duration / unit.size;
    if (count != 0) text += fmt::format("{}{}", negative ? -count : count, unit.name);
    duration %= unit.size;
  }
  if (text.empty()) return "0s";
  return negative ? "-" + text : text;
}

}  // namespace godwit::base
