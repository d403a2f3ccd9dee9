// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/encoding.hpp"

#include <utility>

#include <gtest/gtest.h>

namespace godwit::base {
namespace {

// RFC 4648 section 10.
constexpr std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};

TEST(Base64, MatchesTheVectorsOfRfc4648) {
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode(text), bytes);
  }
}

TEST(Base64, EveryByteSurvives) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(base64_decode(base64_encode(all)), all);
}

TEST(Base64, DecodingIsStrict) {
  for (const auto* bad :
       {"Z", "Zg", "Zg=", "Zg===", "====", "=", "Z===", "Zm9v\n", " Zm9v", "Zm 9", "Zm-_", "Zg==Zg==", "Zm=v", "Z=g="})
    EXPECT_FALSE(base64_decode(bad)) << bad;
}

TEST(Base64, LeftOverBitsMustBeZero) {
  EXPECT_FALSE(base64_decode("Zh=="));
  EXPECT_FALSE(base64_decode("Zm9="));
}

TEST(Hex, IsLowerCase) {
  EXPECT_EQ(hex_encode(std::string_view("\x00\x0F\xA5\xFF", 4)), "000fa5ff");
  EXPECT_EQ(hex_encode(""), "");
}

}  // namespace
}  // namespace godwit::base
