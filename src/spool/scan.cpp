// SPDX-License-Identifier: Apache-2.0
#include "scan.hpp"

#include <algorithm>

#include "bytes.hpp"
#include "godwit/base/checksum.hpp"

namespace godwit::spool {
namespace {

// Its header is right.
std::optional<FoundRecord> claimed_at(std::string_view bytes, std::uint64_t at, std::uint64_t end,
                                      Generation generation) {
  const auto header = decode_record_header(bytes.substr(at, end - at));
  if (!header || header->generation != generation || record_size(header->length) > end - at) return {};
  return FoundRecord{*header, at, bytes.substr(at + record_header_size, header->length)};
}

bool is_whole(const FoundRecord& record) {
  return base::crc32c(record.payload) == record.header.payload_crc;
}

// All records of a group, or nothing when any bit of them is wrong.
std::optional<std::vector<FoundRecord>> strict_records(std::string_view bytes, const GroupHeader& header,
                                                       std::uint64_t at, Generation generation) {
  const std::uint64_t end = at + header.length;
  std::vector<FoundRecord> records;
  std::uint32_t crc = 0;
  for (; at < end; at += record_size(records.back().header.length)) {
    auto record = claimed_at(bytes, at, end, generation);
    if (!record || !is_whole(*record)) return {};
    crc = base::crc32c(bytes.substr(at, record_header_size), crc);
    records.push_back(*record);
  }
  if (records.size() != header.records || crc != header.records_crc) return {};
  return records;
}

class Scanner {
 public:
  Scanner(std::string_view bytes, Generation generation, std::uint64_t first_group)
      : bytes_(bytes), limit_(bytes.size() < 2 * block_size ? 0 : bytes.size() - block_size), generation_(generation) {
    scan_.next_group = first_group;
  }

  SegmentScan run(Tail tail) {
    std::uint64_t at = block_size;
    while (at < limit_ && !scan_.sealed) at = step(at);
    if (bad_from_ && !scan_.sealed) finish_tail(tail);
    return std::move(scan_);
  }

 private:
  // Looks at the block at `at`; gives where to look next.
  std::uint64_t step(std::uint64_t at) {
    const auto header = decode_group_header(bytes_.substr(at));
    if (!header || header->generation != generation_ || header->number < scan_.next_group ||
        at + group_size(header->length) > limit_) {
      if (!bad_from_) bad_from_ = at;
      return at + block_size;
    }
    // A group was written only after all before it were synced: whatever is unreadable before it was durable once.
    if (bad_from_) report(*bad_from_, at);
    bad_from_.reset();
    scan_.next_group = header->number;
    const std::uint64_t end = at + group_size(header->length);
    auto records = strict_records(bytes_, *header, at + group_header_size, generation_);
    if (!records) {
      bad_from_ = at;
      return end;
    }
    scan_.sealed = !records->empty() && records->back().header.type == RecordType::index;
    scan_.records.insert(scan_.records.end(), records->begin(), records->end());
    ++scan_.groups;
    scan_.next_group = header->number + 1;
    scan_.last_group_at = at;
    scan_.end = end;
    return end;
  }

  // Records in a damaged range whose own checksums hold are as good as before.
  void report(std::uint64_t from, std::uint64_t to) {
    Damage damage{from, to - from, 0};
    for (std::uint64_t at = from; at + record_header_size <= to;) {
      const auto record =
          get<std::uint32_t>(bytes_, at) == record_magic ? claimed_at(bytes_, at, to, generation_) : std::nullopt;
      const bool whole = record && is_whole(*record);
      at += whole ? record_size(record->header.length) : record_alignment;
      if (whole && record->header.type != RecordType::index) {
        scan_.records.push_back(*record);
        ++damage.salvaged;
      } else if (record && record->header.type == RecordType::message) {
        scan_.unreadable.push_back(*record);
      }
    }
    scan_.damages.push_back(damage);
    scan_.end = to;
  }

  void finish_tail(Tail tail) {
    const auto last = bytes_.substr(0, limit_).find_last_not_of('\0');
    const std::uint64_t used = last == std::string_view::npos ? 0 : round_up(last + 1, block_size);
    if (used <= *bad_from_) return;
    if (tail == Tail::proven) return report(*bad_from_, used);
    // Not what a recycled file has there from an earlier life.
    const auto header = decode_group_header(bytes_.substr(*bad_from_));
    scan_.torn = header && header->generation == generation_;
  }

  std::string_view bytes_;
  std::uint64_t limit_;  // the last block is the trailer's
  Generation generation_;
  std::optional<std::uint64_t> bad_from_;
  SegmentScan scan_;
};

}  // namespace

SegmentScan scan_segment(std::string_view bytes, Generation generation, std::uint64_t first_group, Tail tail) {
  return Scanner(bytes, generation, first_group).run(tail);
}

std::optional<std::vector<FoundRecord>> whole_group(std::string_view bytes, Generation generation) {
  const auto header = decode_group_header(bytes);
  if (!header || header->generation != generation || group_size(header->length) > bytes.size()) return {};
  return strict_records(bytes, *header, group_header_size, generation);
}

std::optional<GroupHeader> first_group_of(std::string_view bytes, std::uint32_t number) {
  for (std::uint64_t at = block_size; at + block_size <= bytes.size(); at += block_size) {
    const auto header = decode_group_header(bytes.substr(at));
    if (header && number_of(header->generation) == number && whole_group(bytes.substr(at), header->generation))
      return header;
  }
  return {};
}

}  // namespace godwit::spool
