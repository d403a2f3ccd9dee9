// SPDX-License-Identifier: Apache-2.0
// DMARC aggregate reports (RFC 9990): as XML, in the mail that carries them, and read from mail of others, who may
// write them as RFC 7489 had it.  Pure.  What is read is bounded and believed in nothing: no document type, so no
// entities of its own; so many rows, octets and levels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"
#include "godwit/base/result.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::mail {

// Envelope::protocol of such mail: nobody is told when it cannot be delivered.
inline constexpr std::string_view dmarc_report_protocol = "dmarc";

struct DmarcReport {
  // The record as it was found; what it does not say has its default.
  struct Policy {
    std::string domain{};     // where the record was
    std::string discovery{};  // "treewalk", "psl"
    std::string p{};          // "none", "quarantine", "reject"
    std::string sp{};         // empty: not said
    std::string np{};         // likewise
    bool strict_dkim = false;
    bool strict_spf = false;
    bool testing = false;
  };
  struct Signature {
    std::string domain{};
    std::string selector{};
    std::string result{};  // of RFC 8601: "pass"
  };
  // Messages that are alike in all that is told of them.
  struct Row {
    std::string source{};  // address of the client
    std::uint64_t count = 0;
    std::string disposition{};  // "none", "pass", "quarantine", "reject"
    bool dkim = false;          // aligned
    bool spf = false;
    std::string reason{};  // why it is not what the policy asks for: "local_policy"; empty: it is
    std::string comment{};
    std::string header_from{};
    std::string envelope_from{};
    std::vector<Signature> signatures{};
    std::string spf_domain{};  // of MAIL FROM; empty: not looked up
    std::string spf_result{};
  };
  std::string organization{};
  std::string contact{};
  std::string id{};
  base::WallTime begin{};
  base::WallTime end{};  // the last second that counts
  Policy policy{};
  std::vector<Row> rows{};
  std::size_t unreadable = 0;  // further ones, of a report that was read: without a client, or with an absurd count
};

// ---- made

// A report is put together of texts that can be kept and counted meanwhile: of the policy, and of what is told of a row
// behind its source and count.
std::string dmarc_policy_xml(const DmarcReport::Policy& policy);
std::string dmarc_row_xml(const DmarcReport::Row& row);

struct CountedRow {
  std::string source;
  std::string rest;  // as dmarc_row_xml() makes it
  std::uint64_t count = 0;
};
struct DmarcReportHead {
  std::string organization;
  std::string contact;
  std::string id;
  std::string domain;  // of the policy
  base::WallTime begin{};
  base::WallTime end{};
};
// RFC 9990 appendix A, UTF-8.
std::string dmarc_report_xml(const DmarcReportHead& head, std::string_view policy, const std::vector<CountedRow>& rows);

struct DmarcReportMail {
  std::string submitter;  // our host name
  std::string from;       // address
  smtp::Mailbox to;
  base::WallTime now{};
};
// Section 3.4.2: "mail.example.com!example.net!1700000000!1700086399!7.xml.gz"; `unique` of letters and digits.
std::string dmarc_report_file_name(const DmarcReportHead& head, std::string_view submitter, std::string_view unique);
// The whole message, US-ASCII with CRLF; `compressed` is gzip(dmarc_report_xml(…)).
std::string compose_dmarc_report(const DmarcReportHead& head, const DmarcReportMail& mail, std::string_view file_name,
                                 std::string_view compressed, base::Random& random);

// ---- read

inline constexpr std::size_t largest_dmarc_report = std::size_t{8} << 20U;        // of XML
inline constexpr std::size_t largest_dmarc_report_mail = std::size_t{16} << 20U;  // what goes beyond is not looked at
inline constexpr std::size_t most_dmarc_rows = 50'000;

// Errors: invalid (no such report, or one with a document type), exhausted (beyond the bounds).
base::Result<DmarcReport> parse_dmarc_report(std::string_view xml);

// A part of a mail that may be a report: gzip, zip or XML.
struct DmarcReportPart {
  std::string_view body;  // in the mail, as it was sent
  std::string encoding;   // "base64"
};
// At most `most_mail_reports`.
std::vector<DmarcReportPart> find_dmarc_reports(std::string_view message);
inline constexpr std::size_t most_mail_reports = 4;
// One, for what it takes is much.  Errors: those of parse_dmarc_report(); invalid (its encoding), corrupt and
// unsupported (packed so).
base::Result<DmarcReport> read_dmarc_report(const DmarcReportPart& part);

}  // namespace godwit::mail
