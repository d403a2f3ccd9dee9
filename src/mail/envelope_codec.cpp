// SPDX-License-Identifier: Apache-2.0
// encode and decode of envelopes and updates; the form is envelope_format.hpp's.
#include "envelope_format.hpp"
#include "fields.hpp"
#include "godwit/mail/envelope.hpp"

namespace godwit::mail {
namespace {

using format::DeliverByTag;
using format::EnvelopeTag;
using format::MailboxTag;
using format::RecipientTag;
using format::RecipientUpdateTag;
using format::UpdateTag;

// Above what any configuration allows; keeps damage from becoming memory.
constexpr std::size_t max_recipients = 1'000'000;

std::unexpected<base::Error> damaged(std::string_view what) {
  return base::fail(base::ErrorKind::corrupt, std::string(what) + " is damaged");
}

// ---- writing
// ----------------------------------------------------------------------------------------------------------

template <class Tag>
void text_unless_empty(FieldWriter<Tag>& out, Tag tag, std::string_view value) {
  if (!value.empty()) out.text(tag, value);
}

template <class Tag>
void number_unless_zero(FieldWriter<Tag>& out, Tag tag, std::uint64_t value) {
  if (value != 0) out.number(tag, value);
}

template <class Tag>
void time_unless_epoch(FieldWriter<Tag>& out, Tag tag, base::WallTime value) {
  if (value != base::WallTime{}) out.time(tag, value);
}

std::string encode_mailbox(const smtp::Mailbox& mailbox) {
  FieldWriter<MailboxTag> out;
  text_unless_empty(out, MailboxTag::local, mailbox.local);
  text_unless_empty(out, MailboxTag::domain, mailbox.domain);
  return out.take();
}

std::string encode_recipient(const Recipient& recipient) {
  FieldWriter<RecipientTag> out;
  out.text(RecipientTag::address, encode_mailbox(recipient.address));
  text_unless_empty(out, RecipientTag::original, recipient.original);
  number_unless_zero(out, RecipientTag::notify, recipient.notify);
  text_unless_empty(out, RecipientTag::orcpt, recipient.orcpt);
  number_unless_zero(out, RecipientTag::state, static_cast<std::uint64_t>(recipient.state));
  text_unless_empty(out, RecipientTag::last_reply, recipient.last_reply);
  number_unless_zero(out, RecipientTag::expanded_alias, recipient.expanded_alias ? 1 : 0);
  if (recipient.owner) out.text(RecipientTag::owner, encode_mailbox(*recipient.owner));
  number_unless_zero(out, RecipientTag::warned, recipient.warned ? 1 : 0);
  return out.take();
}

std::string encode_recipient_update(const RecipientUpdate& update) {
  FieldWriter<RecipientUpdateTag> out;
  number_unless_zero(out, RecipientUpdateTag::index, update.index);
  number_unless_zero(out, RecipientUpdateTag::state, static_cast<std::uint64_t>(update.state));
  text_unless_empty(out, RecipientUpdateTag::last_reply, update.last_reply);
  number_unless_zero(out, RecipientUpdateTag::warned, update.warned ? 1 : 0);
  return out.take();
}

std::string encode_deliver_by(const DeliverBy& by) {
  FieldWriter<DeliverByTag> out;
  out.time(DeliverByTag::time, by.time);
  number_unless_zero(out, DeliverByTag::give_back, by.mode == smtp::DeliverBy::Mode::give_back ? 1 : 0);
  number_unless_zero(out, DeliverByTag::trace, by.trace ? 1 : 0);
  return out.take();
}

// ---- reading: each gives false for damage
// -----------------------------------------------------------------------------

// Hands each field to `take`, which gives false for a damaged value.
template <class Take>
bool for_each_field(std::string_view bytes, Take take) {
  FieldReader reader(bytes);
  while (const auto field = reader.next())
    if (!take(field->tag, field->value)) return false;
  return !reader.damaged();
}

bool read_text(std::string_view value, std::string& text) {
  text = value;
  return true;
}

bool decode_mailbox(std::string_view bytes, smtp::Mailbox& mailbox) {
  mailbox = {};
  return for_each_field(bytes, [&](std::uint8_t tag, std::string_view value) {
    switch (MailboxTag{tag}) {
      case MailboxTag::local:
        return read_text(value, mailbox.local);
      case MailboxTag::domain:
        return read_text(value, mailbox.domain);
    }
    return true;
  });
}

bool decode_recipient(std::string_view bytes, Recipient& recipient) {
  bool has_address = false;
  const bool whole = for_each_field(bytes, [&](std::uint8_t tag, std::string_view value) {
    switch (RecipientTag{tag}) {
      case RecipientTag::address:
        has_address = true;
        return decode_mailbox(value, recipient.address);
      case RecipientTag::original:
        return read_text(value, recipient.original);
      case RecipientTag::notify:
        return read_number(value, recipient.notify);
      case RecipientTag::orcpt:
        return read_text(value, recipient.orcpt);
      case RecipientTag::state:
        return read_enum(value, recipient.state, RecipientState::deleted);
      case RecipientTag::last_reply:
        return read_text(value, recipient.last_reply);
      case RecipientTag::expanded_alias:
        return read_flag(value, recipient.expanded_alias);
      case RecipientTag::owner:
        return decode_mailbox(value, recipient.owner.emplace());
      case RecipientTag::warned:
        return read_flag(value, recipient.warned);
    }
    return true;
  });
  return whole && has_address;
}

bool decode_recipient_update(std::string_view bytes, RecipientUpdate& update) {
  return for_each_field(bytes, [&](std::uint8_t tag, std::string_view value) {
    switch (RecipientUpdateTag{tag}) {
      case RecipientUpdateTag::index:
        return read_number(value, update.index);
      case RecipientUpdateTag::state:
        return read_enum(value, update.state, RecipientState::deleted);
      case RecipientUpdateTag::last_reply:
        return read_text(value, update.last_reply);
      case RecipientUpdateTag::warned:
        return read_flag(value, update.warned);
    }
    return true;
  });
}

bool decode_deliver_by(std::string_view bytes, DeliverBy& by) {
  bool give_back = false;
  const bool whole = for_each_field(bytes, [&](std::uint8_t tag, std::string_view value) {
    switch (DeliverByTag{tag}) {
      case DeliverByTag::time:
        return read_time(value, by.time);
      case DeliverByTag::give_back:
        return read_flag(value, give_back);
      case DeliverByTag::trace:
        return read_flag(value, by.trace);
    }
    return true;
  });
  by.mode = give_back ? smtp::DeliverBy::Mode::give_back : smtp::DeliverBy::Mode::notify;
  return whole;
}

// Numbers of the format are not negative.
constexpr int priority_offset = 10;

bool read_priority(std::string_view value, std::int8_t& priority) {
  std::uint8_t number = 0;
  if (!read_number(value, number, priority_offset + smtp::highest_priority)) return false;
  priority = static_cast<std::int8_t>(number - priority_offset);
  return priority >= smtp::lowest_priority;
}

bool decode_field(EnvelopeTag tag, std::string_view value, Envelope& envelope) {
  switch (tag) {
    case EnvelopeTag::sender:
      return decode_mailbox(value, envelope.sender.emplace());
    case EnvelopeTag::recipient:
      return envelope.recipients.size() < max_recipients && decode_recipient(value, envelope.recipients.emplace_back());
    case EnvelopeTag::body:
      return read_enum(value, envelope.body, smtp::BodyType::binary_mime);
    case EnvelopeTag::smtputf8:
      return read_flag(value, envelope.smtputf8);
    case EnvelopeTag::require_tls:
      return read_flag(value, envelope.require_tls);
    case EnvelopeTag::envid:
      return read_text(value, envelope.envid);
    case EnvelopeTag::ret:
      return read_number(value, envelope.ret, 2);
    case EnvelopeTag::accepted:
      return read_time(value, envelope.accepted);
    case EnvelopeTag::client_address:
      return read_text(value, envelope.client_address);
    case EnvelopeTag::client_hello:
      return read_text(value, envelope.client_hello);
    case EnvelopeTag::account:
      return read_text(value, envelope.account);
    case EnvelopeTag::protocol:
      return read_text(value, envelope.protocol);
    case EnvelopeTag::attempts:
      return read_number(value, envelope.attempts);
    case EnvelopeTag::next_attempt:
      return read_time(value, envelope.next_attempt);
    case EnvelopeTag::held:
      return read_flag(value, envelope.held);
    case EnvelopeTag::warned:
      return read_flag(value, envelope.warned);
    case EnvelopeTag::release:
      return read_time(value, envelope.release);
    case EnvelopeTag::deliver_by:
      return decode_deliver_by(value, envelope.deliver_by.emplace());
    case EnvelopeTag::priority:
      return read_priority(value, envelope.priority);
    case EnvelopeTag::tls_optional:
      return read_flag(value, envelope.tls_optional);
  }
  return true;
}

bool decode_field(UpdateTag tag, std::string_view value, Update& update) {
  switch (tag) {
    case UpdateTag::recipient:
      return update.recipients.size() < max_recipients &&
             decode_recipient_update(value, update.recipients.emplace_back());
    case UpdateTag::attempts:
      return read_number(value, update.attempts.emplace());
    case UpdateTag::next_attempt:
      return read_time(value, update.next_attempt.emplace());
    case UpdateTag::held:
      return read_flag(value, update.held.emplace());
    case UpdateTag::warned:
      return read_flag(value, update.warned.emplace());
  }
  return true;
}

}  // namespace

std::string encode(const Envelope& envelope) {
  FieldWriter<EnvelopeTag> out;
  if (envelope.sender) out.text(EnvelopeTag::sender, encode_mailbox(*envelope.sender));
  for (const auto& recipient : envelope.recipients) out.text(EnvelopeTag::recipient, encode_recipient(recipient));
  number_unless_zero(out, EnvelopeTag::body, static_cast<std::uint64_t>(envelope.body));
  number_unless_zero(out, EnvelopeTag::smtputf8, envelope.smtputf8 ? 1 : 0);
  number_unless_zero(out, EnvelopeTag::require_tls, envelope.require_tls ? 1 : 0);
  text_unless_empty(out, EnvelopeTag::envid, envelope.envid);
  number_unless_zero(out, EnvelopeTag::ret, envelope.ret);
  time_unless_epoch(out, EnvelopeTag::accepted, envelope.accepted);
  text_unless_empty(out, EnvelopeTag::client_address, envelope.client_address);
  text_unless_empty(out, EnvelopeTag::client_hello, envelope.client_hello);
  text_unless_empty(out, EnvelopeTag::account, envelope.account);
  text_unless_empty(out, EnvelopeTag::protocol, envelope.protocol);
  number_unless_zero(out, EnvelopeTag::attempts, envelope.attempts);
  time_unless_epoch(out, EnvelopeTag::next_attempt, envelope.next_attempt);
  number_unless_zero(out, EnvelopeTag::held, envelope.held ? 1 : 0);
  number_unless_zero(out, EnvelopeTag::warned, envelope.warned ? 1 : 0);
  time_unless_epoch(out, EnvelopeTag::release, envelope.release);
  if (envelope.deliver_by) out.text(EnvelopeTag::deliver_by, encode_deliver_by(*envelope.deliver_by));
  if (const int stored = priority_offset + envelope.priority; stored != priority_offset)
    out.number(EnvelopeTag::priority, static_cast<std::uint64_t>(stored));
  number_unless_zero(out, EnvelopeTag::tls_optional, envelope.tls_optional ? 1 : 0);
  return out.take();
}

base::Result<Envelope> decode_envelope(std::string_view bytes) {
  Envelope envelope;
  const bool whole = for_each_field(
      bytes, [&](std::uint8_t tag, std::string_view value) { return decode_field(EnvelopeTag{tag}, value, envelope); });
  if (!whole) return damaged("envelope");
  return envelope;
}

std::string encode(const Update& update) {
  FieldWriter<UpdateTag> out;
  for (const auto& change : update.recipients) out.text(UpdateTag::recipient, encode_recipient_update(change));
  if (update.attempts) out.number(UpdateTag::attempts, *update.attempts);
  if (update.next_attempt) out.time(UpdateTag::next_attempt, *update.next_attempt);
  if (update.held) out.number(UpdateTag::held, *update.held ? 1 : 0);
  if (update.warned) out.number(UpdateTag::warned, *update.warned ? 1 : 0);
  return out.take();
}

base::Result<Update> decode_update(std::string_view bytes) {
  Update update;
  const bool whole = for_each_field(
      bytes, [&](std::uint8_t tag, std::string_view value) { return decode_field(UpdateTag{tag}, value, update); });
  if (!whole) return damaged("update");
  return update;
}

}  // namespace godwit::mail
