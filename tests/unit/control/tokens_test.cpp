// SPDX-License-Identifier: Apache-2.0
#include "godwit/control/tokens.hpp"

#include <gtest/gtest.h>

namespace godwit::control {
namespace {

constexpr auto read = static_cast<Scopes>(Scope::read);
constexpr auto queue = static_cast<Scopes>(Scope::queue);
constexpr auto submit = static_cast<Scopes>(Scope::submit);

std::optional<Scopes> scopes_of(const Tokens& tokens, std::string_view authorization) {
  const auto caller = tokens.caller_of(authorization);
  return caller ? std::optional(caller->scopes) : std::nullopt;
}

TEST(Tokens, OpenWhatTheirScopesSay) {
  const Tokens tokens({{.file = "a", .scopes = read, .secret = "0123456789abcdef"},
                       {.file = "b", .scopes = queue, .secret = "fedcba9876543210"}});
  EXPECT_EQ(scopes_of(tokens, "Bearer 0123456789abcdef"), read);
  EXPECT_EQ(scopes_of(tokens, "bearer  fedcba9876543210 "), queue);
}

TEST(Tokens, OneThatStandsInTwoFilesHasTheScopesOfBoth) {
  const Tokens tokens({{.file = "a", .scopes = read, .secret = "0123456789abcdef"},
                       {.file = "b", .scopes = queue, .secret = "0123456789abcdef"}});
  EXPECT_EQ(scopes_of(tokens, "Bearer 0123456789abcdef"), read | queue);
}

TEST(Tokens, NameTheAccountThatTheyHandInMessagesAs) {
  const Tokens tokens({{.file = "a", .scopes = read, .secret = "0123456789abcdef"},
                       {.file = "b",
                        .scopes = submit,
                        .account = "billing@example.com",
                        .senders = {"@example.com"},
                        .messages = {{.count = 100}},
                        .secret = "0123456789abcdef"},
                       {.file = "c", .scopes = read, .secret = "fedcba9876543210"}});
  const auto caller = tokens.caller_of("Bearer 0123456789abcdef");
  ASSERT_TRUE(caller && caller->submitter);
  EXPECT_EQ(caller->scopes, read | submit);
  EXPECT_EQ(caller->submitter->account, "billing@example.com");
  EXPECT_EQ(caller->submitter->senders, std::vector<std::string>{"@example.com"});
  EXPECT_EQ(caller->messages, std::vector<base::Rate>{{.count = 100}});
  EXPECT_EQ(caller->name.find("0123456789abcdef"), std::string::npos);
  EXPECT_FALSE(tokens.caller_of("Bearer fedcba9876543210")->submitter);
  EXPECT_NE(tokens.caller_of("Bearer fedcba9876543210")->name, caller->name);
}

TEST(Tokens, NothingElseOpensAnything) {
  const Tokens tokens({{.file = "a", .scopes = read, .secret = "0123456789abcdef"}});
  for (const auto* text : {"", "Bearer", "Bearer ", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0",
                           "Bearer 0123456789ABCDEF", "Basic 0123456789abcdef", "0123456789abcdef"})
    EXPECT_FALSE(scopes_of(tokens, text)) << text;
  EXPECT_FALSE(scopes_of(Tokens({}), "Bearer "));
}

}  // namespace
}  // namespace godwit::control
