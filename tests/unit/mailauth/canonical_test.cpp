// SPDX-License-Identifier: Apache-2.0
#include "mailauth/canonical.hpp"

#include <random>

#include <gtest/gtest.h>

namespace godwit::mailauth {
namespace {

// RFC 6376 section 3.4.4, word for word.
std::string relaxed_by_the_book(std::string_view body) {
  std::string all;
  std::size_t kept = 0;  // without empty lines at the end
  while (true) {
    const auto end = body.find("\r\n");
    std::string line;
    for (const char c : body.substr(0, end)) {
      const bool space = c == ' ' || c == '\t';
      if (!space || !line.ends_with(' ')) line += space ? ' ' : c;
    }
    if (line.ends_with(' ')) line.pop_back();
    all += line + "\r\n";
    if (!line.empty()) kept = all.size();
    if (end == std::string_view::npos) break;
    body.remove_prefix(end + 2);
  }
  all.resize(kept);
  return all;
}

std::string relaxed(std::string_view body, std::size_t piece) {
  BodyCanonicalizer canonicalizer(Canonical::relaxed);
  std::string out;
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) canonicalizer.put(body.substr(0, piece), out);
  canonicalizer.finish(out);
  return out;
}

TEST(CanonicalBody, SpacesInALineAreOneAndAtItsEndNone) {
  EXPECT_EQ(relaxed(" C \r\nD \t E\r\n\r\n\r\n", 100), " C\r\nD E\r\n");
  EXPECT_EQ(relaxed("The quick brown fox jumps over the lazy dog ", 100),
            "The quick brown fox jumps over the lazy dog\r\n");
  EXPECT_EQ(relaxed("twelve bytes  and more", 100), "twelve bytes and more\r\n");
  EXPECT_EQ(relaxed("eight !! \t", 100), "eight !!\r\n");
}

TEST(CanonicalBody, IsWhatTheRfcSaysInAnyPieces) {
  std::mt19937 random(7);
  constexpr std::string_view alphabet = "  \t\r\n\r\n!ab";
  for (int round = 0; round < 3000; ++round) {
    std::string body;
    const auto words = random() % 8;
    for (unsigned i = 0; i < words; ++i) {
      for (auto odd = random() % 12; odd > 0; --odd) body += alphabet[random() % alphabet.size()];
      if (random() % 3 == 0) body += "some words that are longer than eight bytes";
      if (random() % 4 == 0) body += "\r\n";
    }
    const auto expected = relaxed_by_the_book(body);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{11}, std::size_t{1000}})
      ASSERT_EQ(relaxed(body, piece), expected) << "round " << round << " in pieces of " << piece;
  }
}

}  // namespace
}  // namespace godwit::mailauth
