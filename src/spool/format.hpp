// SPDX-License-Identifier: Apache-2.0
// The constants of the spool's files, shared by everything that writes or reads them.  Grammar, worked example,
// recovery rules and version policy: docs/spool-format.md.  All integers are little-endian.
//
//   segment = header block, group*, [trailer block]        group = group header, record*, zeros up to a whole block
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace godwit::spool {

inline constexpr std::uint32_t format_version = 1;  // written
inline constexpr std::uint32_t oldest_version = 1;  // all from here on are read

// Groups start on whole blocks: the sectors that hold an acknowledged group are never written again, so that a power
// loss while the next one is written cannot take them along.
inline constexpr std::size_t block_size = 4096;
inline constexpr std::size_t record_alignment = 8;

inline constexpr std::string_view segment_magic = "GODWITSG";
inline constexpr std::string_view trailer_magic = "GODWITEN";
inline constexpr std::uint32_t group_magic = 0x72475747;   // "GWGr"
inline constexpr std::uint32_t record_magic = 0x63525747;  // "GWRc"

// Used bytes of the header block; the rest is zero.
inline constexpr std::size_t segment_header_size = 64;
inline constexpr std::size_t trailer_size = 40;
inline constexpr std::size_t group_header_size = 48;
inline constexpr std::size_t record_header_size = 40;
inline constexpr std::size_t message_prefix_size = 16;

enum class RecordType : std::uint8_t {
  message = 1,  // prefix, envelope, body or nothing; a later one with the same id takes the place of an earlier one
  update = 2,   // mail::Update
  done = 3,     // mail::Update or nothing: no recipient waits any more
  index = 4,    // id 0; the last record of a sealed segment
};

// Record flags.
inline constexpr std::uint8_t body_is_large = 1;  // the body is large/<id>
inline constexpr std::uint8_t is_copy = 2;  // written by compaction; the envelope holds the recipients' state so far

// The upper half counts the lives of segments up, the lower half is random: what a sender puts into a body can't pass
// for a record.
using Generation = std::uint64_t;
constexpr std::uint32_t number_of(Generation generation) {
  return static_cast<std::uint32_t>(generation >> 32U);
}
constexpr Generation make_generation(std::uint32_t number, std::uint64_t random) {
  return Generation{number} << 32U | (random & 0xFFFFFFFFU);
}

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

}  // namespace godwit::spool
