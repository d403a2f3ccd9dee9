// SPDX-License-Identifier: Apache-2.0
#include "smtp/line_reader.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::smtp {
namespace {

using ::testing::ElementsAre;

// What a stream comes to when it arrives in pieces: lines, or "!bad", "!hopeless", "!long".
std::vector<std::string> read_lines(std::string_view bytes, std::size_t piece, std::size_t limit = 10) {
  LineReader reader;
  std::vector<std::string> found;
  std::string buffer;
  while (!bytes.empty()) {
    buffer += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    std::string_view input = buffer;
    std::string_view line;
    for (auto status = reader.read(input, limit, line); status != LineReader::Status::more;
         status = reader.read(input, limit, line))
      found.emplace_back(status == LineReader::Status::bad        ? "!bad"
                         : status == LineReader::Status::hopeless ? "!hopeless"
                         : status == LineReader::Status::too_long ? "!long"
                                                                  : line);
    buffer = std::string(input);
    EXPECT_LE(buffer.size(), limit + 1) << "only what may become a line is kept";
  }
  return found;
}

class LineReaderInPieces : public ::testing::TestWithParam<std::size_t> {};

TEST_P(LineReaderInPieces, EndsLinesAtCrLfOnly) {
  EXPECT_THAT(read_lines("a\r\n\r\nb c\r\n", GetParam()), ElementsAre("a", "", "b c"));
  EXPECT_THAT(read_lines("a\nb\r\nc\r\n", GetParam()), ElementsAre("!bad", "c"));
  EXPECT_THAT(read_lines("a\n\n\n\r\nc\r\n", GetParam()), ElementsAre("!bad", "!hopeless", "!hopeless", "c"));
  EXPECT_THAT(read_lines("a\nb\nc\n", GetParam()), ElementsAre("!bad", "!hopeless", "!hopeless"));
  EXPECT_THAT(read_lines("a\n\r\nc\r\n", GetParam()), ElementsAre("!bad", "c"));
  EXPECT_THAT(read_lines("a\rb\r\nc\r\n", GetParam()), ElementsAre("!bad", "c"));
  EXPECT_THAT(read_lines("a\r\r\nc\r\n", GetParam()), ElementsAre("!bad", "c"));
  EXPECT_THAT(read_lines(std::string_view("a\0b\r\nc\r\n", 8), GetParam()), ElementsAre("!bad", "c"));
  EXPECT_THAT(read_lines("\n", GetParam()), ElementsAre("!bad"));
}

TEST_P(LineReaderInPieces, TellsLongLinesOnceAtTheirEnd) {
  EXPECT_THAT(read_lines("123456789\r\nc\r\n", GetParam()), ElementsAre("123456789", "c"));
  EXPECT_THAT(read_lines("1234567890\r\nc\r\n", GetParam()), ElementsAre("!long", "c"));
  EXPECT_THAT(read_lines("12345678901\nx\ry\r\nc\r\n", GetParam()), ElementsAre("!long", "c"));
  EXPECT_THAT(read_lines(std::string(1000, 'x'), GetParam()), ElementsAre());
}

INSTANTIATE_TEST_SUITE_P(Pieces, LineReaderInPieces, ::testing::Values(1, 2, 3, 7, 1000));

}  // namespace
}  // namespace godwit::smtp
