// SPDX-License-Identifier: Apache-2.0
// What a segment says of its records, without their bodies: read from the index at its end, or made from its records
// where it has none.  On the committer at start-up, later on the pool.
//
// An index is trusted when every checksum from the trailer to its payload holds and every entry says all that this
// version wants to know; else the segment is read in full.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "format.hpp"
#include "godwit/disk/disk.hpp"
#include "scan.hpp"

namespace godwit::spool {

struct SegmentIndex {
  std::string entries;
  std::uint64_t last_group = 0;
};

// Empty: there is none that can be trusted.  An error to read is an error.
disk::Task<std::optional<SegmentIndex>> read_index(disk::File& file, std::uint64_t size, Generation generation);

// The entry of a record; empty: its checksums hold, but it is malformed.
std::optional<std::string> make_index_entry(const FoundRecord& record);
// Of all records that are well formed.
std::string make_index(const std::vector<FoundRecord>& records);

}  // namespace godwit::spool
