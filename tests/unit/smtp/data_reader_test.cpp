// SPDX-License-Identifier: Apache-2.0
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "godwit/smtp/framing.hpp"
#include "unit/smtp/canonical_reference.hpp"

namespace godwit::smtp {
namespace {

using namespace std::string_literals;

struct Outcome {
  std::string data;
  std::string rest;
  bool end = false;
  bool bare_newline = false;
  bool has_nul = false;
  std::size_t longest_line = 0;
  bool operator==(const Outcome&) const = default;
};

// Feeds `bytes` in pieces of `piece`.
Outcome read_data(std::string_view bytes, std::size_t piece) {
  DataReader reader;
  Outcome outcome;
  while (!bytes.empty() && !outcome.end) {
    const std::string copy(bytes.substr(0, piece));  // of its own, so that ASan sees a look beyond it
    std::string_view input = copy;
    while (!input.empty() && !outcome.end) {
      const auto chunk = reader.read(input);
      outcome.data += chunk.bytes;
      outcome.end = chunk.end;
    }
    bytes.remove_prefix(copy.size() - input.size());
  }
  outcome.rest = bytes;
  outcome.bare_newline = reader.bare_newline();
  outcome.has_nul = reader.has_nul();
  outcome.longest_line = reader.longest_line();
  return outcome;
}

TEST(DataReader, EndsOnlyAtCrLfDotCrLf) {
  const auto outcome = read_data("a\r\n..b\r\n.c\r\n.\r\nQUIT\r\n", 1000);
  EXPECT_EQ(outcome, (Outcome{"a\r\n.b\r\nc\r\n", "QUIT\r\n", true, false, false, 2}));
}

TEST(DataReader, DotAtTheVeryBeginningEndsAnEmptyMessage) {
  EXPECT_EQ(read_data(".\r\nx", 1000), (Outcome{"", "x", true, false, false, 0}));
}

TEST(DataReader, LoneLfDotDoesNotEndData) {
  EXPECT_EQ(read_data("a\n.\nb", 1000), (Outcome{"a\n.\nb", "", false, true, false, 1}));
  EXPECT_EQ(read_data("a\r\n.\nb", 1000), (Outcome{"a\r\n\nb", "", false, true, false, 1}));
}

TEST(DataReader, GivesOutAMessageWithoutDotsInOneChunk) {
  std::string message;
  for (int i = 0; i < 1000; ++i) message += "a line of a message, with no dot at its beginning\r\n";
  std::string_view input = message;
  DataReader reader;
  EXPECT_EQ(reader.read(input).bytes.size(), message.size());
  EXPECT_TRUE(input.empty());
}

TEST(DataReader, TellsNulAndTheLongestLine) {
  const auto outcome = read_data("ab\r\nabcd\0\r\nabc\r\n.\r\n"s, 1000);
  EXPECT_TRUE(outcome.has_nul);
  EXPECT_EQ(outcome.longest_line, 5U);
}

// Short random texts of the characters that matter, against a reading by the letter of RFC 5321 section 4.5.2.
TEST(DataReader, AgreesWithThePlainReadingHoweverItIsCut) {
  constexpr unsigned seed = 20261123;
  std::mt19937 random(seed);
  SCOPED_TRACE(seed);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    const auto length = random() % 16;
    for (unsigned i = 0; i < length; ++i) text += "\r\n.x\r\n"[random() % 6];
    if (random() % 2 == 0) text += "\r\n.\r\nrest";
    const auto whole = read_data(text, 1000);
    const auto expected = test::read_data_plainly(text);
    ASSERT_EQ(whole.end, expected.end) << ::testing::PrintToString(text);
    ASSERT_EQ(whole.bare_newline, expected.bare_newline) << ::testing::PrintToString(text);
    ASSERT_EQ(whole.rest, expected.rest) << ::testing::PrintToString(text);
    if (whole.end) {
      ASSERT_EQ(whole.data, expected.data) << ::testing::PrintToString(text);
    }
    for (const std::size_t piece : {1U, 2U, 3U, 5U})
      ASSERT_EQ(read_data(text, piece), whole) << ::testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace godwit::smtp
