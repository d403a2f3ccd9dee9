// SPDX-License-Identifier: Apache-2.0
#include "index_block.hpp"

#include <algorithm>

#include "bytes.hpp"

namespace godwit::spool {
namespace {

constexpr std::size_t max_text = 1024;    // sender: RFC 5321 allows 320; anything longer is cut in the index only
constexpr std::size_t max_domains = 255;  // further domains are found by reading the envelope

void put_text(std::string& out, std::string_view text) {
  text = text.substr(0, max_text);
  put(out, static_cast<std::uint16_t>(text.size()));
  out += text;
}

void put_time(std::string& out, base::WallTime time) {
  put(out, static_cast<std::uint64_t>(time.time_since_epoch().count()));
}

base::WallTime take_time(Cursor& cursor) {
  return base::WallTime(base::Duration(static_cast<std::int64_t>(cursor.take<std::uint64_t>())));
}

void take_summary(Cursor cursor, IndexEntry& entry) {
  if (cursor.empty()) return;
  entry.next_attempt = take_time(cursor);
  if (entry.type != RecordType::message) return;
  entry.body_size = cursor.take<std::uint64_t>();
  entry.waiting = cursor.take<std::uint32_t>();
  entry.held = (cursor.take<std::uint8_t>() & 1U) != 0;
  entry.sender = cursor.take_bytes(cursor.take<std::uint16_t>());
  for (auto left = cursor.take<std::uint8_t>(); left > 0; --left)
    entry.domains.emplace_back(cursor.take_bytes(cursor.take<std::uint16_t>()));
}

}  // namespace

std::string summarise(const mail::Envelope& envelope, std::uint64_t body_size) {
  std::vector<std::string_view> domains;
  std::uint32_t waiting = 0;
  for (const mail::Recipient& recipient : envelope.recipients) {
    if (recipient.state != mail::RecipientState::waiting) continue;
    ++waiting;
    domains.push_back(recipient.address.domain);
  }
  std::ranges::sort(domains);
  domains.erase(std::ranges::unique(domains).begin(), domains.end());
  if (domains.size() > max_domains) domains.resize(max_domains);

  std::string out;
  put_time(out, envelope.next_attempt);
  put(out, body_size);
  put(out, waiting);
  put(out, static_cast<std::uint8_t>(envelope.held ? 1 : 0));
  put_text(out, smtp::to_string(envelope.sender));
  put(out, static_cast<std::uint8_t>(domains.size()));
  for (const std::string_view domain : domains) put_text(out, domain);
  return out;
}

std::string summarise(const mail::Update& update) {
  std::string out;
  if (update.next_attempt) put_time(out, *update.next_attempt);
  return out;
}

std::string encode_index_entry(RecordType type, std::uint8_t flags, base::MessageId id, std::uint32_t offset,
                               std::uint32_t length, std::string_view summary) {
  std::string out;
  out.reserve(index_entry_size(summary.size()));
  put(out, static_cast<std::uint32_t>(summary.size()));
  put(out, static_cast<std::uint8_t>(type));
  put(out, flags);
  put(out, id.value);
  put(out, offset);
  put(out, length);
  out += summary;
  return out;
}

std::optional<std::vector<IndexEntry>> decode_index(std::string_view payload) {
  Cursor cursor(payload);
  std::vector<IndexEntry> entries;
  while (!cursor.empty()) {
    const auto summary = cursor.take<std::uint32_t>();
    IndexEntry& entry = entries.emplace_back();
    entry.type = static_cast<RecordType>(cursor.take<std::uint8_t>());
    entry.flags = cursor.take<std::uint8_t>();
    entry.id = base::MessageId{cursor.take<std::uint64_t>()};
    entry.offset = cursor.take<std::uint32_t>();
    entry.length = cursor.take<std::uint32_t>();
    take_summary(Cursor(cursor.take_bytes(summary)), entry);
    if (cursor.bad()) return {};
  }
  return entries;
}

}  // namespace godwit::spool
