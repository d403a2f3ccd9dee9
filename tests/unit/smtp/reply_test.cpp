// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/reply.hpp"

#include <gtest/gtest.h>

namespace godwit::smtp {
namespace {

using namespace std::string_view_literals;

using Status = ReplyReader::Status;

TEST(EnhancedCode, ParsesAndPrints) {
  EXPECT_EQ(parse_enhanced_code("5.1.10"), (EnhancedCode{5, 1, 10}));
  EXPECT_EQ(to_string(EnhancedCode{4, 7, 0}), "4.7.0");
  EXPECT_FALSE(EnhancedCode{});
}

TEST(EnhancedCode, RefusesWhatRfc3463DoesNotAllow) {
  for (const char* text :
       {"", "2", "2.1", "2.1.", "3.1.0", "0.0.0", "2.1.0.0", "2.1000.0", "2.-1.0", "2.1.0 ", "x.y.z"})
    EXPECT_FALSE(parse_enhanced_code(text)) << text;
}

TEST(Reply, GoesToTheWireWithItsEnhancedCodeOnEveryLine) {
  EXPECT_EQ(to_wire(Reply{250, {2, 1, 0}, {"first", "last"}}), "250-2.1.0 first\r\n250 2.1.0 last\r\n");
  EXPECT_EQ(to_wire(make_reply(354, {}, "go")), "354 go\r\n");
}

TEST(Reply, OneLineFormJoinsTheLines) {
  EXPECT_EQ(to_line(Reply{250, {2, 1, 0}, {"first", "", "last"}}), "250 2.1.0 first last");
  EXPECT_EQ(to_line(Reply{250, {}, {""}}), "250");
}

TEST(Reply, PeerBytesCannotMakeASecondLine) {
  const auto reply = make_reply(550, {5, 1, 1}, "no\r\n250 ok\x7f\t");
  EXPECT_EQ(to_wire(reply), "550 5.1.1 no??250 ok??\r\n");
}

TEST(ReplyReader, ReadsOneLineAndLeavesTheRest) {
  ReplyReader reader;
  std::string_view input = "250 2.1.0 Ok\r\n354 go\r\n";
  ASSERT_EQ(reader.read(input), Status::complete);
  EXPECT_EQ(reader.reply(), (Reply{250, {2, 1, 0}, {"Ok"}}));
  EXPECT_EQ(input, "354 go\r\n");
  EXPECT_TRUE(reader.empty());
  ASSERT_EQ(reader.read(input), Status::complete);
  EXPECT_EQ(reader.reply(), (Reply{354, {}, {"go"}}));
}

TEST(ReplyReader, ReadsMultiLineRepliesByteByByte) {
  const std::string_view text = "250-mx.example\r\n250-PIPELINING\r\n250 SIZE 1000\r\n";
  ReplyReader reader;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string_view byte = text.substr(i, 1);
    EXPECT_EQ(reader.read(byte), i + 1 < text.size() ? Status::more : Status::complete);
    EXPECT_TRUE(byte.empty());
  }
  EXPECT_EQ(reader.reply().lines, (std::vector<std::string>{"mx.example", "PIPELINING", "SIZE 1000"}));
}

TEST(ReplyReader, ToleratesBareLfAndMissingText) {
  ReplyReader reader;
  std::string_view input = "250-\n250\n";
  ASSERT_EQ(reader.read(input), Status::complete);
  EXPECT_EQ(reader.reply(), (Reply{250, {}, {"", ""}}));
}

TEST(ReplyReader, TakesTheEnhancedCodeOnlyWhenItsClassIsTheReplys) {
  ReplyReader reader;
  std::string_view input = "550 2.1.1 odd\r\n550-5.1.1 a\r\n550-5.1.1 b\r\n550 5.7.1\r\n";
  ASSERT_EQ(reader.read(input), Status::complete);
  EXPECT_EQ(reader.reply(), (Reply{550, {}, {"2.1.1 odd"}}));
  ASSERT_EQ(reader.read(input), Status::complete);
  EXPECT_EQ(reader.reply(), (Reply{550, {5, 1, 1}, {"a", "b", "5.7.1"}}));
}

TEST(ReplyReader, MasksControlBytes) {
  ReplyReader reader;
  std::string_view input = "250 a\0b\rc\x1b[0m\r\n"sv;
  ASSERT_EQ(reader.read(input), Status::complete);
  EXPECT_EQ(reader.reply().lines[0], "a?b?c?[0m");
}

TEST(ReplyReader, RefusesGarbageAndDifferingCodes) {
  for (std::string_view input : {"hello\r\n", "\r\n", "25\r\n", "150 x\r\n", "650 x\r\n", "2500 x\r\n", "250_x\r\n",
                                 " 250 x\r\n", "250-a\r\n251 b\r\n", "250-a\r\nrest\r\n"}) {
    ReplyReader reader;
    EXPECT_EQ(reader.read(input), Status::malformed);
  }
}

TEST(ReplyReader, IsBoundedInBytesAndLines) {
  const std::string endless(ReplyReader::max_bytes + 1, '2');
  std::string_view input = endless;
  ReplyReader reader;
  EXPECT_EQ(reader.read(input), Status::too_long);

  const std::string wordy =
      "550-" + std::string(ReplyReader::max_kept, 'a') + "\r\n550-" + std::string(500, 'b') + "\r\n550 c\r\n";
  input = wordy;
  reader.reset();
  EXPECT_EQ(reader.read(input), Status::complete);
  EXPECT_EQ(to_line(reader.reply()), "550 " + std::string(ReplyReader::max_kept, 'a'));

  std::string lines;
  for (std::size_t i = 0; i < ReplyReader::max_lines; ++i) lines += "250-x\r\n";
  input = lines;
  reader.reset();
  EXPECT_EQ(reader.read(input), Status::too_long);
}

}  // namespace
}  // namespace godwit::smtp
