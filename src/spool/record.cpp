// SPDX-License-Identifier: Apache-2.0
#include "record.hpp"

#include <algorithm>

#include "bytes.hpp"
#include "godwit/base/checksum.hpp"

namespace godwit::spool {
namespace {

constexpr std::size_t crc_at = 4;  // both headers: magic, checksum of what follows
constexpr std::size_t covered_at = 8;

std::string start(std::uint32_t magic, std::size_t size) {
  std::string bytes;
  bytes.reserve(size);
  put(bytes, magic);
  put(bytes, std::uint32_t{0});
  return bytes;
}

std::string finish(std::string bytes, std::size_t size) {
  bytes.resize(size, '\0');
  put_at(bytes, crc_at, base::crc32c(std::string_view(bytes).substr(covered_at)));
  return bytes;
}

bool is_sound(std::string_view bytes, std::uint32_t magic, std::size_t size) {
  return bytes.size() >= size && get<std::uint32_t>(bytes, 0) == magic &&
         get<std::uint32_t>(bytes, crc_at) == base::crc32c(bytes.substr(covered_at, size - covered_at));
}

}  // namespace

std::string encode(const RecordHeader& header) {
  std::string bytes = start(record_magic, record_header_size);
  put(bytes, header.generation);
  put(bytes, header.id.value);
  put(bytes, header.length);
  put(bytes, header.payload_crc);
  put(bytes, static_cast<std::uint8_t>(header.type));
  put(bytes, header.flags);
  put(bytes, header.holder);
  return finish(std::move(bytes), record_header_size);
}

std::optional<RecordHeader> decode_record_header(std::string_view bytes) {
  if (!is_sound(bytes, record_magic, record_header_size)) return {};
  return RecordHeader{.type = static_cast<RecordType>(get<std::uint8_t>(bytes, 32)),
                      .flags = get<std::uint8_t>(bytes, 33),
                      .id = base::MessageId{get<std::uint64_t>(bytes, 16)},
                      .generation = get<std::uint64_t>(bytes, 8),
                      .length = get<std::uint32_t>(bytes, 24),
                      .payload_crc = get<std::uint32_t>(bytes, 28),
                      .holder = get<std::uint32_t>(bytes, 34)};
}

std::string encode(const GroupHeader& header) {
  std::string bytes = start(group_magic, group_header_size);
  put(bytes, header.generation);
  put(bytes, header.number);
  put(bytes, header.length);
  put(bytes, header.records);
  put(bytes, header.records_crc);
  return finish(std::move(bytes), group_header_size);
}

std::optional<GroupHeader> decode_group_header(std::string_view bytes) {
  if (!is_sound(bytes, group_magic, group_header_size)) return {};
  return GroupHeader{.generation = get<std::uint64_t>(bytes, 8),
                     .number = get<std::uint64_t>(bytes, 16),
                     .length = get<std::uint32_t>(bytes, 24),
                     .records = get<std::uint32_t>(bytes, 28),
                     .records_crc = get<std::uint32_t>(bytes, 32)};
}

std::string encode(const MessagePrefix& prefix) {
  std::string bytes;
  put(bytes, prefix.envelope_size);
  put(bytes, prefix.body_crc);
  put(bytes, prefix.body_size);
  return bytes;
}

std::optional<MessagePayload> decode_message(std::string_view payload, std::uint8_t flags) {
  Cursor cursor(payload);
  MessagePayload message;
  message.prefix.envelope_size = cursor.take<std::uint32_t>();
  message.prefix.body_crc = cursor.take<std::uint32_t>();
  message.prefix.body_size = cursor.take<std::uint64_t>();
  message.envelope = cursor.take_bytes(message.prefix.envelope_size);
  const bool large = (flags & body_is_large) != 0;
  const std::size_t front = message_prefix_size + message.prefix.envelope_size;
  message.body = cursor.take_bytes(large ? payload.size() - std::min(front, payload.size()) : message.prefix.body_size);
  if (cursor.bad()) return {};
  return message;
}

}  // namespace godwit::spool
