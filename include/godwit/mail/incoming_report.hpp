// SPDX-License-Identifier: Apache-2.0
// Reads the reports that come back: delivery status notifications (RFC 3464, RFC 6533) and complaints of recipients
// (the abuse reporting format, RFC 5965).  Pure; anybody may have written them, so what is read is bounded and nothing
// of it is believed here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/smtp/reply.hpp"

namespace godwit::mail {

struct ReportedRecipient {
  std::string address{};   // Final-Recipient, or what a complaint names; without its type
  std::string original{};  // Original-Recipient
  std::string action{};    // "failed", "delayed", …, in lower case; "complaint"
  smtp::Reply reply{};     // what the host said, or one made of the status; code 0: neither was told
};

struct IncomingReport {
  enum class Kind { delivery_status, complaint } kind = Kind::delivery_status;
  std::string about{};     // of a complaint: "abuse", "fraud", …, in lower case
  std::string reporter{};  // Reporting-MTA or User-Agent
  std::vector<ReportedRecipient> recipients{};
};

// The first so many octets of a message are looked at; and so many recipients are taken.
inline constexpr std::size_t max_report_bytes = 256 * 1024;
inline constexpr std::size_t max_reported = 100;

// Nothing: it is no such report.
std::optional<IncomingReport> read_report(std::string_view message);

}  // namespace godwit::mail
