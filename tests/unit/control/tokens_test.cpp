// SPDX-License-Identifier: Apache-2.0
#include "godwit/control/tokens.hpp"

#include <gtest/gtest.h>

namespace godwit::control {
namespace {

constexpr auto read = static_cast<Scopes>(Scope::read);
constexpr auto queue = static_cast<Scopes>(Scope::queue);

TEST(Tokens, OpenWhatTheirScopesSay) {
  const Tokens tokens({{.file = "a", .scopes = read, .secret = "0123456789abcdef"},
                       {.file = "b", .scopes = queue, .secret = "fedcba9876543210"}});
  EXPECT_EQ(tokens.scopes_of("Bearer 0123456789abcdef"), read);
  EXPECT_EQ(tokens.scopes_of("bearer  fedcba9876543210 "), queue);
}

TEST(Tokens, OneThatStandsInTwoFilesHasTheScopesOfBoth) {
  const Tokens tokens({{.file = "a", .scopes = read, .secret = "0123456789abcdef"},
                       {.file = "b", .scopes = queue, .secret = "0123456789abcdef"}});
  EXPECT_EQ(tokens.scopes_of("Bearer 0123456789abcdef"), read | queue);
}

TEST(Tokens, NothingElseOpensAnything) {
  const Tokens tokens({{.file = "a", .scopes = read, .secret = "0123456789abcdef"}});
  for (const auto* text : {"", "Bearer", "Bearer ", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0",
                           "Bearer 0123456789ABCDEF", "Basic 0123456789abcdef", "0123456789abcdef"})
    EXPECT_FALSE(tokens.scopes_of(text)) << text;
  EXPECT_FALSE(Tokens({}).scopes_of("Bearer "));
}

}  // namespace
}  // namespace godwit::control
