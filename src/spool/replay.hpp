// SPDX-License-Identifier: Apache-2.0
// Start-up: what the records of the segments, one after the other, make of the live index.  Works on index entries, so
// that a segment with an index and one that was read in full are the same to it.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

#include "godwit/base/message_id.hpp"
#include "index_block.hpp"
#include "live_index.hpp"

namespace godwit::spool {

class Replay {
 public:
  Replay(LiveIndex& index, base::MessageIdGenerator& ids) : index_(index), ids_(ids) {}
  // Requires: a complete index; segments in the order of their numbers.
  void apply(std::uint32_t segment, std::string_view entries);
  // Before apply() of its segment: what lies there of a message can't be read any more.
  void miss(base::MessageId id, Place place);
  std::uint64_t records() const { return records_; }
  // Sizes of the bodies in large/ that messages name, also of some that are done.
  const std::map<base::MessageId, std::uint64_t>& large() const { return large_; }
  // Of what was missed: neither is another record of the message there, nor was it done.
  std::map<base::MessageId, Place> lost() const;

 private:
  void apply_message(Place place, const IndexEntry& entry);
  void apply_update(Place place, const IndexEntry& entry);

  LiveIndex& index_;
  base::MessageIdGenerator& ids_;
  std::map<base::MessageId, std::uint64_t> large_;
  std::map<base::MessageId, Place> missed_;
  MessageSummary message_;  // its memory is used again
  UpdateSummary update_;
  std::uint64_t records_ = 0;
};

}  // namespace godwit::spool
