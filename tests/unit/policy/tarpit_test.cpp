// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/tarpit.hpp"

#include <gtest/gtest.h>

namespace godwit::policy {
namespace {

TEST(Tarpit, HasRoomForSoManyAndGetsItBack) {
  Settings settings;
  settings.connections = 29;
  Tarpit tarpit(settings);
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
  settings.connections = 30;
  tarpit.change_settings(settings);
  EXPECT_TRUE(tarpit.enter());
}

}  // namespace
}  // namespace godwit::policy
