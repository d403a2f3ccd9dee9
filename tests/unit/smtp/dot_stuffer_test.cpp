// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "godwit/smtp/framing.hpp"

namespace godwit::smtp {
namespace {

std::string stuffed(std::string_view body) {
  DotStuffer stuffer;
  std::string out;
  stuffer.put(body, out);
  stuffer.finish(out);
  return out;
}

TEST(DotStuffer, DoublesDotsThatStartALine) {
  EXPECT_EQ(stuffed(".\r\n..a\r\nb.\r\n\r\n.\r\n"), "..\r\n...a\r\nb.\r\n\r\n..\r\n.\r\n");
}

TEST(DotStuffer, EndsAnUnfinishedLine) {
  EXPECT_EQ(stuffed("a"), "a\r\n.\r\n");
}

TEST(DotStuffer, EmptyBodyIsOnlyTheTerminator) {
  EXPECT_EQ(stuffed(""), ".\r\n");
}

TEST(DotStuffer, GivesTheSameHoweverTheBodyIsCut) {
  const std::string body = ".a\r\n.\r\nb\r\n..c\r\n.";
  for (std::size_t cut = 0; cut <= body.size(); ++cut) {
    DotStuffer stuffer;
    std::string out;
    stuffer.put(std::string_view(body).substr(0, cut), out);
    stuffer.put(std::string_view(body).substr(cut), out);
    stuffer.finish(out);
    EXPECT_EQ(out, "..a\r\n..\r\nb\r\n...c\r\n..\r\n.\r\n") << cut;
  }
}

}  // namespace
}  // namespace godwit::smtp
