// SPDX-License-Identifier: Apache-2.0
#include "tools/paint.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace godwit::tools {
namespace {

TEST(Paint, HeadingsAreBold) {
  EXPECT_EQ(painted("DESTINATION  STATE    LAST REPLY\na.example    waiting  -\n"),
            "\x1b[1mDESTINATION  STATE    LAST REPLY\x1b[0m\na.example    waiting  -\n");
}

TEST(Paint, WordsThatSayHowItIsAreColoured) {
  EXPECT_EQ(painted("a.example  down     3\nb.example  flowing  0\n"),
            "a.example  \x1b[31mdown\x1b[0m     3\nb.example  \x1b[32mflowing\x1b[0m  0\n");
  EXPECT_EQ(painted("SLOW     a.example: 3 due"), "\x1b[33mSLOW\x1b[0m     a.example: 3 due");
  EXPECT_EQ(painted("godwitd  1.0, up 1h, NOT HEALTHY: see the log"),
            "godwitd  \x1b[31m1.0, up 1h, NOT HEALTHY: see the log\x1b[0m");
}

TEST(Paint, OnlyAWholeCellIsAWord) {
  for (const char* text :
       {"sat down on it\n", "downtown.example  x\n", "", "\n\n", "  indented\n", "TLS  TLSv1.3\n", "A B\n"})
    EXPECT_EQ(painted(text), text);
}

TEST(Paint, IsOfAConsoleThatHasColours) {
  std::istringstream in;
  std::ostringstream out, err;
  Console console{.in = in, .out = out, .err = err};
  show(console, "held  1\n");
  EXPECT_EQ(out.str(), "held  1\n");
  console.in_colour = true;
  show(console, "held  1\n");
  EXPECT_EQ(out.str(), "held  1\n\x1b[33mheld\x1b[0m  1\n");
}

}  // namespace
}  // namespace godwit::tools
