// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/tarpit.hpp"

#include <gtest/gtest.h>

namespace godwit::policy {
namespace {

TEST(Tarpit, HasRoomForSoManyAndGetsItBack) {
  Tarpit tarpit(2);
  auto first = tarpit.enter();
  auto second = tarpit.enter();
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(tarpit.enter());
  second.reset();
  auto third = tarpit.enter();
  EXPECT_TRUE(third);
  const auto moved = std::move(*third);
  third.reset();
  EXPECT_FALSE(tarpit.enter()) << "a place that was moved is still one";
}

}  // namespace
}  // namespace godwit::policy
