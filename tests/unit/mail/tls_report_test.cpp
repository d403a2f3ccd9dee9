// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/tls_report.hpp"

#include <gmock/gmock.h>

#include "godwit/base/encoding.hpp"
#include "godwit/mail/compression.hpp"

namespace godwit::mail {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> addresses(const std::vector<std::string>& records) {
  std::vector<std::string> result;
  for (const auto& address : parse_tls_report_records(records).addresses) result.push_back(to_string(address));
  return result;
}

TEST(TlsReportRecord, NamesAddressesAndUrls) {
  const auto wish = parse_tls_report_records(
      {"other", "v=TLSRPTv1; rua=mailto:tls@example.com,https://reports.example.com/v1/tls ; x=y"});
  ASSERT_EQ(wish.addresses.size(), 1U);
  EXPECT_EQ(to_string(wish.addresses[0]), "tls@example.com");
  EXPECT_THAT(wish.urls, ElementsAre("https://reports.example.com/v1/tls"));
  EXPECT_THAT(addresses({"v=TLSRPTv1;rua=mailto:a@x.example"}), ElementsAre("a@x.example"));
  EXPECT_THAT(addresses({"v=TLSRPTv1 ; rua = MAILTO:a%2Bb@x.example?subject=x , mailto:c@x.example"}),
              ElementsAre("a+b@x.example", "c@x.example"));
  EXPECT_THAT(
      parse_tls_report_records({std::string("v=TLSRPTv1; rua=https://x.example/\0,https://x.example/a\x1B", 56)}).urls,
      ::testing::IsEmpty());
}

TEST(TlsReportRecord, OtherThanExactlyOneGoodOneWishesNothing) {
  const std::string good = "v=TLSRPTv1; rua=mailto:a@x.example";
  for (const std::vector<std::string>& records : std::initializer_list<std::vector<std::string>>{
           {},
           {good, good},
           {"v=TLSRPTv1"},
           {"v=TLSRPTv1;"},
           {"v=TLSRPTv10; rua=mailto:a@x.example"},
           {"v=TLSRPTv2; rua=mailto:a@x.example"},
           {"v=TLSRPTv1; rua=ftp://x.example/,http://x.example/"},
           {"v=TLSRPTv1; rua=mailto:a@x@y"},
           {"v=TLSRPTv1; rua=mailto:a%0D%0A@x.example"},
           {"v=TLSRPTv1; rua=mailto:a%0"},
       })
    EXPECT_TRUE(parse_tls_report_records(records).empty()) << ::testing::PrintToString(records);
}

TEST(TlsReportRecord, AFewOfEachAreEnough) {
  std::string record = "v=TLSRPTv1; rua=mailto:a@x.example";
  for (int i = 0; i < 100; ++i) record += ",mailto:a@x.example,https://x.example/";
  const auto wish = parse_tls_report_records({record});
  EXPECT_EQ(wish.addresses.size(), TlsReportWish::most);
  EXPECT_EQ(wish.urls.size(), TlsReportWish::most);
}

TlsReport example() {
  TlsReport report;
  report.domain = "example.net";
  report.organization = "Example \"Mail\"";
  report.contact = "postmaster@example.com";
  report.id = "2024-01-01.example.net@mail.example.com";
  report.begin = base::WallTime(std::chrono::seconds(1704067200));
  report.end = report.begin + std::chrono::hours(24) - std::chrono::seconds(1);
  TlsReport::Policy sts;
  sts.type = "sts";
  sts.strings = {"version: STSv1", "mode: enforce"};
  sts.mail_hosts = {"*.example.net"};
  sts.successes = 5;
  sts.failures = 2;
  sts.details = {{.type = "certificate-expired",
                  .sending_address = "192.0.2.1",
                  .mail_host = "mx.example.net",
                  .receiving_address = "192.0.2.2",
                  .reason = "certificate has expired \xFF",
                  .sessions = 2}};
  report.policies = {sts, {.type = "no-policy-found", .strings = {}, .mail_hosts = {}, .successes = 1, .details = {}}};
  return report;
}

TEST(TlsReportJson, HasTheKeysOfTheRfc) {
  EXPECT_EQ(to_json(example()),
            R"({"organization-name":"Example \"Mail\"",)"
            R"("date-range":{"start-datetime":"2024-01-01T00:00:00Z","end-datetime":"2024-01-01T23:59:59Z"},)"
            R"("contact-info":"postmaster@example.com","report-id":"2024-01-01.example.net@mail.example.com",)"
            R"("policies":[{"policy":{"policy-type":"sts","policy-string":["version: STSv1","mode: enforce"],)"
            R"("policy-domain":"example.net","mx-host":["*.example.net"]},)"
            R"("summary":{"total-successful-session-count":5,"total-failure-session-count":2},)"
            R"("failure-details":[{"result-type":"certificate-expired","sending-mta-ip":"192.0.2.1",)"
            R"("receiving-mx-hostname":"mx.example.net","receiving-ip":"192.0.2.2","failed-session-count":2,)"
            "\"failure-reason-code\":\"certificate has expired \xEF\xBF\xBD\"}]},"
            R"({"policy":{"policy-type":"no-policy-found","policy-domain":"example.net"},)"
            R"("summary":{"total-successful-session-count":1,"total-failure-session-count":0}}]})");
}

TEST(TlsReportMail, CarriesTheReportCompressed) {
  const auto report = example();
  base::SeededRandom random(1);
  const auto message = compose_tls_report(report,
                                          {.submitter = "mail.example.com",
                                           .from = "postmaster@example.com",
                                           .to = {"tls", "example.net"},
                                           .now = report.end},
                                          gzip(to_json(report)), random);
  for (const char* part : {
           "From: <postmaster@example.com>\r\nTo: <tls@example.net>\r\n",
           "Subject: Report Domain: example.net Submitter: mail.example.com Report-ID:\r\n "
           "<2024-01-01.example.net@mail.example.com>\r\n",
           "\r\nTLS-Report-Domain: example.net\r\nTLS-Report-Submitter: mail.example.com\r\nTLS-Required: No\r\n",
           "\r\nContent-Type: multipart/report; report-type=\"tlsrpt\";\r\n\tboundary=\"=_",
           "\r\nContent-Type: application/tlsrpt+gzip;\r\n",
           "filename=\"mail.example.com!example.net!1704067200!1704153599!2024-01-01.example.net.json.gz\"\r\n",
       })
    EXPECT_THAT(message, HasSubstr(part));
  const auto encoded_at = message.find("\r\n\r\n", message.find("base64")) + 4;
  std::string encoded = message.substr(encoded_at, message.find("\r\n\r\n--=_", encoded_at) - encoded_at);
  std::erase_if(encoded, [](char c) { return c == '\r' || c == '\n'; });
  EXPECT_EQ(unpacked(base::base64_decode(encoded).value(), 1U << 20U).value(), to_json(report));
}

TEST(TlsReportMail, NothingSlipsIntoItsHeader) {
  auto report = example();
  report.domain = "a\r\nBcc: b@c.example";
  base::SeededRandom random(1);
  const auto message = compose_tls_report(
      report, {.submitter = "m\n.example", .from = "p@e\r\n.example", .to = {"t", "x"}}, "x", random);
  EXPECT_EQ(message.find("\nBcc"), std::string::npos);
  for (std::size_t at = message.find('\n'); at != std::string::npos; at = message.find('\n', at + 1))
    EXPECT_EQ(message[at - 1], '\r');
}

}  // namespace
}  // namespace godwit::mail
