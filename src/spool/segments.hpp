// SPDX-License-Identifier: Apache-2.0
// What keeps each segment from being removed, and how much of it is needed.  Part of the live index: the caller holds
// its lock.
//
// A done record is needed until the removal of the segment that holds its message is durable; else a crash could bring
// the message back without what happened to it.  An update is needed while its message is live and no later record says
// all that it says.  A segment that holds a copy outlives the one that holds the original: whoever settles the copy
// speaks of the copy's segment only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "format.hpp"
#include "godwit/disk/disk.hpp"
#include "message_table.hpp"

namespace godwit::spool {

struct SegmentState {
  bool sealed = false;
  bool pinned = false;     // holds what was found damaged or incomplete: never compacted
  bool immovable = false;  // its removal failed; tried again, but nothing for compaction
  Generation generation = 0;
  std::uint64_t capacity = 0;
  std::uint64_t messages = 0;                    // live ones whose record is here
  std::uint64_t updates = 0;                     // needed ones
  std::uint64_t bytes = 0;                       // of the records of both
  std::uint64_t written = 0;                     // of all records of messages and updates, needed or not
  std::uint64_t indexed = 0;                     // of their entries in the index
  std::map<std::uint32_t, std::uint64_t> dones;  // done records here, by their messages' segments that exist
  std::uint64_t done_count = 0;                  // of all of these
  std::vector<std::uint32_t> copied_from;        // segments that still hold the originals of copies here
  std::shared_ptr<disk::File> file;              // for reading

  // What writing the needed ones anew takes, with their part of an index: of a short record's that is half as much
  // again.
  std::uint64_t needed_bytes() const;
  bool is_fixed() const { return pinned || immovable; }
};

class Segments {
  using SegmentNumbered = std::pair<const std::uint32_t, SegmentState>;

 public:
  SegmentState& open(std::uint32_t number) { return all_[number]; }
  void set_capacity(std::uint32_t number, std::uint64_t capacity);
  const SegmentState* find(std::uint32_t number) const;
  const std::map<std::uint32_t, SegmentState>& all() const { return all_; }

  // Any message or update record, needed or not.
  void add_written(const Place& place, std::size_t summary);
  void add_message(const Place& place);
  void drop_message(const Place& place);
  void add_update(const Place& place);
  void drop_update(const Place& place);  // nowhere: nothing
  // A done record in `segment` about a message that lies, or lay, in `holder`.
  void add_done(std::uint32_t segment, std::uint32_t holder);
  // Each done record in `segment` has a durable copy elsewhere.
  void dones_moved(std::uint32_t segment);
  void add_copy(std::uint32_t segment, std::uint32_t original);

  // Sealed, and nothing in it is needed any more.
  std::vector<std::uint32_t> removable() const;
  // Whether one may have become removable since the last call.
  bool take_emptied() { return std::exchange(emptied_, false); }
  void pin(std::uint32_t number);
  void not_removed(std::uint32_t number);
  // The removal is durable.
  void removed(std::uint32_t number);

  // Of all segments.
  std::uint64_t bytes_used() const { return bytes_used_; }
  std::uint64_t bytes_live() const { return bytes_live_; }
  // Of those that compaction may change.  Were others counted, it would write the same messages anew for ever in order
  // to make up for them.
  std::uint64_t bytes_movable() const { return bytes_used_ - bytes_fixed_; }
  // The sealed segment that is cheapest to empty and pays; its originals first.  Empty: none pays.
  std::optional<std::uint32_t> emptiest() const;

 private:
  void drop(SegmentState& state, const Place& place);
  const SegmentNumbered* first_to_go(const SegmentNumbered& segment) const;

  std::map<std::uint32_t, SegmentState> all_;
  std::uint64_t bytes_used_ = 0;
  std::uint64_t bytes_fixed_ = 0;
  std::uint64_t bytes_live_ = 0;
  bool emptied_ = false;
};

}  // namespace godwit::spool
