// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/saslprep.hpp"

#include <gtest/gtest.h>

namespace godwit::smtp {
namespace {

// RFC 4013 section 3.
TEST(Saslprep, PreparesTheExamplesOfTheStandard) {
  EXPECT_EQ(saslprep("I\u00ADX"), "IX");
  EXPECT_EQ(saslprep("user"), "user");
  EXPECT_EQ(saslprep("USER"), "USER");
  EXPECT_EQ(saslprep("\u00AA"), "a");
  EXPECT_EQ(saslprep("\u2168"), "IX");
  EXPECT_EQ(saslprep("\x07"), std::nullopt);
  EXPECT_EQ(saslprep("\u06271"), std::nullopt);
}

TEST(Saslprep, OneLetterIsOneHoweverItWasComposed) {
  EXPECT_EQ(saslprep("pa\u0308ssword"), saslprep("p\u00E4ssword"));
  EXPECT_EQ(saslprep("a\u00A0b"), "a b");
}

TEST(Saslprep, RefusesWhatIsNoText) {
  EXPECT_EQ(saslprep(""), std::nullopt);
  EXPECT_EQ(saslprep("\xC3"), std::nullopt);
  EXPECT_EQ(saslprep(std::string_view("a\0b", 3)), std::nullopt);
  EXPECT_EQ(saslprep("\u00AD"), std::nullopt) << "nothing is left";
  EXPECT_EQ(saslprep(std::string(1025, 'a')), std::nullopt);
}

TEST(Saslprep, TakesWhatGrowsMost) {
  std::string long_text;
  for (int i = 0; i < 341; ++i) long_text += "\uFDFA";  // each becomes 18 letters
  const auto prepared = saslprep(long_text);
  ASSERT_TRUE(prepared);
  EXPECT_GT(prepared->size(), long_text.size() * 8);
}

TEST(Saslprep, LettersYoungerThanTheStandardPassAsTheyAre) {
  EXPECT_EQ(saslprep("\U0001F600"), "\U0001F600");
}

}  // namespace
}  // namespace godwit::smtp
