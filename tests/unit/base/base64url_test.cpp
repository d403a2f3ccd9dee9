// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/base64url.hpp"

#include <gtest/gtest.h>

namespace godwit::base {
namespace {

TEST(Base64Url, IsWithoutPadding) {
  EXPECT_EQ(base64url_encode(""), "");
  EXPECT_EQ(base64url_encode("f"), "Zg");
  EXPECT_EQ(base64url_encode("\xFB\xFF\xFE"), "-__-");
  for (const std::string text : {"", "a", "ab", "abc", "abcd", "\xFF\xFE\xFD\xFC"})
    EXPECT_EQ(base64url_decode(base64url_encode(text)), text);
}

TEST(Base64Url, IsReadStrictly) {
  EXPECT_EQ(base64url_decode("Zg=="), "f");
  for (const char* text : {"Zg+", "Z/g", "Z g", "Z", "Zg==Zg", "Zg\n"}) EXPECT_FALSE(base64url_decode(text)) << text;
  EXPECT_TRUE(is_base64url("aZ09-_"));
  EXPECT_FALSE(is_base64url(""));
  EXPECT_FALSE(is_base64url("a/b"));
}

}  // namespace
}  // namespace godwit::base
