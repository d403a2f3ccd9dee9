// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/added_field.hpp"

#include <gtest/gtest.h>

namespace godwit::mail {
namespace {

TEST(AddedField, WhateverIsGivenBecomesOneField) {
  const struct {
    std::string_view name, value, field;
  } table[] = {
      {"X-Spam", "no", "X-Spam: no\r\n"},
      {"X-Spam", "  no  ", "X-Spam: no\r\n"},
      {"X-Spam", "a\r\nBcc: evil@example.net\r\n\r\nbody", "X-Spam: a Bcc: evil@example.net body\r\n"},
      {"X-Spam", "a\n\tb", "X-Spam: a b\r\n"},
      {"X-Spam", std::string_view("a\0b\x7F", 4), "X-Spam: a b\r\n"},
      {"X-Name", "Zo\xC3\xAB", "X-Name: =?UTF-8?B?Wm/Dqw==?=\r\n"},
  };
  for (const auto& row : table) EXPECT_EQ(added_field(row.name, row.value).value(), row.field);
}

TEST(AddedField, LongOnesAreFolded) {
  std::string value;
  for (int i = 0; i < 30; ++i) value += "word ";
  const auto field = added_field("X-Long", value).value();
  EXPECT_NE(field.find("\r\n word"), std::string::npos);
  EXPECT_EQ(added_field("X-Long", std::string(3000, 'x')).value().find(std::string(999, 'x')), std::string::npos);
  EXPECT_FALSE(added_field("X-Long", std::string(longest_added_field + 1, 'x')));
}

TEST(AddedField, WhatIsNoFieldIsRefused) {
  for (const std::string_view name : {"", "a b", "a:b", "a\r\nb", "\xC3\xAB", " a", "a "})
    EXPECT_FALSE(added_field(name, "v")) << name;
  EXPECT_FALSE(added_field(std::string(77, 'a'), "v"));
  EXPECT_FALSE(added_field("X-Empty", " \r\n "));
}

}  // namespace
}  // namespace godwit::mail
