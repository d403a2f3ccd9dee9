// SPDX-License-Identifier: Apache-2.0
#include "control/raw_message.hpp"

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "support/run_on.hpp"

namespace godwit::control {
namespace {

// Its header, " | " and all of it, read in pieces of so many bytes.
std::string read_raw(const std::string& text, std::size_t piece) {
  boost::asio::io_context io;
  std::size_t at = 0;
  RawMessage message([&]() -> disk::Task<std::string_view> {
    const auto given = std::string_view(text).substr(at, piece);
    at += given.size();
    co_return given;
  });
  const auto header = testing::run_on(io, message.header());
  if (!header) return header.error().message;
  std::string all;
  for (;;) {
    const auto next = testing::run_on(io, message.next());
    if (!next) return next.error().message;
    if (next->empty()) break;
    all += *next;
  }
  return all;
}

TEST(RawMessage, HasLinesThatEndInCrlfHoweverItComes) {
  const std::string text = "A: 1\nB: 2\r\n\rbody\r\n.\n\r\n.\r";
  for (std::size_t piece = 1; piece <= text.size(); ++piece)
    EXPECT_EQ(read_raw(text, piece), "A: 1\r\nB: 2\r\n\r\nbody\r\n.\r\n\r\n.\r\n") << piece;
  EXPECT_EQ(read_raw("A: 1", 2), "A: 1");
}

TEST(RawMessage, ItsHeaderEndsWhereverThePiecesDo) {
  const std::string text = "A: 1\r\n\r\nbody\r\n\r\nmore";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    boost::asio::io_context io;
    std::size_t at = 0;
    RawMessage message([&]() -> disk::Task<std::string_view> {
      const auto given = std::string_view(text).substr(at, piece);
      at += given.size();
      co_return given;
    });
    const auto header = testing::run_on(io, message.header());
    ASSERT_TRUE(header);
    EXPECT_TRUE(header->starts_with("A: 1\r\n\r\n")) << piece;
    EXPECT_LT(at, 10 + piece) << "it reads no further than it must";
  }
}

TEST(RawMessage, OfNothingOrOfAnEndlessHeaderIsNone) {
  EXPECT_EQ(read_raw("", 1), "there is no message");
  EXPECT_EQ(read_raw("A: " + std::string(2U << 20U, 'x'), 65536), "the header is longer than 1 MiB");
}

}  // namespace
}  // namespace godwit::control
