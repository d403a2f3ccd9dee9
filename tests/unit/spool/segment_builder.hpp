// SPDX-License-Identifier: Apache-2.0
// Segments as bytes, for tests of what reads them.
#pragma once

#include <string>
#include <vector>

#include "godwit/base/checksum.hpp"
#include "spool/record.hpp"
#include "spool/segment_header.hpp"

namespace godwit::spool {

inline constexpr Generation test_generation = make_generation(7, 0xABCD1234);
inline constexpr Generation earlier_life = make_generation(3, 77);

inline std::string make_record_bytes(std::uint64_t id, std::string_view payload, RecordType type = RecordType::update,
                                     Generation generation = test_generation) {
  std::string bytes = encode(RecordHeader{.type = type,
                                          .flags = 0,
                                          .id = base::MessageId{id},
                                          .generation = generation,
                                          .length = static_cast<std::uint32_t>(payload.size()),
                                          .payload_crc = base::crc32c(payload)});
  bytes += payload;
  bytes.resize(record_size(payload.size()), '\0');
  return bytes;
}

inline std::string make_group(std::uint64_t number, const std::vector<std::string>& records,
                              Generation generation = test_generation) {
  std::string all;
  std::string headers;
  for (const std::string& record : records) {
    all += record;
    headers += record.substr(0, record_header_size);
  }
  std::string bytes = encode(GroupHeader{.generation = generation,
                                         .number = number,
                                         .length = static_cast<std::uint32_t>(all.size()),
                                         .records = static_cast<std::uint32_t>(records.size()),
                                         .records_crc = base::crc32c(headers)});
  bytes += all;
  bytes.resize(round_up(bytes.size(), block_size), '\0');
  return bytes;
}

inline std::string make_segment(const std::vector<std::string>& groups, std::size_t blocks = 16) {
  std::string bytes = encode(SegmentHeader{test_generation, blocks * block_size, 1, {}, {}});
  for (const std::string& group : groups) bytes += group;
  bytes.resize(blocks * block_size, '\0');
  return bytes;
}

}  // namespace godwit::spool
