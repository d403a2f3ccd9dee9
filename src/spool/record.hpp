// SPDX-License-Identifier: Apache-2.0
// Records and groups as bytes.  Pure.  The payload's checksum is made where the record is made (a session's thread);
// the committer adds the segment's generation and checks in only the small headers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "format.hpp"
#include "godwit/base/message_id.hpp"

namespace godwit::spool {

struct RecordHeader {
  RecordType type = RecordType::message;
  std::uint8_t flags = 0;
  base::MessageId id;
  Generation generation = 0;
  std::uint32_t length = 0;       // of the payload
  std::uint32_t payload_crc = 0;  // CRC-32C
  std::uint32_t holder = 0;       // updates and dones: the segment where the message's record lay; 0: not said
};
std::string encode(const RecordHeader& header);
// Magic and the header's own checksum are right.
std::optional<RecordHeader> decode_record_header(std::string_view bytes);
// Header, payload, padding.
constexpr std::uint64_t record_size(std::uint64_t payload) {
  return round_up(record_header_size + payload, record_alignment);
}

struct GroupHeader {
  Generation generation = 0;
  std::uint64_t number = 0;
  std::uint32_t length = 0;  // of all records
  std::uint32_t records = 0;
  std::uint32_t records_crc = 0;  // over the record headers, which hold the payloads' checksums
};
std::string encode(const GroupHeader& header);
std::optional<GroupHeader> decode_group_header(std::string_view bytes);
constexpr std::uint64_t group_size(std::uint64_t records) {
  return round_up(group_header_size + records, block_size);
}

// What a message record's payload starts with.
struct MessagePrefix {
  std::uint32_t envelope_size = 0;
  std::uint32_t body_crc = 0;  // of a large body; 0 for one in the record
  std::uint64_t body_size = 0;
};
std::string encode(const MessagePrefix& prefix);

// A message record's payload taken apart; the views point into it.
struct MessagePayload {
  MessagePrefix prefix;
  std::string_view envelope;
  std::string_view body;  // empty when large
};
std::optional<MessagePayload> decode_message(std::string_view payload, std::uint8_t flags);

}  // namespace godwit::spool
