// SPDX-License-Identifier: Apache-2.0
#include "acme/resources.hpp"

#include <gmock/gmock.h>

namespace godwit::acme {
namespace {

using namespace std::chrono_literals;

TEST(Problem, HasItsTypeItsTextAndThoseOfSingleNames) {
  const auto problem = parse_problem(403, R"({"type":"urn:ietf:params:acme:error:compound","detail":"some failed",
    "subproblems":[{"type":"urn:ietf:params:acme:error:caa","detail":"CAA forbids","identifier":{"type":"dns","value":"a.example"}},
                   {"type":"urn:ietf:params:acme:error:dns","detail":"no address"}, 7]})");
  EXPECT_EQ(problem.type, "compound");
  EXPECT_EQ(problem.text, "compound: some failed (a.example: caa: CAA forbids; dns: no address)");
}

TEST(Problem, OfNoJsonHasTheStatus) {
  EXPECT_EQ(parse_problem(502, "<html>").text, "HTTP status 502: <html>");
  EXPECT_EQ(parse_problem(500, "").text, "HTTP status 500: ");
}

TEST(Problem, IsShort) {
  const auto problem = parse_problem(400, R"({"type":"x\ny","detail":")" + std::string(100'000, 'z') + R"("})");
  EXPECT_EQ(problem.type, "x\ny");
  EXPECT_LT(problem.text.size(), 500U);
}

TEST(RetryAfter, IsSecondsOrADate) {
  const auto now = *base::parse_rfc3339("2026-11-29T18:00:00Z");
  EXPECT_EQ(parse_retry_after("120", now), 2min);
  EXPECT_EQ(parse_retry_after("Sun, 29 Nov 2026 18:00:30 GMT", now), 30s);
  EXPECT_EQ(parse_retry_after("Sun, 29 Nov 2026 17:00:00 GMT", now), 0s);
  EXPECT_EQ(parse_retry_after("99999999999999", now), 366 * 24h);
  for (const char* text : {"", "soon", "-5", "Sun, 29 Foo 2026", "18446744073709551616"})
    EXPECT_EQ(parse_retry_after(text, now), std::nullopt) << text;
}

TEST(Directory, NeedsItsThreeUrls) {
  EXPECT_TRUE(parse_directory(
      R"({"newNonce":"https://a.example/n","newAccount":"https://a.example/a","newOrder":"https://a.example/o"})"));
  const auto clear = parse_directory(
      R"({"newNonce":"https://a.example/n","newAccount":"http://a.example/a","newOrder":"https://a.example/o"})");
  ASSERT_FALSE(clear);
  EXPECT_EQ(clear.error().message, "the authority's directory has no usable \"newAccount\"");
}

TEST(Order, HasAuthorizationsWithinBounds) {
  const auto order = [](int count) {
    std::string list;
    for (int i = 0; i < count; ++i) list += (i == 0 ? "\"" : ",\"") + std::string("https://a.example/1\"");
    return parse_order(R"({"status":"pending","finalize":"https://a.example/f","authorizations":[)" + list + "]}");
  };
  EXPECT_TRUE(order(1));
  EXPECT_FALSE(order(0));
  EXPECT_FALSE(order(100'000));
}

}  // namespace
}  // namespace godwit::acme
