// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/header.hpp"

#include <gtest/gtest.h>

namespace godwit::mail {
namespace {

TEST(Header, FindsFieldsAndTheirFoldedBodies) {
  const Header header("Subject: a\r\n b\r\nX-Empty:\r\nTo : c\r\n\r\nSubject: body\r\n");
  ASSERT_EQ(header.fields().size(), 3U);
  EXPECT_TRUE(header.complete());
  EXPECT_EQ(header.find("SUBJECT")->body, " a\r\n b");
  EXPECT_EQ(header.find("x-empty")->body, "");
  EXPECT_EQ(header.find("to")->name, "To");
  EXPECT_EQ(header.find("to")->raw, "To : c\r\n");
  EXPECT_FALSE(header.find("from"));
  EXPECT_EQ(header.text(), "Subject: a\r\n b\r\nX-Empty:\r\nTo : c\r\n");
}

TEST(Header, EndsAtWhatIsNotAField) {
  for (const char* body : {"\r\n", "\r\nx", "no field\r\n", "b\xc3\xa4h: x\r\n", ": x\r\n", " \r\n"}) {
    const auto message = std::string(body[0] == ' ' ? "" : "A: 1\r\n") + body;
    EXPECT_TRUE(Header(message).complete()) << body;
    EXPECT_EQ(Header(message).text(), body[0] == ' ' ? "" : "A: 1\r\n") << body;
  }
}

TEST(Header, KnowsWhenItsEndIsMissing) {
  EXPECT_FALSE(Header("").complete());
  EXPECT_FALSE(Header("A: 1\r\n").complete());
  EXPECT_FALSE(Header("A: 1\r\nB: 2").complete());
  EXPECT_EQ(Header("A: 1\r\nB: 2").text(), "A: 1\r\n");
}

TEST(Header, IsBounded) {
  std::string many;
  for (std::size_t i = 0; i < Header::max_fields + 10; ++i) many += "A: 1\r\n";
  EXPECT_EQ(Header(many + "\r\n").fields().size(), Header::max_fields);
  const std::string large = "A: " + std::string(Header::max_bytes, 'x') + "\r\n\r\n";
  EXPECT_TRUE(Header(large).fields().empty());
  EXPECT_FALSE(Header(large).complete());
}

TEST(Header, UnfoldsToOneLine) {
  EXPECT_EQ(unfold(" a \r\n\t b\r\n c "), "a b c");
  EXPECT_EQ(unfold(""), "");
}

TEST(Header, AHundredReceivedFieldsAreALoop) {
  std::string message;
  for (int i = 0; i < 99; ++i) message += "Received: by x\r\n";
  EXPECT_FALSE(is_looping(message + "\r\nReceived: in the body\r\n"));
  EXPECT_TRUE(is_looping(message + "RECEIVED: by y\r\n\r\n"));
}

}  // namespace
}  // namespace godwit::mail
