// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/rate.hpp"

#include <gtest/gtest.h>

namespace godwit::base {
namespace {

using namespace std::chrono_literals;

TEST(Rate, IsReadAsItIsWritten) {
  for (const char* text : {"100/1m", "1/1s", "5000/1h", "1000000/1d"}) {
    const auto rate = parse_rate(text);
    ASSERT_TRUE(rate) << text;
    EXPECT_EQ(to_string(*rate), text);
  }
  EXPECT_EQ(parse_rate("100/1m")->period, 1min);
  EXPECT_EQ(to_string(Rate{}), "");
}

TEST(Rate, AnythingElseIsRefused) {
  for (const char* text : {"", "100", "/1m", "0/1m", "100/", "100/0s", "100/10ms", "100/2d", "2000000/1m", "-1/1m"})
    EXPECT_FALSE(parse_rate(text)) << text;
}

TEST(Rate, OfBytesIsReadAsItIsWritten) {
  for (const char* text : {"50MiB/1d", "1KiB/1s", "1500KiB/1h", "1024TiB/1d"}) {
    const auto rate = parse_byte_rate(text);
    ASSERT_TRUE(rate) << text;
    EXPECT_EQ(byte_rate_text(*rate), text);
  }
  for (const char* text : {"", "50MiB", "100/1m", "1KiB/2d", "2048TiB/1d", "x/1h"})
    EXPECT_FALSE(parse_byte_rate(text)) << text;
}

}  // namespace
}  // namespace godwit::base
