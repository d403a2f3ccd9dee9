// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/clock.hpp"

#include <gtest/gtest.h>

namespace godwit::base {
namespace {

using namespace std::chrono_literals;

WallTime at(int year, unsigned month, unsigned day, Duration time) {
  return std::chrono::sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day)) + time;
}

TEST(FormatTime, Rfc3339HasMilliseconds) {
  EXPECT_EQ(format_rfc3339(at(2026, 11, 23, 9h + 35min + 55s + 123456us)), "2026-11-23T09:35:55.123Z");
  EXPECT_EQ(format_rfc3339(WallTime()), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_rfc3339(at(2024, 2, 29, 23h + 59min + 59s + 999999us)), "2024-02-29T23:59:59.999Z");
}

TEST(FormatTime, Rfc5322NamesDayAndMonth) {
  EXPECT_EQ(format_rfc5322(at(2026, 11, 23, 9h + 35min + 55s)), "Mon, 23 Nov 2026 09:35:55 +0000");
  EXPECT_EQ(format_rfc5322(at(2023, 1, 1, 0s)), "Sun, 1 Jan 2023 00:00:00 +0000");
}

TEST(FormatTime, BeforeTheEpochRoundsDown) {
  EXPECT_EQ(format_rfc3339(WallTime(-1ns)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_rfc5322(WallTime(-1ns)), "Wed, 31 Dec 1969 23:59:59 +0000");
}

TEST(FormatDuration, IsShortAndExact) {
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_duration(250ms), "250ms");
  EXPECT_EQ(format_duration(90min), "1h30m");
  EXPECT_EQ(format_duration(120h), "5d");
  EXPECT_EQ(format_duration(86400s + 1s), "1d1s");
  EXPECT_EQ(format_duration(-5s), "-5s");
}

TEST(FormatDuration, BelowAMillisecondIsNothing) {
  EXPECT_EQ(format_duration(999us), "0s");
  EXPECT_EQ(format_duration(-999us), "0s");
}

TEST(FormatDuration, TheLongestOnesHaveAForm) {
  EXPECT_TRUE(format_duration(Duration::max()).starts_with("106751d"));
  EXPECT_TRUE(format_duration(Duration::min()).starts_with("-106751d"));
}

TEST(SystemClock, MonotonicTimeDoesNotGoBack) {
  const SystemClock clock;
  const auto before = clock.mono();
  EXPECT_GE(clock.mono(), before);
  EXPECT_GT(clock.wall(), at(2023, 1, 1, 0s));
}

TEST(Clock, ReadsDateTimesOfRfc3339) {
  const auto noon = parse_rfc3339("2026-12-01T12:00:00Z");
  ASSERT_TRUE(noon);
  EXPECT_EQ(format_rfc3339(*noon), "2026-12-01T12:00:00.000Z");
  EXPECT_EQ(parse_rfc3339("2026-12-01T13:30:00+01:30"), noon);
  EXPECT_EQ(parse_rfc3339("2026-12-01t07:00:00-05:00"), noon);
  EXPECT_EQ(parse_rfc3339("2026-12-01T12:00:00.987z"), noon);
  EXPECT_TRUE(parse_rfc3339("2028-02-29T00:00:00Z"));
}

TEST(Clock, RefusesWhatIsNoDateTimeOfRfc3339) {
  for (const char* text :
       {"", "2026-12-01", "2026-12-01T12:00:00", "2026-12-01 12:00:00Z", "2026-13-01T12:00:00Z", "2026-12-32T12:00:00Z",
        "2026-02-29T12:00:00Z", "2026-12-01T24:00:00Z", "2026-12-01T12:60:00Z", "2026-12-01T12:00:00.Z",
        "2026-12-01T12:00:00+0100", "2026-12-01T12:00:00+25:00", "2026-1-01T12:00:00Z0", "9999-12-01T12:00:00Z",
        "0001-12-01T12:00:00Z", "+026-12-01T12:00:00Z", "2026-12-01T12:00:00ZZ", "2026-12-01T12:00:00-01:0x"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

}  // namespace
}  // namespace godwit::base
