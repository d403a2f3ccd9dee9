// SPDX-License-Identifier: Apache-2.0
#include "report_mail.hpp"

#include <fmt/format.h>

#include "body_encoder.hpp"
#include "godwit/mail/safe_text.hpp"

namespace godwit::mail {
namespace {

std::string wrapped_base64(std::string_view bytes) {
  std::string result;
  BodyEncoder encoder(TransferEncoding::base64);
  encoder.put(bytes, result);
  encoder.finish(result);
  if (!result.ends_with("\r\n")) result += "\r\n";
  return result;
}

}  // namespace

std::string compose_report_mail(const ReportMail& mail, base::Random& random) {
  // Base 64 and our own words have no "=_".
  const auto first = random.next();
  const auto boundary = fmt::format("=_{:016x}{:016x}", first, random.next());
  auto text = fmt::format("From: <{}>\r\nTo: <{}>\r\n", mail.from, mail.to);
  text += folded_field("Subject", mail.subject);
  text += fmt::format("Date: {}\r\nMessage-ID: <{}>\r\n", base::format_rfc5322(mail.now), mail.id);
  text += mail.fields + "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n";
  text += fmt::format("Content-Type: {};\r\n\tboundary=\"{}\"\r\n\r\n", mail.content_type, boundary);
  text += fmt::format("This is a report in MIME format ({}).\r\n", mail.standard);
  text += fmt::format("\r\n--{}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n{}", boundary, mail.words);
  text += fmt::format(
      "\r\n--{}\r\nContent-Type: {};\r\n\tname=\"{}\"\r\nContent-Transfer-Encoding: base64\r\n"
      "Content-Disposition: attachment;\r\n\tfilename=\"{}\"\r\n\r\n{}\r\n--{}--\r\n",
      boundary, mail.file_type, mail.file_name, mail.file_name, wrapped_base64(mail.file), boundary);
  return text;
}

}  // namespace godwit::mail
