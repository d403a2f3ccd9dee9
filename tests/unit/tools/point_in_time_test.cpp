// SPDX-License-Identifier: Apache-2.0
#include "tools/point_in_time.hpp"

#include <gtest/gtest.h>

namespace godwit::tools {
namespace {

constexpr base::WallTime now{std::chrono::hours(24 * 365 * 50)};

std::string parsed_time(std::string_view text) {
  const auto time = parse_point_in_time(text, now);
  return time ? base::format_rfc3339(*time) : "nothing";
}

TEST(PointInTime, IsSaidInManyWays) {
  EXPECT_EQ(parse_point_in_time("2h", now), now - std::chrono::hours(2));
  EXPECT_EQ(parsed_time("2026-11-23"), "2026-11-23T00:00:00.000Z");
  EXPECT_EQ(parsed_time("2026-11-23 09:35"), "2026-11-23T09:35:00.000Z");
  EXPECT_EQ(parsed_time("2026-11-23 09:35:55"), "2026-11-23T09:35:55.000Z");
  EXPECT_EQ(parsed_time("2026-11-23T09:35:55Z"), "2026-11-23T09:35:55.000Z");
  EXPECT_EQ(parsed_time("2026-11-23 09:35:55+01:00"), "2026-11-23T08:35:55.000Z");
  for (const char* wrong : {"", "yesterday", "2026-13-01", "2026-11-23 9:35", "2026-11-23 09:35:55 and more"})
    EXPECT_EQ(parsed_time(wrong), "nothing") << wrong;
}

}  // namespace
}  // namespace godwit::tools
