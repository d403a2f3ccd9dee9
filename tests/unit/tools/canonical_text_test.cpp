// SPDX-License-Identifier: Apache-2.0
#include "tools/canonical_text.hpp"

#include <gtest/gtest.h>

namespace godwit::tools {
namespace {

std::string canonical(std::string_view text, DotLine dot = DotLine::is_text, std::size_t piece = 1000) {
  CanonicalText reader(dot);
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) reader.put(text.substr(0, piece), out);
  reader.finish(out);
  return out;
}

TEST(CanonicalText, EveryLineEndBecomesCrLf) {
  const std::pair<const char*, const char*> examples[] = {
      {"", ""},
      {"a", "a\r\n"},
      {"a\n", "a\r\n"},
      {"a\r\n", "a\r\n"},
      {"a\n\nb\n", "a\r\n\r\nb\r\n"},
      {"a\r\r\nb\r\n", "a\r\nb\r\n"},
      {" 10 %\r 50 %\r100 %\n", " 10 %\r\n 50 %\r\n100 %\r\n"},
      {"a\r", "a\r\n"},
      {"\n", "\r\n"},
      {"\r", "\r\n"},
  };
  for (const auto& [text, result] : examples) {
    EXPECT_EQ(canonical(text), result);
    EXPECT_EQ(canonical(text, DotLine::ends), result);
    EXPECT_EQ(canonical(text, DotLine::is_text, 1), result);
  }
}

TEST(CanonicalText, ADotAloneEndsOnlyWhereItIsToldTo) {
  EXPECT_EQ(canonical("a\n.\nb\n"), "a\r\n.\r\nb\r\n");
  for (const char* text : {"a\n.\nb\n", "a\n.\r\nb\n", "a\n.\r", "a\n.", "a\n.\n.\n"})
    EXPECT_EQ(canonical(text, DotLine::ends), "a\r\n") << text;
  EXPECT_EQ(canonical("..\n.a\n", DotLine::ends), "..\r\n.a\r\n");
  EXPECT_EQ(canonical(".\n", DotLine::ends), "");
  CanonicalText reader(DotLine::ends);
  std::string out;
  reader.put("a\n.\nb", out);
  EXPECT_TRUE(reader.ended());
}

TEST(CanonicalText, AMailboxLineIsLeftOutAtTheBeginningOnly) {
  EXPECT_EQ(canonical("From alice Sat Nov 28\nTo: b\n\nFrom x\n"), "To: b\r\n\r\nFrom x\r\n");
  EXPECT_EQ(canonical("From: alice\n"), "From: alice\r\n");
  EXPECT_EQ(canonical("From"), "From\r\n");
  EXPECT_EQ(canonical("Fro\n"), "Fro\r\n");
  EXPECT_EQ(canonical("From x", DotLine::is_text, 1), "");
}

TEST(CanonicalText, HasNoNul) {
  EXPECT_EQ(canonical(std::string_view("a\0b\n", 4)), "a?b\r\n");
}

TEST(CanonicalText, NoticesHighBytes) {
  CanonicalText reader(DotLine::is_text);
  std::string out;
  reader.put("a\n", out);
  EXPECT_FALSE(reader.has_high_bytes());
  reader.put("\xC3\xBC", out);
  EXPECT_TRUE(reader.has_high_bytes());
}

}  // namespace
}  // namespace godwit::tools
