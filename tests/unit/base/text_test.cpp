// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::base {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

TEST(Text, CaseFoldingTouchesAsciiOnly) {
  EXPECT_EQ(to_lower("AZ[@Ä"), "az[@Ä");
  EXPECT_EQ(to_upper("az{`ä"), "AZ{`ä");
  EXPECT_TRUE(iequals("Mail.Example", "mAIL.eXAMPLE"));
  EXPECT_FALSE(iequals("@", "`"));
  EXPECT_FALSE(iequals("a", "ab"));
  EXPECT_TRUE(istarts_with("EHLO x", "ehlo"));
  EXPECT_FALSE(istarts_with("EH", "ehlo"));
}

TEST(Text, TrimTakesBlanksAtBothEndsOnly) {
  EXPECT_EQ(trim("\t a b \r\n"), "a b");
  EXPECT_EQ(trim(" \r\n"), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Text, SplitKeepsEmptyParts) {
  EXPECT_THAT(split("a,,b,", ','), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_EQ(join({"a", "", "b"}, ", "), "a, , b");
}

TEST(ParseUnsigned, TakesDecimalDigitsOnly) {
  EXPECT_EQ(parse_unsigned("0"), 0U);
  EXPECT_EQ(parse_unsigned("18446744073709551615"), UINT64_MAX);
  for (const auto* bad : {"", "-1", "+1", " 1", "1 ", "0x1", "1.0", "18446744073709551616", "99999999999999999999"})
    EXPECT_FALSE(parse_unsigned(bad)) << bad;
}

TEST(ParseDuration, TakesNumbersWithUnits) {
  EXPECT_EQ(parse_duration("0"), 0s);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("5d"), 120h);
  for (const auto* bad : {"", "5", "s", "5 s", "-5s", "5S", "5y", "1h30", "m5", "200000d", "99999999999999999999s"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(ParseDuration, ReadsWhatFormatDurationWrites) {
  for (const Duration d : {Duration(0), Duration(1ms), Duration(90min), Duration(25h + 1s + 7ms)})
    EXPECT_EQ(parse_duration(format_duration(d)), d);
}

TEST(ParseSize, UnitsArePowersOfTwo) {
  EXPECT_EQ(parse_size("4096"), 4096U);
  EXPECT_EQ(parse_size("512KiB"), 512U << 10U);
  EXPECT_EQ(parse_size("50MB"), 50U << 20U);
  EXPECT_EQ(parse_size("1 GiB"), 1U << 30U);
  EXPECT_EQ(parse_size("2t"), 2ULL << 40U);
  for (const auto* bad : {"", "MiB", "-1", "1.5MiB", "1XiB", "1MiBs", "18446744073709551615KiB"})
    EXPECT_FALSE(parse_size(bad)) << bad;
}

TEST(Printable, EscapesWhatSteersTerminalsAndEndsQuotes) {
  EXPECT_EQ(printable("plain text é €"), "plain text é €");
  EXPECT_EQ(printable("a\"b\\c"), "a\\\"b\\\\c");
  EXPECT_EQ(printable("\r\n\t\x1b\x7f"), "\\x0d\\x0a\\x09\\x1b\\x7f");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(printable("\xC2\x9B"), "\\xc2\\x9b");
  EXPECT_EQ(printable("\xFF\xE2\x82"), "\\xff\\xe2\\x82");
}

TEST(Printable, CutsAtTheLimit) {
  EXPECT_EQ(printable("abcdef", 6), "abcdef");
  EXPECT_EQ(printable("abcdefg", 6), "abcdef...");
  EXPECT_EQ(printable("", 0), "");
}

TEST(Nearest, FindsWhatWasProbablyMeant) {
  const std::vector<std::string> keys = {"message_size", "recipients", "errors"};
  EXPECT_EQ(nearest("mesage_size", keys), "message_size");
  EXPECT_EQ(nearest("Recipient", keys), "recipients");
  EXPECT_EQ(nearest("erorrs", keys), "errors");
  EXPECT_EQ(nearest("frist", {"first", "factor"}), "first");
  EXPECT_EQ(nearest("banana", keys), "");
  EXPECT_EQ(nearest("errors", {}), "");
}

TEST(Utf8, KnowsTheForbiddenSequences) {
  for (const auto* good : {"", "a", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_valid_utf8(good)) << printable(good);
  for (const auto* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xED\xA0\x80",
                          "\xE2\x82", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE"})
    EXPECT_FALSE(is_valid_utf8(bad)) << printable(bad);
  EXPECT_EQ(to_valid_utf8("a\xE9z\xC3\xA4\xC3"), "a\xEF\xBF\xBDz\xC3\xA4\xEF\xBF\xBD");
  EXPECT_TRUE(is_ascii("a\x7F"));
  EXPECT_FALSE(is_ascii("ä"));
}

TEST(MatchesPattern, AStarIsAnyRun) {
  EXPECT_TRUE(matches_pattern("*", ""));
  EXPECT_TRUE(matches_pattern("a*c*", "ABxCc"));
  EXPECT_TRUE(matches_pattern("*aab", "aaab")) << "a first guess that was too short is taken back";
  EXPECT_FALSE(matches_pattern("*.example", "example"));
  EXPECT_FALSE(matches_pattern("a*b", "abc"));
  EXPECT_FALSE(matches_pattern("", "a"));
}

}  // namespace
}  // namespace godwit::base
