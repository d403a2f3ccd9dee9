// SPDX-License-Identifier: Apache-2.0
#include "index_block.hpp"

#include <algorithm>

#include "bytes.hpp"

namespace godwit::spool {
namespace {

constexpr std::size_t max_text = 1024;          // sender: RFC 5321 allows 320; anything longer is cut in the index only
constexpr std::size_t max_early_domains = 255;  // the rest follows the fields of the first versions

constexpr std::uint8_t is_warned = 1, is_bounce = 2;
constexpr std::uint8_t is_late_returned = 1;
constexpr int priority_offset = 10;
// Which fields an update sets, and the values of its flags.
constexpr std::uint8_t sets_next_attempt = 1, sets_attempts = 2, sets_held = 4, sets_warned = 8, held_value = 16,
                       warned_value = 32;

constexpr std::size_t usual_summary = 160;

void put_text(std::string& out, std::string_view text) {
  text = text.substr(0, max_text);
  put(out, static_cast<std::uint16_t>(text.size()));
  out += text;
}

std::string_view take_text(Cursor& cursor) {
  return cursor.take_bytes(cursor.take<std::uint16_t>());
}

void put_time(std::string& out, base::WallTime time) {
  put(out, static_cast<std::uint64_t>(time.time_since_epoch().count()));
}

base::WallTime take_time(Cursor& cursor) {
  return base::WallTime(base::Duration(static_cast<std::int64_t>(cursor.take<std::uint64_t>())));
}

mail::RecipientState take_state(Cursor& cursor, bool& sound) {
  const auto value = cursor.take<std::uint8_t>();
  sound = sound && value <= static_cast<std::uint8_t>(mail::RecipientState::deleted);
  return static_cast<mail::RecipientState>(value);
}

std::vector<std::string_view> domains_of(const mail::Envelope& envelope) {
  std::vector<std::string_view> domains;
  domains.reserve(envelope.recipients.size());
  for (const mail::Recipient& recipient : envelope.recipients) domains.push_back(recipient.address.domain);
  std::ranges::sort(domains);
  domains.erase(std::ranges::unique(domains).begin(), domains.end());
  return domains;
}

std::vector<MessageSummary::Run> runs_of(const mail::Envelope& envelope, const std::vector<std::string_view>& domains) {
  std::vector<MessageSummary::Run> runs;
  for (const mail::Recipient& recipient : envelope.recipients) {
    const auto at = std::ranges::lower_bound(domains, std::string_view(recipient.address.domain));
    const auto domain = static_cast<std::uint32_t>(at - domains.begin());
    if (runs.empty() || runs.back().domain != domain || runs.back().state != recipient.state)
      runs.push_back({domain, recipient.state, 0});
    ++runs.back().count;
  }
  return runs;
}

// What few messages have; others end before it.
void put_delivery_times(std::string& out, const mail::Envelope& envelope) {
  const auto& by = envelope.deliver_by;
  if (!by && envelope.release == base::WallTime{} && envelope.priority == 0) return;
  put_time(out, envelope.release);
  put_time(out, by ? by->time : base::WallTime{});
  const bool returned = by && by->mode == smtp::DeliverBy::Mode::give_back;
  put(out, static_cast<std::uint8_t>(returned ? is_late_returned : 0));
  put(out, static_cast<std::uint8_t>(priority_offset + envelope.priority));
}

void take_delivery_times(Cursor& cursor, MessageSummary& into) {
  into.release = {};
  into.deliver_by.reset();
  into.priority = 0;
  if (cursor.empty()) return;
  into.release = take_time(cursor);
  const auto by = take_time(cursor);
  const bool returned = (cursor.take<std::uint8_t>() & is_late_returned) != 0;
  using Mode = smtp::DeliverBy::Mode;
  if (by != base::WallTime{}) into.deliver_by = {by, returned ? Mode::give_back : Mode::notify, false};
  into.priority = static_cast<std::int8_t>(cursor.take<std::uint8_t>() - priority_offset);
}

}  // namespace

std::string summarise(const mail::Envelope& envelope, std::uint64_t body_size) {
  const std::vector<std::string_view> domains = domains_of(envelope);
  const auto waiting = std::ranges::count(envelope.recipients, mail::RecipientState::waiting, &mail::Recipient::state);
  const std::size_t early = std::min(domains.size(), max_early_domains);

  std::string out;
  out.reserve(usual_summary);
  put_time(out, envelope.next_attempt);
  put(out, body_size);
  put(out, static_cast<std::uint32_t>(waiting));
  put(out, static_cast<std::uint8_t>(envelope.held ? 1 : 0));
  put_text(out, smtp::to_string(envelope.sender));
  put(out, static_cast<std::uint8_t>(early));
  for (std::size_t i = 0; i < early; ++i) put_text(out, domains[i]);

  put_time(out, envelope.accepted);
  put(out, envelope.attempts);
  put(out, static_cast<std::uint8_t>((envelope.warned ? is_warned : 0U) | (envelope.is_bounce() ? is_bounce : 0U)));
  put(out, static_cast<std::uint32_t>(domains.size() - early));
  for (std::size_t i = early; i < domains.size(); ++i) put_text(out, domains[i]);
  const auto runs = runs_of(envelope, domains);
  put(out, static_cast<std::uint32_t>(runs.size()));
  for (const MessageSummary::Run& run : runs) {
    put(out, run.domain);
    put(out, static_cast<std::uint8_t>(run.state));
    put(out, run.count);
  }
  put_delivery_times(out, envelope);
  return out;
}

std::string summarise(const mail::Update& update, std::uint32_t holder) {
  std::uint8_t sets = 0;
  if (update.next_attempt) sets |= sets_next_attempt;
  if (update.attempts) sets |= sets_attempts;
  if (update.held) sets |= *update.held ? sets_held | held_value : sets_held;
  if (update.warned) sets |= *update.warned ? sets_warned | warned_value : sets_warned;

  std::string out;
  put_time(out, update.next_attempt.value_or(base::WallTime{}));
  put(out, sets);
  put(out, update.attempts.value_or(0));
  put(out, holder);
  put(out, static_cast<std::uint32_t>(update.recipients.size()));
  for (const mail::RecipientUpdate& change : update.recipients) {
    put(out, change.index);
    put(out, static_cast<std::uint8_t>(change.state));
  }
  return out;
}

std::string encode(const IndexEntry& entry) {
  std::string out;
  out.reserve(index_entry_size(entry.summary.size()));
  put(out, static_cast<std::uint32_t>(entry.summary.size()));
  put(out, static_cast<std::uint8_t>(entry.type));
  put(out, entry.flags);
  put(out, entry.id.value);
  put(out, entry.offset);
  put(out, entry.length);
  out += entry.summary;
  return out;
}

std::optional<IndexEntry> IndexReader::next() {
  if (rest_.empty()) return {};
  Cursor cursor(rest_);
  IndexEntry entry;
  const auto summary = cursor.take<std::uint32_t>();
  entry.type = static_cast<RecordType>(cursor.take<std::uint8_t>());
  entry.flags = cursor.take<std::uint8_t>();
  entry.id = base::MessageId{cursor.take<std::uint64_t>()};
  entry.offset = cursor.take<std::uint32_t>();
  entry.length = cursor.take<std::uint32_t>();
  entry.summary = cursor.take_bytes(summary);
  if (cursor.bad()) {
    malformed_ = true;
    rest_ = {};
    return {};
  }
  rest_.remove_prefix(index_entry_size(summary));
  return entry;
}

bool decode_summary(std::string_view bytes, MessageSummary& into) {
  Cursor cursor(bytes);
  into.domains.clear();
  into.recipients.clear();
  into.next_attempt = take_time(cursor);
  into.body_size = cursor.take<std::uint64_t>();
  into.waiting = cursor.take<std::uint32_t>();
  into.held = (cursor.take<std::uint8_t>() & 1U) != 0;
  into.sender = take_text(cursor);
  for (auto left = cursor.take<std::uint8_t>(); left > 0 && !cursor.bad(); --left)
    into.domains.push_back(take_text(cursor));
  into.accepted = take_time(cursor);
  into.attempts = cursor.take<std::uint32_t>();
  const auto flags = cursor.take<std::uint8_t>();
  into.warned = (flags & is_warned) != 0;
  into.bounce = (flags & is_bounce) != 0;
  for (auto left = cursor.take<std::uint32_t>(); left > 0 && !cursor.bad(); --left)
    into.domains.push_back(take_text(cursor));
  bool sound = true;
  std::uint64_t recipients = 0;
  for (auto left = cursor.take<std::uint32_t>(); left > 0 && !cursor.bad(); --left) {
    MessageSummary::Run& run = into.recipients.emplace_back();
    run.domain = cursor.take<std::uint32_t>();
    run.state = take_state(cursor, sound);
    run.count = cursor.take<std::uint32_t>();
    recipients += run.count;
    sound = sound && run.domain < into.domains.size();
  }
  take_delivery_times(cursor, into);
  // A count can't be larger than what the envelope codec takes; damage must not become memory.
  return sound && !cursor.bad() && recipients <= 1'000'000;
}

bool decode_summary(std::string_view bytes, UpdateSummary& into) {
  Cursor cursor(bytes);
  into.update = {};
  const base::WallTime next_attempt = take_time(cursor);
  const auto sets = cursor.take<std::uint8_t>();
  const auto attempts = cursor.take<std::uint32_t>();
  into.holder = cursor.take<std::uint32_t>();
  if ((sets & sets_next_attempt) != 0) into.update.next_attempt = next_attempt;
  if ((sets & sets_attempts) != 0) into.update.attempts = attempts;
  if ((sets & sets_held) != 0) into.update.held = (sets & held_value) != 0;
  if ((sets & sets_warned) != 0) into.update.warned = (sets & warned_value) != 0;
  bool sound = true;
  for (auto left = cursor.take<std::uint32_t>(); left > 0 && !cursor.bad(); --left) {
    mail::RecipientUpdate& change = into.update.recipients.emplace_back();
    change.index = cursor.take<std::uint32_t>();
    change.state = take_state(cursor, sound);
  }
  return sound && !cursor.bad();
}

bool is_complete_index(std::string_view index) {
  IndexReader reader(index);
  MessageSummary message;
  UpdateSummary update;
  while (const auto entry = reader.next()) {
    const bool complete = entry->type == RecordType::message ? decode_summary(entry->summary, message)
                                                             : decode_summary(entry->summary, update);
    if (!complete) return false;
  }
  return !reader.malformed();
}

}  // namespace godwit::spool
