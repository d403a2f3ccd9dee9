// SPDX-License-Identifier: Apache-2.0
#include "tools/tls_report.hpp"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace godwit::tools {
namespace {

using ::testing::HasSubstr;

TEST(TlsReport, HasCertificatesAndWhatTlsCameToWithOthers) {
  const auto status = boost::json::parse(R"({"tls":{"certificates":[{"subject":"CN=mail","names":["mail","mx"],
    "expires":"2027-01-23T09:35:55.123Z","staple_until":null,"staple_error":null,"file":"/c.pem","error":"unreadable","out_of_date":null}]}})");
  const auto delivered = boost::json::parse(R"({"messages":[
    {"relay":"mx.a.example[192.0.2.1]:25","tls":"","time":"2026-11-23T09:35:59.000Z"},
    {"relay":"mx.b.example[192.0.2.2]:25","tls":"TLSv1.3 dane","time":"2026-11-23T09:35:58.000Z"},
    {"relay":"maildir","tls":"","time":"2026-11-23T09:35:57.000Z"},
    {"relay":"mx.b.example[192.0.2.2]:25","tls":"TLSv1.3 dane","time":"2026-11-23T09:35:56.000Z"}, {}, 7]})");
  const auto summary = tls_summary(status, delivered);
  EXPECT_EQ(
      boost::json::serialize(summary.at("peers")),
      R"([{"relay":"mx.b.example[192.0.2.2]:25","tls":"TLSv1.3 dane","messages":2,"last":"2026-11-23T09:35:58.000Z"},)"
      R"({"relay":"mx.a.example[192.0.2.1]:25","tls":"","messages":1,"last":"2026-11-23T09:35:59.000Z"}])");
  EXPECT_EQ(tls_text(summary),
            "SUBJECT  NAMES     VALID UNTIL           OCSP UNTIL  FILE    TROUBLE\n"
            "CN=mail  mail, mx  2027-01-23 09:35:55Z  -           /c.pem  unreadable\n"
            "\n"
            "HOST                        TLS           MESSAGES  LAST\n"
            "mx.b.example[192.0.2.2]:25  TLSv1.3 dane  2         2026-11-23 09:35:58Z\n"
            "mx.a.example[192.0.2.1]:25  none          1         2026-11-23 09:35:59Z\n");
}

TEST(TlsReport, NothingIsSaidSo) {
  const auto nothing = boost::json::parse("{}");
  EXPECT_THAT(tls_text(tls_summary(nothing, nothing)), HasSubstr("No certificate is configured"));
}

}  // namespace
}  // namespace godwit::tools
