// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/header_downgrade.hpp"

#include <gtest/gtest.h>

#include "godwit/base/text.hpp"

namespace godwit::mail {
namespace {

std::string downgraded(std::string_view field) {
  const auto result = downgraded_header(std::string(field) + "\r\n");
  if (!result) return "error: " + result.error().message;
  EXPECT_TRUE(base::is_ascii(*result)) << *result;
  EXPECT_TRUE(result->empty() || result->ends_with("\r\n"));
  return result->empty() ? "" : result->substr(0, result->size() - 2);
}

struct Case {
  const char* field;
  const char* expected;
};

void expect(std::initializer_list<Case> cases) {
  for (const auto& [field, expected] : cases) EXPECT_EQ(downgraded(field), expected) << field;
}

TEST(HeaderDowngrade, WhatIsAsciiStaysByteByByte) {
  const std::string header = "From:  \"A. B\" <a@b.example>\r\nSubject: a\r\n folded  one\r\nX-Odd : =?x?\r\n";
  EXPECT_EQ(*downgraded_header(header), header);
}

TEST(HeaderDowngrade, TextsBecomeEncodedWords) {
  expect({{"Subject: Gr\u00fc\u00dfe", "Subject: =?UTF-8?B?R3LDvMOfZQ==?="},
          {"Subject: the old \u00e9 and \u00e8 of it", "Subject: the old =?UTF-8?B?w6kgYW5kIMOo?= of it"},
          {"Comments: \xff", "Comments: =?unknown-8bit?B?/w==?="}});
}

TEST(HeaderDowngrade, LongTextsAreCutBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "\u20ac";
  const auto result = downgraded("Subject: " + text);
  EXPECT_NE(result.find("?=\r\n =?UTF-8?B?"), std::string::npos);
  for (const auto line : base::split(result, '\n')) EXPECT_LE(line.size(), 78U);
}

TEST(HeaderDowngrade, PeopleKeepTheirAddressesAndAreNamedInWords) {
  expect({{"From: J\u00fcrgen <j@a.example>", "From: =?UTF-8?B?SsO8cmdlbg==?= <j@a.example>"},
          {"To: \"J\u00fcrgen \\\"X\\\"\" <j@a.example>, b@c.example",
           "To: =?UTF-8?B?SsO8cmdlbiAiWCI=?= <j@a.example>, b@c.example"},
          {"Cc: a@b\u00fccher.example", "Cc: a@xn--bcher-kva.example"},
          {"Cc: X <a@b\u00fccher.example>", "Cc: X <a@xn--bcher-kva.example>"},
          {"Resent-To: a@b.example (caf\u00e9)", "Resent-To: a@b.example (=?UTF-8?B?Y2Fmw6k=?=)"},
          {"To: L\u00e4den: a@b.example, c@d.example;", "To: =?UTF-8?B?TMOkZGVu?=: a@b.example, c@d.example;"}});
}

TEST(HeaderDowngrade, ALocalPartHasNoOtherFormAndIsNamed) {
  expect({{"From: J <j\u00f6rg@a.example>", "error: the address j\u00f6rg@a.example in From has no form in US-ASCII"},
          {"Reply-To: \"\u00f6\"@a.example",
           "error: the address \"\u00f6\"@a.example in Reply-To has no form in US-ASCII"},
          {"From: J <\u00f6@a\u00fc\x02.example>",
           "error: the address \u00f6@a\u00fc?.example in From has no form in US-ASCII"}});
}

TEST(HeaderDowngrade, ParametersAreExtended) {
  expect({{"Content-Disposition: attachment; filename=\"\u00fc b.pdf\"; size=1",
           "Content-Disposition: attachment;\r\n filename*=utf-8''%C3%BC%20b.pdf; size=1"},
          {"Content-Type: text/plain; charset=utf-8; name=\u00fc",
           "Content-Type: text/plain; charset=utf-8;\r\n name*=utf-8''%C3%BC"}});
  std::string name;
  for (int i = 0; i < 30; ++i) name += "\u00fc";
  const auto result = downgraded("Content-Type: text/plain; name=\"" + name + "\"");
  EXPECT_NE(result.find("name*0*=utf-8''%C3"), std::string::npos) << result;
  EXPECT_NE(result.find(";\r\n name*2*="), std::string::npos) << result;
  std::string joined;
  for (const auto line : base::split(result, '\n')) {
    EXPECT_LE(line.size(), 78U);
    if (const auto at = line.find("*="); at != std::string_view::npos)
      joined += base::trim(line.substr(at + 2)).substr(0, line.find_first_of(";\r", at) - at - 2);
  }
  std::string wanted = "utf-8''";
  for (int i = 0; i < 30; ++i) wanted += "%C3%BC";
  EXPECT_EQ(joined, wanted);
}

TEST(HeaderDowngrade, TracesAndIdentifiersAreNobodysNeed) {
  expect({{"Return-Path: <j\u00f6rg@a.example>", ""},
          {"Message-ID: <\u00fc@a.example>", "Downgraded-Message-ID: =?UTF-8?B?PMO8QGEuZXhhbXBsZT4=?="},
          {"Received: from a (a [192.0.2.1]) by b with UTF8SMTP id 1 for <j\u00f6rg@a.example>; today",
           "Received: from a (a [192.0.2.1]) by b with UTF8SMTP id 1; today"},
          {"Received: from \u00e9 by b; today", "Received: from ?? by b; today"}});
}

TEST(HeaderDowngrade, WhatCannotBeReadIsStillMadeAscii) {
  for (const char* odd : {"From: \"\u00fc", "To: (\u00fc", "Cc: <\u00fc", "Content-Type: x; n=\"\u00fc",
                          "Content-Type: x; <\u00fc n=v", "To: \u00fc <", "Bcc: [\u00fc"})
    downgraded(odd);  // holds it to US-ASCII
}

TEST(HeaderDowngrade, SignaturesAreSeen) {
  EXPECT_TRUE(is_signed("Dkim-Signature: v=1\r\n"));
  EXPECT_TRUE(is_signed("Content-Type: multipart/signed; protocol=\"application/pgp-signature\"\r\n"));
  EXPECT_FALSE(is_signed("Content-Type: multipart/mixed\r\nSubject: DKIM-Signature\r\n"));
}

}  // namespace
}  // namespace godwit::mail
