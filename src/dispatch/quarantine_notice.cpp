// SPDX-License-Identifier: Apache-2.0
#include "quarantine_notice.hpp"

#include <fmt/format.h>

#include "godwit/mail/encoded_text.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/mail/safe_text.hpp"

namespace godwit::dispatch {
namespace {

constexpr std::size_t longest_read = 1000;  // of a field
constexpr std::size_t longest_shown = 200;

std::string shown_field(const mail::Header& header, std::string_view name) {
  const auto field = header.find(name);
  if (!field) return "(none)";
  const auto text = mail::decode_words(mail::unfold(field->body.substr(0, longest_read)));
  return text.empty() ? "(empty)" : mail::safe_utf8(text, longest_shown);
}

}  // namespace

HeldMail describe_held(base::MessageId id, const mail::Envelope& envelope, const mail::Recipient& recipient,
                       std::string_view header) {
  const mail::Header fields(header);
  return {.id = id,
          .sender = mail::safe_utf8("<" + smtp::to_string(envelope.sender) + ">", longest_shown),
          .author = shown_field(fields, "From"),
          .subject = shown_field(fields, "Subject"),
          .reason = mail::safe_utf8(recipient.last_reply, longest_shown),
          .accepted = envelope.accepted};
}

std::string compose_quarantine_notice(const QuarantineNotice& notice, base::MessageId id, base::WallTime now) {
  std::string list;
  for (const auto& one : notice.held)
    list += fmt::format(
        "    id:       {}\r\n"
        "    sender:   {}\r\n"
        "    From:     {}\r\n"
        "    Subject:  {}\r\n"
        "    came:     {}\r\n"
        "    reason:   {}\r\n"
        "\r\n",
        base::to_string(one.id), one.sender, one.author, one.subject, base::format_rfc5322(one.accepted), one.reason);
  if (notice.more > 0) list += fmt::format("    ... and {} more\r\n\r\n", notice.more);
  return fmt::format(
      "From: Mail Delivery System <MAILER-DAEMON@{host}>\r\n"
      "To: <{to}>\r\n"
      "Subject: Mail for you is held\r\n"
      "Date: {date}\r\n"
      "Message-ID: <{id}@{host}>\r\n"
      "Auto-Submitted: auto-generated\r\n"
      "MIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: 8bit\r\n"
      "\r\n"
      "{host} has taken mail for you, but holds it back, for it looks suspicious:\r\n"
      "\r\n"
      "{list}"
      "If you do not miss it, there is nothing to do.  What you know of its sender may\r\n"
      "be forged.\r\n"
      "\r\n"
      "If you want it nevertheless, tell <{contact}> its id.\r\n",
      fmt::arg("host", notice.hostname), fmt::arg("to", smtp::to_string(notice.to)),
      fmt::arg("date", base::format_rfc5322(now)), fmt::arg("id", base::to_string(id)), fmt::arg("list", list),
      fmt::arg("contact", smtp::to_string(notice.contact)));
}

}  // namespace godwit::dispatch
