// SPDX-License-Identifier: Apache-2.0
// The first and the last block of a segment.  Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "format.hpp"
#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/base/result.hpp"

namespace godwit::spool {

struct SegmentHeader {
  Generation generation = 0;
  std::uint64_t capacity = 0;     // bytes of the file, written ahead
  std::uint64_t first_group = 0;  // every group with a lower number was durable, or had been cut, when this was written
  base::WallTime created{};
  // No id up to this one is made again, though all that is known of its message may be gone; 0: an early build wrote
  // it.
  base::MessageId last_id{};
};
// A whole block.
std::string encode(const SegmentHeader& header);

enum class HeaderFault { damaged, unknown_version };
// All versions up to ours.  Magic, version and checksum have the same place in each, so that an unknown one is told
// from damage.
std::expected<SegmentHeader, HeaderFault> decode_segment_header(std::string_view block);
// What to say of one with an unknown version, in the file at this path.
base::Error unknown_version(const std::string& path, std::string_view block);

struct Trailer {
  Generation generation = 0;
  std::uint64_t index_at = 0;  // offset of the group that holds the index record
  std::uint64_t last_group = 0;
};
std::string encode(const Trailer& trailer);  // a whole block
std::optional<Trailer> decode_trailer(std::string_view block);

}  // namespace godwit::spool
