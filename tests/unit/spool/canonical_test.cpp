// SPDX-License-Identifier: Apache-2.0
#include "spool/canonical.hpp"

#include <gtest/gtest.h>

#include <string>

namespace godwit::spool {
namespace {

// The same verdict whole, and split at every byte.
bool is_canonical(std::string_view body) {
  CanonicalCheck whole;
  whole.add(body);
  for (std::size_t at = 0; at <= body.size(); ++at) {
    CanonicalCheck split;
    split.add(body.substr(0, at));
    split.add(body.substr(at));
    EXPECT_EQ(split.is_canonical(), whole.is_canonical()) << "split at " << at;
  }
  return whole.is_canonical();
}

TEST(CanonicalCheck, CrlfLinesAreCanonical) {
  EXPECT_TRUE(is_canonical(""));
  EXPECT_TRUE(is_canonical("Subject: a\r\n\r\nbody\r\n"));
  EXPECT_TRUE(is_canonical("\r\n\r\n"));
  EXPECT_TRUE(is_canonical("no end of line"));
}

TEST(CanonicalCheck, BareLineFeedIsNot) {
  EXPECT_FALSE(is_canonical("\n"));
  EXPECT_FALSE(is_canonical("a\nb\r\n"));
  EXPECT_FALSE(is_canonical("a\r\n\n"));
  EXPECT_FALSE(is_canonical("a\n.\n"));
  EXPECT_FALSE(is_canonical("a\n.\r\n"));
}

TEST(CanonicalCheck, BareCarriageReturnIsNot) {
  EXPECT_FALSE(is_canonical("\r"));
  EXPECT_FALSE(is_canonical("a\rb\r\n"));
  EXPECT_FALSE(is_canonical("a\r\r\n"));
  EXPECT_FALSE(is_canonical("a\r\n\r"));
  EXPECT_FALSE(is_canonical("a\r.\r\n"));
}

TEST(CanonicalCheck, NulIsNot) {
  EXPECT_FALSE(is_canonical(std::string_view("a\0b\r\n", 5)));
}

}  // namespace
}  // namespace godwit::spool
