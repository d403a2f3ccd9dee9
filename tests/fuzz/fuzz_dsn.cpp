// SPDX-License-Identifier: Apache-2.0
// Whatever a host replied to whatever message, the report of it is canonical, in lines that every host takes, and is
// read as a report of the same recipient.  Input: kind and options, sender, address and reply, a line each, then the
// message.
#include "fuzz/fuzz.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/dsn.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/mail/incoming_report.hpp"

namespace godwit::fuzz {
namespace {

smtp::Mailbox take_address(std::string_view& input) {
  const auto said = smtp::parse_mailbox(take_until(input, "\n"), smtp::BareLocal::refuse, smtp::Utf8::allow);
  return said.value_or(smtp::Mailbox{"a", "x.example"});
}

}  // namespace

void fuzz_dsn(std::string_view input) {
  const auto options = take_byte(input);
  mail::Envelope envelope{.sender = take_address(input)};
  envelope.ret = options >> 2U & 3U, envelope.smtputf8 = (options & 16U) != 0;
  mail::DsnRecipient recipient{.remote = (options & 32U) != 0};
  recipient.recipient.address = take_address(input);
  recipient.reply = smtp::make_reply(static_cast<int>(200 + take_byte(input) * 2), {}, "");
  recipient.reply.lines = {std::string(take_until(input, "\n"))};
  recipient.remote_host = recipient.why = recipient.recipient.original = recipient.reply.lines[0];
  envelope.envid = base::is_ascii(recipient.why) && is_printable(recipient.why) ? recipient.why : "";
  envelope.recipients = {recipient.recipient};
  if (!is_canonical(input)) return;  // the spool takes no other
  base::SeededRandom random(1);
  const auto dsn = mail::compose_dsn({.kind = static_cast<mail::DsnKind>((options & 3U) % 3),
                                      .hostname = "mx.x.example",
                                      .to = *envelope.sender,
                                      .original = &envelope,
                                      .message = input,
                                      .message_size = input.size(),
                                      .recipients = {recipient}},
                                     random);
  const mail::Header header(dsn.message);
  require(is_canonical(dsn.message) && header.complete() && are_fields(header.text()));
  require(dsn.body == smtp::BodyType::eight_bit_mime || base::is_ascii(dsn.message));
  require(dsn.smtputf8 || base::is_ascii(header.text()));
  const auto read = mail::read_report(dsn.message);
  require(read && read->kind == mail::IncomingReport::Kind::delivery_status && read->recipients.size() == 1);
}

}  // namespace godwit::fuzz
