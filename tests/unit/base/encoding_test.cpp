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

TEST(Percent, EveryByteSurvivesAndOnlyUnreservedOnesStay) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_encode("a@b.example?&=+% \r\n"), "a%40b.example%3F%26%3D%2B%25%20%0D%0A");
  EXPECT_EQ(percent_decode("%2f%2F"), "//");
}

TEST(Percent, HalfAnEscapeIsNone) {
  for (const auto* bad : {"%", "%4", "a%", "%4g", "%g4", "%%41"}) EXPECT_FALSE(percent_decode(bad)) << bad;
}

TEST(Hex, IsLowerCase) {
  EXPECT_EQ(hex_encode(std::string_view("\x00\x0F\xA5\xFF", 4)), "000fa5ff");
  EXPECT_EQ(hex_encode(""), "");
}

}  // namespace
}  // namespace godwit::base
