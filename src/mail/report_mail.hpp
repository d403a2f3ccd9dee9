// SPDX-License-Identifier: Apache-2.0
// A mail with a report: words for people, and a compressed file for programs.  Pure.
#pragma once

#include <string>
#include <string_view>

#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"

namespace godwit::mail {

// Whatever peers had a hand in was made safe_text() before.
struct ReportMail {
  std::string from;  // address
  std::string to;    // address
  std::string subject;
  std::string id;  // of the report, and of the message
  base::WallTime now{};
  std::string fields;        // further ones, whole
  std::string content_type;  // "multipart/mixed", with parameters
  std::string standard;      // "RFC 8460"
  std::string words;         // whole lines
  std::string file_type;     // "application/gzip"
  std::string file_name;
  std::string_view file;
};
// The whole message, US-ASCII with CRLF.
std::string compose_report_mail(const ReportMail& mail, base::Random& random);

}  // namespace godwit::mail
