// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/bearer.hpp"

#include <gtest/gtest.h>

namespace godwit::smtp {
namespace {

// RFC 7628 section 4.1.
TEST(Bearer, TakesTheExampleOfTheStandard) {
  const auto message = parse_oauthbearer(
      "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01"
      "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->user, "user@example.com");
  EXPECT_EQ(message->token, "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
}

TEST(Bearer, UserMayBeLeftToTheToken) {
  const auto message = parse_oauthbearer(
      "n,,\x01"
      "auth=bearer abc\x01\x01");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->user, "");
}

TEST(Bearer, UserNameIsDecoded) {
  EXPECT_EQ(parse_oauthbearer("y,a=a=2Cb=3Dc,\x01"
                              "auth=Bearer abc\x01\x01")
                ->user,
            "a,b=c");
}

TEST(Bearer, TakesXoauth2) {
  const auto message = parse_xoauth2(
      "user=someuser@example.com\x01"
      "auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBh\x01\x01");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->user, "someuser@example.com");
  EXPECT_EQ(message->token, "ya29.vF9dft4qmTc2Nvb3RlckBh");
}

TEST(Bearer, RefusesWhatIsNone) {
  for (const char* message : {"", "n,,", "n,,\x01", "n,,\x01\x01",
                              "n,,\x01"
                              "auth=Bearer abc",
                              "n,,\x01"
                              "auth=Bearer abc\x01",
                              "n,,\x01"
                              "auth=Basic abc\x01\x01",
                              "n,,\x01"
                              "auth=Bearer \x01\x01",
                              "n,,\x01"
                              "auth=Bearer a b\x01\x01",
                              "n,,\x01"
                              "auth=Bearer a\"b\x01\x01",
                              "p=tls-exporter,,\x01"
                              "auth=Bearer abc\x01\x01",
                              "n,user,\x01"
                              "auth=Bearer abc\x01\x01",
                              "n,a=,\x01"
                              "auth=Bearer abc\x01\x01",
                              "n,a=x=,\x01"
                              "auth=Bearer abc\x01\x01",
                              "n,,x\x01"
                              "auth=Bearer abc\x01\x01",
                              "n,,\x01host\x01"
                              "auth=Bearer abc\x01\x01",
                              "n,a=\xFF,\x01"
                              "auth=Bearer abc\x01\x01",
                              "n,,\x01"
                              "auth=Bearer ==\x01\x01"})
    EXPECT_FALSE(parse_oauthbearer(message)) << message;
  for (const char* message : {"", "user=a",
                              "user=\x01"
                              "auth=Bearer abc\x01\x01",
                              "auth=Bearer abc\x01\x01",
                              "user=a\x01"
                              "auth=abc\x01\x01",
                              "user=a\x01"
                              "auth=Bearer abc\x01"})
    EXPECT_FALSE(parse_xoauth2(message)) << message;
}

TEST(Bearer, FailureIsJson) {
  EXPECT_EQ(oauthbearer_failure("mail"), R"({"status":"invalid_token","schemes":"bearer","scope":"mail"})");
  EXPECT_EQ(xoauth2_failure(""), R"({"status":"401","schemes":"bearer"})");
}

}  // namespace
}  // namespace godwit::smtp
