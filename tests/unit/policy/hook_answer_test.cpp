// SPDX-License-Identifier: Apache-2.0
#include "policy/hook_answer.hpp"

#include <gmock/gmock.h>

#include "verdict_text.hpp"

namespace godwit::policy {
namespace {

using ::testing::HasSubstr;

Verdict hook_says(std::string_view text) {
  return hook_verdict(text, smtp::Utf8::refuse);
}

TEST(HookAnswer, EachActionIsUnderstood) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {R"({"action":"none"})", "none"},
      {R"({"action":"none","evidence":"score 3","vouches":true})", "none for score 3 vouching"},
      {R"({"action":"accept"})", "accept"},
      {R"({"action":"discard","evidence":"trap"})", "discard for trap"},
      {R"({"action":"reject"})", "reject 550 5.7.1 Refused by our policy for 550 5.7.1 Refused by our policy"},
      {R"({"action":"reject","code":554,"enhanced":"5.1.8","text":"Who?","evidence":"e"})",
       "reject 554 5.1.8 Who? for e"},
      {R"({"action":"reject","code":null,"text":null})",
       "reject 550 5.7.1 Refused by our policy for 550 5.7.1 Refused by our policy"},
      {R"({"action":"defer","text":"Later","evidence":"e"})", "defer 450 4.7.1 Later for e"},
      {R"({"action":"defer","code":421,"enhanced":"4.7.0","text":"Bye","evidence":"e"})", "defer 421 4.7.0 Bye for e"},
      {R"({"action":"quarantine","reason":"odd"})", "quarantine because odd for odd"},
      {R"({"action":"quarantine","text":"odd"})", "quarantine because odd for odd"},
      {R"({"action":"none","headers":[{"name":"X-A","value":"1"},{"name":"X-B","value":"2\r\nBcc: x"}]})",
       "none with X-A: 1\r\nX-B: 2 Bcc: x\r\n"},
  };
  for (const auto& [text, meaning] : table) EXPECT_EQ(verdict_text(hook_says(text)), meaning) << text;
}

TEST(HookAnswer, WhatIsNoneIsAFailureThatSaysWhy) {
  const std::pair<std::string, std::string_view> table[] = {
      {"", "no JSON object"},
      {"<html>", "no JSON object"},
      {"[]", "no JSON object"},
      {R"({"action":"none"} trailing)", "no JSON object"},
      {std::string(100000, '['), "no JSON object"},
      {"{}", "an unknown action \"\""},
      {R"({"action":"drop"})", "an unknown action \"drop\""},
      {R"({"action":1})", "no text as \"action\""},
      {R"({"action":"none","acton":1})", "an unknown key \"acton\""},
      {R"({"action":"reject","code":250})", "a code that is none of 5xx"},
      {R"({"action":"reject","code":"550"})", "a code that is none of 5xx"},
      {R"({"action":"reject","code":55000000000})", "a code that is none of 5xx"},
      {R"({"action":"defer","code":550})", "a code that is none of 4xx"},
      {R"({"action":"reject","enhanced":"4.7.1"})", "an enhanced code that is none of 5.x.x"},
      {R"({"action":"reject","enhanced":"no"})", "an enhanced code that is none of 5.x.x"},
      {R"({"action":"none","vouches":"yes"})", "neither true nor false as \"vouches\""},
      {R"({"action":"none","headers":{}})", "\"headers\""},
      {R"({"action":"none","headers":[["X","1"]]})", "\"headers\""},
      {R"({"action":"none","headers":[{"name":"X"}]})", "\"headers\""},
      {R"({"action":"none","headers":[{"name":"X Y","value":"1"}]})", "no name of a header field"},
  };
  for (const auto& [text, why] : table) EXPECT_THAT(hook_says(text).failure, HasSubstr(why)) << text.substr(0, 80);
}

TEST(HookAnswer, RepliesStayOneLine) {
  const auto wire = [](std::string_view text, smtp::Utf8 utf8) { return to_wire(*hook_verdict(text, utf8).reply); };
  EXPECT_EQ(wire(R"({"action":"reject","text":"a\r\n250 Ok\u0000"})", smtp::Utf8::refuse), "550 5.7.1 a??250 Ok?\r\n");
  EXPECT_EQ(wire(R"({"action":"reject","text":"Zo\u00eb"})", smtp::Utf8::refuse), "550 5.7.1 Zo??\r\n");
  EXPECT_EQ(wire(R"({"action":"reject","text":"Zo\u00eb"})", smtp::Utf8::allow), "550 5.7.1 Zo\xC3\xAB\r\n");
  const auto long_text = R"({"action":"reject","text":")" + std::string(5000, 'x') + "\"}";
  EXPECT_LE(wire(long_text, smtp::Utf8::allow).size(), 512U);
}

TEST(HookAnswer, AnEvidenceIsBounded) {
  const auto verdict = hook_says(R"({"action":"none","evidence":")" + std::string(5000, 'x') + "\"}");
  EXPECT_LT(verdict.evidence.size(), 400U);
}

}  // namespace
}  // namespace godwit::policy
