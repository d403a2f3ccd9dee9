// SPDX-License-Identifier: Apache-2.0
#include "dispatch/suspensions.hpp"

#include <gmock/gmock.h>

namespace godwit::dispatch {
namespace {

using namespace std::chrono_literals;

constexpr base::WallTime suspended_until{std::chrono::hours(24 * 20000)};

TEST(Suspensions, AreReadAsTheyWereWritten) {
  const Suspensions written = {{"", {.until = suspended_until, .reason = ""}},
                               {"a.example", {.until = queue::never, .reason = "they asked:\nplease"}},
                               {"mx1.b.example,mx2.b.example", {.until = suspended_until + 1h, .reason = "100 %"}}};
  EXPECT_EQ(decode_suspensions(encode_suspensions(written)), written);
}

TEST(Suspensions, LinesWithoutSenseAreLeftOut) {
  const auto read =
      decode_suspensions("nonsense\na.example soon why\n%zz - why\nb.example - why\n x\nc 99999999999999999 y");
  EXPECT_THAT(read, ::testing::ElementsAre(::testing::Key("b.example")));
}

}  // namespace
}  // namespace godwit::dispatch
