// SPDX-License-Identifier: Apache-2.0
// The keys of the checks that look at what a message is, not at who sends it.
#include "schema.hpp"

namespace godwit::config {
namespace {

Fields<policy::AttachmentSettings> attachment_fields() {
  using Attachment = policy::AttachmentSettings;
  return {
      make_field<Attachment>(
          "names", [](auto& a) -> auto& { return a.names; }, list_of(text(), Single::accept),
          "Patterns, such as `*.exe` or `invoice*.zip`; `*` stands for anything. A name is compared as it is sent and "
          "as it is saved: decoded, without folders, invisible characters, and dots and blanks at its end",
          Reload::yes, Need::required),
      make_field<Attachment>(
          "action", [](auto& a) -> auto& { return a.action; }, check_action(),
          "What becomes of the message; `none`: such names are allowed, also those of programs"),
  };
}

Fields<Document> header_part() {
  return {
      field(
          "policy.header.missing_from", [](auto& d) -> auto& { return d.settings.policy.header.missing_from; },
          check_action(),
          "Check header: messages without From (`550 5.6.0`); it is asked of users too, whose mail was completed "
          "before"),
      field(
          "policy.header.missing_date", [](auto& d) -> auto& { return d.settings.policy.header.missing_date; },
          check_action(), "The same without Date"),
      field(
          "policy.header.missing_message_id",
          [](auto& d) -> auto& { return d.settings.policy.header.missing_message_id; }, check_action(),
          "The same without Message-ID, which good mail may lack"),
      field(
          "policy.header.repeated", [](auto& d) -> auto& { return d.settings.policy.header.repeated; }, check_action(),
          "The same with a field twice that may be there once, such as From or Subject: mail readers show the one or "
          "the "
          "other"),
      field(
          "policy.header.too_many_received",
          [](auto& d) -> auto& { return d.settings.policy.header.too_many_received; }, check_action(),
          "The same with more than `most_received` fields Received"),
      field(
          "policy.header.most_received", [](auto& d) -> auto& { return d.settings.policy.header.most_received; },
          number<std::size_t>(0, 99), "How many hosts a message may have passed; 0: 99, beyond which it is a loop"),
      field(
          "policy.header.too_large", [](auto& d) -> auto& { return d.settings.policy.header.too_large; },
          check_action(), "The same with a header of more than `most_bytes` or `most_fields`"),
      field(
          "policy.header.most_bytes", [](auto& d) -> auto& { return d.settings.policy.header.most_bytes; },
          size(0, 255 * kib), "How large a header may be, without the empty line; 0: no bound"),
      field(
          "policy.header.most_fields", [](auto& d) -> auto& { return d.settings.policy.header.most_fields; },
          number<std::size_t>(0, 4000), "How many fields it may have; 0: no bound"),
  };
}

Fields<Document> mime_part() {
  return {
      field(
          "policy.mime.too_complex", [](auto& d) -> auto& { return d.settings.policy.mime.too_complex; },
          check_action(), "Check mime: messages with more parts, or deeper ones, than follows (`550 5.6.0`)"),
      field(
          "policy.mime.most_depth", [](auto& d) -> auto& { return d.settings.policy.mime.most_depth; },
          number<std::size_t>(1, 32), "How deep parts may lie in parts, and messages in messages"),
      field(
          "policy.mime.most_parts", [](auto& d) -> auto& { return d.settings.policy.mime.most_parts; },
          number<std::size_t>(1, 1'000'000), "How many parts a message may have"),
      field(
          "policy.mime.malformed", [](auto& d) -> auto& { return d.settings.policy.mime.malformed; }, check_action(),
          "Messages whose parts are not as RFC 2045 wants them: without a proper boundary or end, with blanks before a "
          "colon. Much good mail is so"),
      field(
          "policy.mime.conflicting", [](auto& d) -> auto& { return d.settings.policy.mime.conflicting; },
          check_action(),
          "Messages that mail readers see differently: a part with several types, encodings or dispositions, "
          "boundaries "
          "that can be taken for one another, parts behind the end, lines in a header that are no fields"),
      field(
          "policy.mime.disguised", [](auto& d) -> auto& { return d.settings.policy.mime.disguised; }, check_action(),
          "Attachments whose names are made to look like others: turned around, with control characters, blanks that "
          "push the end out of sight, a document's extension before a program's"),
      field(
          "policy.mime.programs", [](auto& d) -> auto& { return d.settings.policy.mime.programs; }, check_action(),
          "Attachments with names of what runs when it is opened: exe, com, scr, bat, js, vbs, hta, lnk, iso and the "
          "like. "
          "What lies in archives is not looked at"),
      field(
          "policy.mime.attachments", [](auto& d) -> auto& { return d.settings.policy.mime.attachments; },
          records(attachment_fields()),
          "Attachments by their names, before `programs`; the first with a pattern that fits counts"),
  };
}

}  // namespace

Fields<Document> content_part() {
  auto fields = header_part();
  for (auto& field : mime_part()) fields.push_back(std::move(field));
  return fields;
}

}  // namespace godwit::config
