// SPDX-License-Identifier: Apache-2.0
// The index that ends a sealed segment: one entry a record, with what start-up and queue selections ask, so that they
// need not read bodies.  A message's entry tells its state when it was written; entries of later updates tell the rest.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format.hpp"
#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/mail/envelope.hpp"

namespace godwit::spool {

struct IndexEntry {
  RecordType type = RecordType::message;
  std::uint8_t flags = 0;
  base::MessageId id;
  std::uint32_t offset = 0;  // of the record header in the segment
  std::uint32_t length = 0;  // of the payload
  // messages:
  std::uint64_t body_size = 0;
  std::uint32_t waiting = 0;  // recipients
  bool held = false;
  base::WallTime next_attempt{};     // updates too, when they set it
  std::string sender;                // "" for <>
  std::vector<std::string> domains;  // of waiting recipients, sorted, each once
  bool operator==(const IndexEntry&) const = default;
};

// What an entry says besides its place.  Made where the record is made.
std::string summarise(const mail::Envelope& envelope, std::uint64_t body_size);
std::string summarise(const mail::Update& update);

// One entry: `summary` as above, or empty.
std::string encode_index_entry(RecordType type, std::uint8_t flags, base::MessageId id, std::uint32_t offset,
                               std::uint32_t length, std::string_view summary);
// Size of an entry with such a summary.
constexpr std::size_t index_entry_size(std::size_t summary) {
  return 22 + summary;
}

// The entries of an index record's payload; empty when it is malformed.
std::optional<std::vector<IndexEntry>> decode_index(std::string_view payload);

}  // namespace godwit::spool
