// SPDX-License-Identifier: Apache-2.0
// Reports of how TLS with a domain's mail hosts went (RFC 8460): the DNS record that asks for them, the report as JSON,
// and the mail that carries it.  Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::mail {

// Envelope::protocol of such mail: it is delivered whatever becomes of TLS, counts in no report (RFC 8460 section 3),
// and nobody is told when it cannot be delivered.
inline constexpr std::string_view tls_report_protocol = "tlsrpt";

struct TlsReport {
  struct Failure {
    std::string type;               // "certificate-expired": RFC 8460 section 4.3
    std::string sending_address;    // empty: no connection was made
    std::string mail_host;          // as MX names it
    std::string receiving_address;  // empty: none
    std::string reason;             // our words
    std::uint64_t sessions = 0;
  };
  struct Policy {
    std::string type;                  // "sts", "tlsa", "no-policy-found"
    std::vector<std::string> strings;  // the policy's lines, or the TLSA records
    std::vector<std::string> mail_hosts;
    std::uint64_t successes = 0;
    std::uint64_t failures = 0;
    std::vector<Failure> details;
  };
  std::string domain;
  std::string organization;
  std::string contact;
  std::string id;
  base::WallTime begin{};
  base::WallTime end{};  // the last second that counts
  std::vector<Policy> policies;
};

// RFC 8460 section 4.4; UTF-8 without line ends.
std::string to_json(const TlsReport& report);
// RFC 8460 section 5.1: "mail.example.com!example.net!1700000000!1700086399!id.json.gz".
std::string tls_report_file_name(const TlsReport& report, std::string_view submitter);

struct TlsReportMail {
  std::string submitter;  // our host name
  std::string from;       // address
  smtp::Mailbox to;
  base::WallTime now{};
};
// The whole message (RFC 8460 section 5.3), US-ASCII with CRLF; `compressed` is gzip(to_json(report)).
std::string compose_tls_report(const TlsReport& report, const TlsReportMail& mail, std::string_view compressed,
                               base::Random& random);

// Where the domain wants its reports (RFC 8460 section 3); neither: it wants none.
struct TlsReportWish {
  static constexpr std::size_t most = 5;  // of each kind; more are ignored
  std::vector<smtp::Mailbox> addresses;
  std::vector<std::string> urls;  // https
  bool empty() const { return addresses.empty() && urls.empty(); }
};
// Of the TXT records at _smtp._tls.DOMAIN: exactly one must be such a record.
TlsReportWish parse_tls_report_records(const std::vector<std::string>& records);

}  // namespace godwit::mail
