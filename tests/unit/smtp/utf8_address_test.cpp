// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/utf8_address.hpp"

#include <gtest/gtest.h>

namespace godwit::smtp {
namespace {

TEST(Utf8Address, WritesPrintableAscii) {
  EXPECT_EQ(utf8_address_text("bob@example.net"), "bob@example.net");
  EXPECT_EQ(utf8_address_text("\xce\xb4+=\\ @a"), "\\x{3B4}\\x{2B}\\x{3D}\\x{5C}\\x{20}@a");
  EXPECT_EQ(utf8_address_text("\xf0\x9f\x93\xac@a"), "\\x{1F4EC}@a");
  EXPECT_EQ(utf8_address_text("\xff@a"), "");
}

TEST(Utf8Address, ReadsBothFormsIntoOne) {
  EXPECT_EQ(read_utf8_address("\xce\xb4@a"), "\\x{3B4}@a");
  EXPECT_EQ(read_utf8_address("\\x{3B4}\\x{2B}@a"), "\\x{3B4}\\x{2B}@a");
  EXPECT_EQ(read_utf8_address("\\x{3b4}@a"), "\\x{3B4}@a");
  EXPECT_EQ(read_utf8_address("\\x{62}ob@a"), "bob@a");
}

TEST(Utf8Address, RefusesWhatIsNeither) {
  for (const char* text : {"\xff", "a+2Bb", "a=b", "a b", "\\", "\\x", "\\x{}", "\\x{3}", "\\x{3B4", "\\x{110000}",
                           "\\x{D800}", "\\x{1234567}", "\\x{0A}", "\\x{7F}", "\\x{-1}", "\\x{ 3B4}", "a\tb"})
    EXPECT_FALSE(read_utf8_address(text)) << text;
}

}  // namespace
}  // namespace godwit::smtp
