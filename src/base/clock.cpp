// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/clock.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include <fmt/compile.h>
#include <fmt/format.h>

#include "godwit/base/text.hpp"

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

// `digits` at `at`, if they are all digits and no more than `most`.
std::optional<int> number_at(std::string_view text, std::size_t at, int most, std::size_t digits = 2) {
  if (text.size() < at + digits) return {};
  const auto number = parse_unsigned(text.substr(at, digits));
  if (!number || *number > static_cast<unsigned>(most)) return {};
  return static_cast<int>(*number);
}

// "Z", "+01:00".
std::optional<std::chrono::minutes> parse_offset(std::string_view text) {
  if (iequals(text, "Z")) return std::chrono::minutes(0);
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return {};
  const auto hours = number_at(text, 1, 23);
  const auto minutes = number_at(text, 4, 59);
  if (!hours || !minutes) return {};
  const auto offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return text[0] == '-' ? -offset : offset;
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
  return fmt::format(FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z"), int(c.date.year()),
                     unsigned(c.date.month()), unsigned(c.date.day()), c.time.hours().count(), c.time.minutes().count(),
                     c.time.seconds().count(), c.time.subseconds().count());
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00";
  if (text.size() <= form.size() || text[4] != '-' || text[7] != '-' || !iequals(text.substr(10, 1), "T") ||
      text[13] != ':' || text[16] != ':')
    return {};
  const auto year = number_at(text, 0, 2200, 4), month = number_at(text, 5, 12), day = number_at(text, 8, 31);
  const auto hour = number_at(text, 11, 23), minute = number_at(text, 14, 59), second = number_at(text, 17, 60);
  if (!year || *year < 1970 || !month || !day || !hour || !minute || !second) return {};
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  auto rest = text.substr(form.size());
  if (rest.starts_with('.')) {
    const auto end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    if (end == 1) return {};
    rest.remove_prefix(end);
  }
  const auto offset = parse_offset(rest);
  if (!date.ok() || !offset) return {};
  return WallTime(std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(*hour) +
                  std::chrono::minutes(*minute) + std::chrono::seconds(*second) - *offset);
}

std::string format_rfc5322(WallTime time) {
  static constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto c = civil(time);
  return fmt::format(FMT_COMPILE("{}, {} {} {:04} {:02}:{:02}:{:02} +0000"), days[c.weekday], unsigned(c.date.day()),
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
