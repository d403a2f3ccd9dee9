// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/header_splitter.hpp"

#include <gtest/gtest.h>

namespace godwit::mail {
namespace {

struct Parts {
  std::string header;
  std::string body;
  bool operator==(const Parts&) const = default;
};

Parts split(std::string_view message, std::size_t piece) {
  HeaderSplitter splitter(1024);
  Parts parts;
  for (; !message.empty(); message.remove_prefix(std::min(piece, message.size())))
    EXPECT_TRUE(splitter.put(message.substr(0, piece), parts.body));
  splitter.finish(parts.body);
  EXPECT_TRUE(splitter.ended());
  parts.header = splitter.header();
  return parts;
}

TEST(HeaderSplitter, DividesAtTheEmptyLineHoweverTheMessageIsCut) {
  const std::string message = "From: a\r\nTo: b,\r\n\tc\r\n\r\nbody: x\r\n\r\nmore";
  for (std::size_t piece = 1; piece <= message.size(); ++piece)
    EXPECT_EQ(split(message, piece), (Parts{"From: a\r\nTo: b,\r\n\tc\r\n", "body: x\r\n\r\nmore"})) << piece;
}

TEST(HeaderSplitter, EndsTheHeaderAtALineThatIsNoField) {
  EXPECT_EQ(split("From: a\r\nno field\r\nTo: b\r\n", 3), (Parts{"From: a\r\n", "no field\r\nTo: b\r\n"}));
  EXPECT_EQ(split(" begins with a blank\r\nTo: b\r\n", 3), (Parts{"", " begins with a blank\r\nTo: b\r\n"}));
}

TEST(HeaderSplitter, TakesAMessageWithoutOneOfBoth) {
  EXPECT_EQ(split("", 1), (Parts{}));
  EXPECT_EQ(split("\r\nbody", 1), (Parts{"", "body"}));
  EXPECT_EQ(split("From: a", 1), (Parts{"From: a\r\n", ""}));
  EXPECT_EQ(split("From: a\r\n", 1), (Parts{"From: a\r\n", ""}));
}

TEST(HeaderSplitter, HoldsNoMoreThanTheLongestHeader) {
  HeaderSplitter splitter(1024);
  std::string body;
  EXPECT_TRUE(splitter.put("X: " + std::string(1000, 'x'), body));
  EXPECT_FALSE(splitter.put(std::string(100, 'x'), body));
  HeaderSplitter another(1024);
  EXPECT_TRUE(another.put("X: y\r\n\r\n" + std::string(5000, 'x'), body));
}

}  // namespace
}  // namespace godwit::mail
