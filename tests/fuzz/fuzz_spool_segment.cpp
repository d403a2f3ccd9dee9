// SPDX-License-Identifier: Apache-2.0
// Whatever the bytes of a segment are, only records whose checksums hold come out of it, in the order of the file; what
// is damaged is said where it lies; and what was not altered is there.  Input: orders (segment_text.hpp).
#include "fuzz/segment_text.hpp"
#include "spool/index_block.hpp"
#include "spool/scan.hpp"
#include "spool/segment_index.hpp"

namespace godwit::fuzz {
namespace {

using namespace spool;

void check(const SegmentScan& scan, std::string_view bytes) {
  std::uint64_t end = block_size;
  for (const auto& record : scan.records) {
    require(record.offset >= end && record.header.generation == test_generation);
    end = record.offset + record_size(record.header.length);
    require(end <= bytes.size() && base::crc32c(record.payload) == record.header.payload_crc);
    require(record.payload.data() == bytes.data() + record.offset + record_header_size);
  }
  end = block_size;
  for (const auto& damage : scan.damages) {
    require(damage.offset >= end && damage.size > 0 && damage.salvaged <= scan.records.size());
    end = damage.offset + damage.size;
  }
  require(end <= scan.end && scan.end >= block_size && scan.end <= bytes.size());
  require(is_complete_index(make_index(scan.records)));
}

}  // namespace

void fuzz_spool_segment(std::string_view input) {
  (void)decode_segment_header(input);
  (void)decode_trailer(input);
  const auto segment = take_segment(input);
  for (const auto tail : {Tail::may_be_torn, Tail::proven}) {
    const auto scan = scan_segment(segment.bytes, test_generation, 1, tail);
    check(scan, segment.bytes);
    if (!segment.altered && !scan.sealed)
      require(scan.records.size() == segment.records.size() && scan.damages.empty());
  }
}

}  // namespace godwit::fuzz
