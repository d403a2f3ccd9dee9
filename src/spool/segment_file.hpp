// SPDX-License-Identifier: Apache-2.0
// Bytes and single records of a segment's file, for all who read it: recovery, the spool's reads, the tools.  Runs
// where blocking is allowed.  Errors: io as the disk gave it; corrupt where a record's checksums do not hold.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "format.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/disk/disk.hpp"
#include "message_table.hpp"
#include "record.hpp"

namespace godwit::spool {

// `size` bytes; where the file is shorter than listed, the rest stays zero.
disk::Task<std::string> read_all(disk::File& file, std::uint64_t size);

struct RecordBytes {
  RecordHeader header;
  std::string bytes;  // header and payload
  std::string_view payload() const { return std::string_view(bytes).substr(record_header_size); }
};
// The record at `place`, with every checksum verified.
disk::Task<RecordBytes> read_record(disk::File& file, Place place, base::MessageId id);

// "message 06ZQ3W8K1M4TR: its record is damaged"
std::string describe(base::MessageId id, std::string_view what);

}  // namespace godwit::spool
