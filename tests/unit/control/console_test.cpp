// SPDX-License-Identifier: Apache-2.0
#include "control/console.hpp"

#include <gmock/gmock.h>

#include "control/console_files.hpp"
#include "control/response_text.hpp"
#include "godwit/base/text.hpp"

namespace godwit::control {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::optional<Response> page(std::string target, std::string_view if_none_match = {}) {
  return console_answer({"GET", std::move(target)}, if_none_match);
}

std::string_view text_of(std::string_view name) {
  for (const auto& file : console_files())
    if (file.name == name) return file.text;
  return {};
}

TEST(Console, HasItsFilesAndNothingElse) {
  ASSERT_TRUE(page("/"));
  EXPECT_EQ(page("/")->type, "text/html; charset=utf-8");
  EXPECT_EQ(page("/")->body, text_of("index.html"));
  for (const auto& file : console_files()) {
    const auto found = page("/console/" + std::string(file.name) + "?x=y");
    ASSERT_TRUE(found) << file.name;
    EXPECT_EQ(found->body, file.text);
  }
  for (const char* target :
       {"/console", "/console/", "/console/../v1/status", "/v1/status", "/index.html", "", "/console/app.js/"})
    EXPECT_FALSE(page(target)) << target;
  EXPECT_FALSE(console_answer({"POST", "/"}, {}));
}

TEST(Console, WhatTheBrowserHasIsNotSentAgain) {
  const auto first = page("/console/app.js");
  ASSERT_TRUE(first);
  const auto again = page("/console/app.js", "W/\"x\", " + first->etag);
  EXPECT_EQ(again->status, 304U);
  EXPECT_EQ(again->body, "");
  EXPECT_EQ(page("/console/style.css", first->etag)->status, 200U);
  const auto text = response_text(*again, 11, true);
  EXPECT_THAT(text, HasSubstr("ETag: " + first->etag + "\r\n"));
  EXPECT_THAT(text, Not(HasSubstr("Content-Length")));
}

TEST(Console, NothingIsRunThatIsNotOurs) {
  const auto text = response_text(*page("/"), 11, true);
  for (const char* field :
       {"Content-Security-Policy: default-src 'none'; script-src 'self'; ", "frame-ancestors 'none'",
        "X-Content-Type-Options: nosniff\r\n", "Referrer-Policy: no-referrer\r\n",
        "Cross-Origin-Opener-Policy: same-origin\r\n", "Cache-Control: no-cache\r\n"})
    EXPECT_THAT(text, HasSubstr(field));
  EXPECT_THAT(text, Not(HasSubstr("unsafe")));
}

// The policy would stop it, but it would not work either.
TEST(Console, ItsFilesHaveNothingInlineAndNothingFromElsewhere) {
  for (const auto& file : console_files())
    for (const char* word : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                             "style=", "onclick=\"", "https://", "@import", "url("})
      EXPECT_FALSE(file.text.contains(word)) << file.name << ": " << word;
}

TEST(Console, AnswersOfTheApiAreNotKept) {
  const auto text = response_text(error_response(404, "no"), 11, true);
  EXPECT_THAT(text, HasSubstr("Cache-Control: no-store\r\n"));
  EXPECT_THAT(text, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(text, Not(HasSubstr("ETag")));
}

}  // namespace
}  // namespace godwit::control
