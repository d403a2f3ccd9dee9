// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "acme/responder.hpp"

namespace godwit::acme {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string ask(const std::string& request) {
  const action::Publish what{
      .kind = ChallengeKind::http_01, .name = "mail.example.com", .token = "abc", .key_authorization = "abc.print"};
  return challenge_answer(request + "\r\nHost: mail.example.com\r\n\r\n", what);
}

TEST(ChallengeAnswer, IsForItsTokenAlone) {
  const auto answer = ask("GET /.well-known/acme-challenge/abc HTTP/1.1");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 9\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nabc.print"));
  EXPECT_THAT(ask("HEAD /.well-known/acme-challenge/abc HTTP/1.1"), EndsWith("\r\n\r\n"));
}

TEST(ChallengeAnswer, LeadsNowhere) {
  for (const char* target :
       {"/", "/.well-known/acme-challenge/", "/.well-known/acme-challenge/abcd", "/.well-known/acme-challenge/ab",
        "/.well-known/acme-challenge/../abc", "*", "http://x/.well-known/acme-challenge/abc"}) {
    const auto answer = ask(std::string("GET ") + target + " HTTP/1.1");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 404 ")) << target;
    EXPECT_THAT(answer, Not(HasSubstr("print")));
    EXPECT_THAT(answer, Not(HasSubstr("Location")));
  }
  for (const char* line :
       {"POST /.well-known/acme-challenge/abc HTTP/1.1", "GET", "", "\x16\x03\x01", "get / HTTP/1.1"})
    EXPECT_THAT(ask(line), Not(StartsWith("HTTP/1.1 200"))) << line;
}

}  // namespace
}  // namespace godwit::acme
