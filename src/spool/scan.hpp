// SPDX-License-Identifier: Apache-2.0
// Reads the bytes of one segment: which groups are whole, where the damage is, where the torn tail starts.  Pure; the
// rules are those of docs/spool-format.md.  Never trusts a length or number without its checksum.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "record.hpp"

namespace godwit::spool {

struct FoundRecord {
  RecordHeader header;
  std::uint64_t offset = 0;  // of the record header in the segment
  std::string_view payload;  // points into the scanned bytes
};

// Bytes that were durable once and are not readable now.
struct Damage {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t salvaged = 0;  // records inside whose own checksums are right
};

struct SegmentScan {
  std::vector<FoundRecord> records;  // in the order of the file, salvaged ones in their place
  std::vector<Damage> damages;
  std::vector<FoundRecord> unreadable;  // messages in damages whose headers are right and whose payloads are not
  std::uint64_t groups = 0;
  std::uint64_t next_group = 0;     // the number after the last whole group; first_group when there is none
  std::uint64_t last_group_at = 0;  // offset of the last whole group; 0: none
  std::uint64_t end = block_size;   // where the next group goes
  bool sealed = false;
  bool torn = false;  // the tail holds the beginning of a group; to be cut
};

// Whether something later proves that all groups of this segment were durable.
enum class Tail { may_be_torn, proven };

SegmentScan scan_segment(std::string_view bytes, Generation generation, std::uint64_t first_group, Tail tail);

// The records of a group that starts at the beginning of `bytes`, when every bit of it is as it was written.
std::optional<std::vector<FoundRecord>> whole_group(std::string_view bytes, Generation generation);

// The first sound group of the segment of this number, whose header block is damaged: it tells the generation.
std::optional<GroupHeader> first_group_of(std::string_view bytes, std::uint32_t number);

}  // namespace godwit::spool
