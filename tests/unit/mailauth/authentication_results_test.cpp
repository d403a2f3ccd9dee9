// SPDX-License-Identifier: Apache-2.0
#include "godwit/mailauth/authentication_results.hpp"

#include <gmock/gmock.h>

namespace godwit::mailauth {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(AuthenticationResults, AreWritten) {
  const std::vector<MethodResult> results = {
      describe(SpfOutcome{.result = SpfResult::soft_fail}, "smtp.mailfrom", "alice@example.net"),
      describe(DkimVerdict{.result = DkimResult::pass,
                           .domain = "example.net",
                           .selector = "s1",
                           .algorithm = "rsa-sha256",
                           .signature_start = "a/b+c="}),
      {.method = "dmarc", .result = "pass", .properties = {{"header.from", "example.net"}}}};
  EXPECT_EQ(authentication_results_field("mx.example.com", results),
            "Authentication-Results: mx.example.com;\r\n"
            "\tspf=softfail\r\n\t smtp.mailfrom=alice@example.net;\r\n"
            "\tdkim=pass\r\n\t header.d=example.net\r\n\t header.s=s1\r\n\t header.a=rsa-sha256\r\n"
            "\t header.b=\"a/b+c=\";\r\n"
            "\tdmarc=pass\r\n\t header.from=example.net\r\n");
  EXPECT_EQ(authentication_results_field("mx.example.com", {}), "Authentication-Results: mx.example.com; none\r\n");
}

TEST(AuthenticationResults, PeersCannotAddToThem) {
  const auto field = authentication_results_field(
      "mx", {describe(SpfOutcome{.result = SpfResult::none}, "smtp.helo", "x; dkim=pass\r\nX: \"y")});
  EXPECT_THAT(field, HasSubstr("smtp.helo=\"x; dkim=pass??X: \\\"y\""));
  EXPECT_THAT(field, Not(HasSubstr("\r\nX")));
}

TEST(AuthenticationResults, ServiceIsFoundBehindComments) {
  EXPECT_EQ(authentication_service(" mx.example.com; none"), "mx.example.com");
  EXPECT_EQ(authentication_service(" (a (b) \\) c)\r\n\t mx.example.com 1; none"), "mx.example.com");
  EXPECT_EQ(authentication_service(" \"mx.\\example.com\" ; none"), "mx.example.com");
  EXPECT_EQ(authentication_service(" (never ends"), "");
}

TEST(AuthenticationResults, OfOthersAreReadOutsideOfQuotes) {
  EXPECT_TRUE(says_result("; spf=fail smtp.helo=\"x; y\"; (c) dmarc=pass (p=none); x=y", "dmarc", "pass"));
  EXPECT_TRUE(says_result(";dmarc=pass", "dmarc", "pass"));
  EXPECT_FALSE(says_result("; spf=fail smtp.helo=\"x; dmarc=pass\"; dmarc=fail", "dmarc", "pass"));
  EXPECT_FALSE(says_result("; spf=fail (; dmarc=pass); dmarc=passed", "dmarc", "pass"));
}

std::string filtered(std::string_view message, std::size_t piece) {
  ForgedResultsFilter filter("mx.example.com");
  std::string out;
  for (; !message.empty(); message.remove_prefix(std::min(piece, message.size())))
    filter.put(message.substr(0, piece), out);
  filter.finish(out);
  return out;
}

TEST(ForgedResults, AreTakenOut) {
  const std::string message =
      "Received: from x\r\n\tby y\r\n"
      "authentication-results : (c) MX.example.com;\r\n\tdkim=pass\r\n"
      "Authentication-Results: other.example; spf=pass\r\n"
      "Authentication-Results-X: mx.example.com; spf=pass\r\n"
      "ARC-Authentication-Results: i=1; mx.example.com; none\r\n"
      "Authentication-Results: \"mx.example.com\" 1; spf=pass\r\n"
      "Subject: x\r\n\r\n"
      "Authentication-Results: mx.example.com; in the body\r\n";
  const std::string expected =
      "Received: from x\r\n\tby y\r\n"
      "Authentication-Results: other.example; spf=pass\r\n"
      "Authentication-Results-X: mx.example.com; spf=pass\r\n"
      "ARC-Authentication-Results: i=1; mx.example.com; none\r\n"
      "Subject: x\r\n\r\n"
      "Authentication-Results: mx.example.com; in the body\r\n";
  for (const std::size_t piece : {1U, 2U, 5U, 10000U}) EXPECT_EQ(filtered(message, piece), expected) << piece;
}

// As mail::Header reads it; a message with octets that are no lines (BINARYMIME) may hold one.
TEST(ForgedResults, HideBehindNoBareLineFeed) {
  const std::string before = "Subject: x\n\r\n", after = "To: y\r\n\r\nbody\n\r\n";
  for (const std::size_t piece : {1U, 2U, 5U, 10000U})
    EXPECT_EQ(filtered(before + "Authentication-Results: mx.example.com; dkim=pass\r\n" + after, piece), before + after)
        << piece;
}

TEST(ForgedResults, AreTakenOutAtTheEndAndWhenEndless) {
  EXPECT_EQ(filtered("Authentication-Results: mx.example.com; none\r\n", 3), "");
  EXPECT_EQ(filtered("Authentication-Results: (" + std::string(100000, 'x') + "\r\nA: b\r\n\r\n", 1000),
            "A: b\r\n\r\n");
  EXPECT_EQ(filtered("\r\nbody", 1), "\r\nbody");
  EXPECT_EQ(filtered("A", 1), "A");
}

}  // namespace
}  // namespace godwit::mailauth
