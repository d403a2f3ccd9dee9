// SPDX-License-Identifier: Apache-2.0
#include "godwit/log/line.hpp"

#include <gtest/gtest.h>

namespace godwit::log {
namespace {

const base::WallTime noon(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12) +
                          std::chrono::milliseconds(5));

std::string text(Fields fields) {
  return text_line(noon, Level::info, "accepted", std::span(fields.begin(), fields.size()));
}
std::string json(Fields fields) {
  return json_line(noon, Level::warn, "rejected", std::span(fields.begin(), fields.size()));
}
// What a value looks like, without the head of the line.
std::string text_value(std::string_view value) {
  return text({{"v", value}}).substr(std::string("2026-11-23T12:00:00.005Z info accepted v=").size());
}
std::string json_value(std::string_view value) {
  const auto line = json({{"v", value}});
  const auto start = line.find("\"v\":") + 4;
  return line.substr(start, line.size() - start - 1);
}

TEST(TextLine, HasTimeLevelEventAndFields) {
  EXPECT_EQ(text({}), "2026-11-23T12:00:00.005Z info accepted");
  EXPECT_EQ(text({{"id", "06ZQ3W8K1M4TR"}, {"size", 512}, {"delay", -1}}),
            "2026-11-23T12:00:00.005Z info accepted id=06ZQ3W8K1M4TR size=512 delay=-1");
}

TEST(TextLine, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(text_value("alice@example.com"), "alice@example.com");
  EXPECT_EQ(text_value("mx1.example.net[192.0.2.1]:25"), "mx1.example.net[192.0.2.1]:25");
  EXPECT_EQ(text_value(""), "\"\"");
  EXPECT_EQ(text_value("250 2.0.0 Ok"), "\"250 2.0.0 Ok\"");
  EXPECT_EQ(text_value("a=b"), "\"a=b\"");
  EXPECT_EQ(text_value("grüße"), "grüße");
}

TEST(TextLine, AValueCannotEndItsQuotes) {
  EXPECT_EQ(text_value("a\" id=\"x"), "\"a\\\" id=\\\"x\"");
  EXPECT_EQ(text_value("a\\"), "\"a\\\\\"");
}

TEST(TextLine, AValueCannotStartANewLine) {
  EXPECT_EQ(text_value("a\r\n2026-11-23 info delivered"), "\"a\\x0d\\x0a2026-11-23 info delivered\"");
}

TEST(TextLine, TerminalEscapesAreInert) {
  EXPECT_EQ(text_value("\x1b[2J"), "\"\\x1b[2J\"");
  EXPECT_EQ(text_value("\xC2\x9B[2J"), "\"\\xc2\\x9b[2J\"");
}

TEST(TextLine, NulAndInvalidUtf8AreShownAsBytes) {
  EXPECT_EQ(text_value(std::string_view("a\0b", 3)), "\"a\\x00b\"");
  EXPECT_EQ(text_value("\xFF\xC3"), "\"\\xff\\xc3\"");
}

TEST(TextLine, LongValuesAreCut) {
  EXPECT_EQ(text_value(std::string(5000, 'a')), "\"" + std::string(2048, 'a') + "...\"");
}

TEST(JsonLine, IsOneObject) {
  EXPECT_EQ(json({{"id", "06ZQ3W8K1M4TR"}, {"size", 512}}),
            R"({"time":"2026-11-23T12:00:00.005Z","level":"warn","event":"rejected","id":"06ZQ3W8K1M4TR","size":512})");
}

TEST(JsonLine, EscapesWhatJsonAndTerminalsNeed) {
  EXPECT_EQ(json_value("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(json_value("a\r\n\x1b\x7F"), R"("a\u000d\u000a\u001b\u007f")");
  EXPECT_EQ(json_value("\xC2\x9B"), R"("\u009b")");
  EXPECT_EQ(json_value(std::string_view("\0", 1)), R"("\u0000")");
  EXPECT_EQ(json_value("grüße €"), "\"grüße €\"");
}

TEST(JsonLine, InvalidUtf8BecomesReplacementCharacters) {
  EXPECT_EQ(json_value("a\xFF\xC3(\xE2\x82"), R"("a\ufffd\ufffd(\ufffd\ufffd")");
  EXPECT_EQ(json_value("\xED\xA0\x80"), R"("\ufffd\ufffd\ufffd")");
}

TEST(JsonLine, LongValuesAreCutBetweenCharacters) {
  std::string longer;
  for (int i = 0; i < 1000; ++i) longer += "€";
  const auto cut = json_value(longer);
  EXPECT_TRUE(cut.ends_with("€...\""));
  EXPECT_LT(cut.size(), 2100U);
}

}  // namespace
}  // namespace godwit::log
