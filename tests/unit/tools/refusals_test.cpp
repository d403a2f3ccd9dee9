// SPDX-License-Identifier: Apache-2.0
#include "tools/refusals.hpp"

#include <gtest/gtest.h>
#include <sysexits.h>

namespace godwit::tools {
namespace {

int status(int code, smtp::EnhancedCode enhanced) {
  return status_of(
      {.verdict = smtp::RecipientResult::Verdict::failed, .reply = smtp::make_reply(code, enhanced, "no")});
}

TEST(Refusals, HaveStatusesOfSysexits) {
  EXPECT_EQ(status(550, {5, 1, 1}), EX_NOUSER);
  EXPECT_EQ(status(553, {5, 7, 1}), EX_NOPERM);
  EXPECT_EQ(status(501, {5, 1, 3}), EX_DATAERR);
  EXPECT_EQ(status(501, {5, 5, 4}), EX_DATAERR);
  EXPECT_EQ(status(550, {5, 6, 0}), EX_DATAERR);
  EXPECT_EQ(status(552, {5, 3, 4}), EX_UNAVAILABLE);
  EXPECT_EQ(status(554, {}), EX_UNAVAILABLE);
}

TEST(Refusals, WordsAreOneLine) {
  smtp::RecipientResult result{.why = "connection\nlost"};
  EXPECT_EQ(words_of(result).find('\n'), std::string::npos);
  result.reply = smtp::make_reply(550, {5, 1, 1}, "no such user");
  result.why.clear();
  EXPECT_EQ(words_of(result), "550 5.1.1 no such user");
}

}  // namespace
}  // namespace godwit::tools
