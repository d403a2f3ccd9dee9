// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/idle_list.hpp"

#include <gtest/gtest.h>

namespace godwit::net {
namespace {

TEST(IdleList, KeepsAFew) {
  IdleList<int> list;
  EXPECT_EQ(list.take(), nullptr);
  for (int i = 0; i < 10; ++i) list.give_back(std::make_unique<int>(i));
  EXPECT_EQ(*list.take(), 3);
  for (int i = 0; i < 3; ++i) EXPECT_NE(list.take(), nullptr);
  EXPECT_EQ(list.take(), nullptr);
}

}  // namespace
}  // namespace godwit::net
