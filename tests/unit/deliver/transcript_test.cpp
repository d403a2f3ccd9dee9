// SPDX-License-Identifier: Apache-2.0
#include "godwit/deliver/transcript.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace godwit::deliver {
namespace {

using namespace std::chrono_literals;
using Kind = Transcript::Kind;

constexpr base::MonoTime start{1h};

TEST(Transcript, HasEachLineWithItsTimeAndWhoSaidIt) {
  Transcript transcript(start);
  transcript.note(start, "connecting to mx.example[192.0.2.1]:25");
  transcript.received(start + 5ms, "220 mx.example\r\n");
  transcript.sent(start + 6ms, "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n");
  EXPECT_EQ(transcript.text(),
            "0 * connecting to mx.example[192.0.2.1]:25\n"
            "5 < 220 mx.example\n"
            "6 > MAIL FROM:<a@b.example>\n"
            "6 > RCPT TO:<c@d.example>\n");
}

TEST(Transcript, LineThatComesInPiecesIsOneLine) {
  Transcript transcript(start);
  for (const char* piece : {"25", "0-one\r", "\n250 ", "two\r\n250 thr"}) transcript.received(start, piece);
  EXPECT_EQ(transcript.text(), "0 < 250-one\n0 < 250 two\n");
  transcript.note(start + 1ms, "connection lost");
  EXPECT_EQ(transcript.text(), "0 < 250-one\n0 < 250 two\n1 < 250 thr\n1 * connection lost\n");
}

TEST(Transcript, HasNoCredentials) {
  Transcript transcript(start);
  transcript.sent(start, "AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n", Kind::secret);
  transcript.sent(start, "AUTH LOGIN\r\n", Kind::secret);
  transcript.received(start, "334 c2VjcmV0\r\n", Kind::secret);
  transcript.sent(start, "c2VjcmV0\r\n", Kind::secret);
  transcript.received(start, "235 2.7.0 welcome\r\n", Kind::secret);
  EXPECT_EQ(transcript.text(),
            "0 > AUTH PLAIN [hidden]\n0 > AUTH LOGIN\n0 < 334 [hidden]\n0 > [hidden]\n0 < 235 2.7.0 welcome\n");
}

TEST(Transcript, OfALongOneTheMiddleIsLeftOut) {
  Transcript transcript(start);
  for (int i = 0; i < 10000; ++i) transcript.received(start + i * 1ms, fmt::format("250-line {}\r\n", i));
  const auto text = transcript.text();
  EXPECT_LE(text.size(), 2 * Transcript::longest_part + 100);
  EXPECT_TRUE(text.starts_with("0 < 250-line 0\n"));
  EXPECT_TRUE(text.ends_with("9999 < 250-line 9999\n"));
  EXPECT_NE(text.find(" lines left out)\n"), std::string::npos);
  std::size_t shown = 0;
  for (const auto& line : Transcript::parse(text)) shown += line.sign == '<' ? 1 : 0;
  EXPECT_NE(text.find(fmt::format("({} lines left out)", 10000 - shown)), std::string::npos);
}

TEST(Transcript, LineWithoutAnEndIsCut) {
  Transcript transcript(start);
  for (int i = 0; i < 1000; ++i) transcript.received(start, std::string(1000, 'x'));
  transcript.note(start, "too much");
  EXPECT_EQ(transcript.text(), "0 < " + std::string(Transcript::longest_line, 'x') + "...\n0 * too much\n");
}

TEST(Transcript, IsReadBack) {
  const auto lines = Transcript::parse("0 * a note\n15 < 250 ok\nnonsense\n16 > QUIT\n17 x\n");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[1].at, 15ms);
  EXPECT_EQ(lines[1].sign, '<');
  EXPECT_EQ(lines[1].words, "250 ok");
  EXPECT_EQ(lines[2].words, "QUIT");
}

}  // namespace
}  // namespace godwit::deliver
