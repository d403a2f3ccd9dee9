// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/acquaintances.hpp"

#include <gtest/gtest.h>

namespace godwit::policy {
namespace {

using namespace std::chrono_literals;

base::IpAddress address(std::uint32_t number) {
  const auto byte = [number](int shift) { return static_cast<std::uint8_t>(number >> shift); };
  return base::IpAddress::v4({byte(24), byte(16), byte(8), byte(0)});
}

TEST(Acquaintances, KnowWhoCameBefore) {
  Acquaintances known;
  const base::MonoTime now{1h};
  EXPECT_FALSE(known.knows(address(1), now));
  known.remember(address(1), now);
  EXPECT_TRUE(known.knows(address(1), now));
  EXPECT_FALSE(known.knows(address(2), now));
  known.remember(*base::IpAddress::parse("2001:db8::1"), now);
  EXPECT_TRUE(known.knows(*base::IpAddress::parse("2001:db8::abcd"), now)) << "the same /64";
  EXPECT_FALSE(known.knows(*base::IpAddress::parse("2001:db8:0:1::1"), now));
}

TEST(Acquaintances, AreForgottenAfterALongTime) {
  Acquaintances known;
  const base::MonoTime now{1h};
  known.remember(address(1), now);
  EXPECT_TRUE(known.knows(address(1), now + Acquaintances::kept));
  EXPECT_TRUE(known.knows(address(1), now + 2 * Acquaintances::kept)) << "seen again in between";
  EXPECT_FALSE(known.knows(address(1), now + 3 * Acquaintances::kept + 1s));
  EXPECT_EQ(known.size(), 0U);
}

TEST(Acquaintances, AreBoundedAndTheOldestMakesRoom) {
  Acquaintances known;
  const base::MonoTime now{1h};
  for (std::uint32_t i = 0; i < Acquaintances::most; ++i) known.remember(address(i), now);
  EXPECT_TRUE(known.knows(address(0), now));
  known.remember(address(Acquaintances::most), now);
  EXPECT_EQ(known.size(), Acquaintances::most);
  EXPECT_TRUE(known.knows(address(0), now));
  EXPECT_FALSE(known.knows(address(1), now));
}

}  // namespace
}  // namespace godwit::policy
