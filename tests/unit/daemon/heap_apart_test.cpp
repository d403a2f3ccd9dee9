// SPDX-License-Identifier: Apache-2.0
#include "daemon/heap_apart.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace godwit::daemon {
namespace {

using Lines = std::vector<std::string>;

Lines many_lines() {
  Lines lines;
  for (int i = 0; i < 2000; ++i) lines.push_back("a line that is too long for the string itself, " + std::to_string(i));
  return lines;
}

TEST(HeapApartTest, WhatWasMadeApartIsThereWhenTheHeapIsGone) {
  const auto lines = made_apart(many_lines);
  const auto others = many_lines();  // would take what the first had, if that were free
  EXPECT_EQ(lines, others);
}

TEST(HeapApartTest, WhatWasLeftInItStaysValid) {
  Lines left;
  const auto made = made_apart([&] {
    left = many_lines();
    return 1;
  });
  const auto others = many_lines();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(left, others);
}

TEST(HeapApartTest, AFailureWhileItIsMadeIsPassedOn) {
  const auto fails = []() -> Lines { throw std::runtime_error("it cannot be read, which takes a long string to say"); };
  EXPECT_THROW(made_apart(fails), std::runtime_error);
  EXPECT_EQ(made_apart(many_lines).size(), 2000U);
}

TEST(HeapApartTest, OneInAnother) {
  const auto lines = made_apart([] { return made_apart(many_lines); });
  EXPECT_EQ(lines, many_lines());
}

}  // namespace
}  // namespace godwit::daemon
