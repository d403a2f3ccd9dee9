// SPDX-License-Identifier: Apache-2.0
// Reads the journal of a spool that this process has not opened: with no daemon, or beside one that works in it.  Takes
// no lock and writes nothing.  One segment is in memory at a time.  Runs where blocking is allowed.
//
// Beside a daemon: the last segment grows while it is read, so follow() is called again for what came meanwhile; a
// segment may be removed, or have its file used again, so one whose name is gone after it was read counts as vanished.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "names.hpp"
#include "scan.hpp"
#include "segment_file.hpp"
#include "segment_header.hpp"

namespace godwit::spool {

// One that was read; the views last as long as the visit.
struct ReadSegment {
  std::uint32_t number = 0;
  std::string_view bytes;
  std::optional<SegmentHeader> header;  // empty: damaged
  Generation generation = 0;
  Tail tail = Tail::may_be_torn;  // proven: a later segment has a name
  bool readable = true;           // false: neither header nor first group could be read
  SegmentScan scan;
  std::span<const FoundRecord> fresh;  // records that an earlier visit did not have
};

class JournalReader {
 public:
  JournalReader(disk::Disk& disk, Paths paths) : disk_(disk), paths_(std::move(paths)) {}

  using Visit = std::function<void(const ReadSegment&)>;
  // Visits, in order, every segment that no earlier call has read to its end.  Errors: not_found (no spool), io,
  // unsupported (a later version's format).
  disk::Task<> follow(Visit visit);
  // The segments that had names when follow() last began.
  const std::set<std::uint32_t>& present() const { return present_; }
  std::uint32_t last() const { return last_; }
  // Whether one of them vanished before follow() had read it.
  bool missed_some() const { return missed_some_; }

 private:
  disk::Task<> list();
  disk::Task<> read_segment(std::uint32_t number, Tail tail, const Visit& visit);
  disk::Task<std::optional<std::string>> read_file(std::uint32_t number);
  disk::Task<bool> read_again(ReadSegment& segment, std::string& bytes);
  base::Result<> read_header(ReadSegment& segment, std::uint64_t& first_group) const;

  disk::Disk& disk_;
  const Paths paths_;
  std::set<std::uint32_t> present_;
  std::uint32_t last_ = 0;     // the segment read last
  std::uint64_t applied_ = 0;  // offset of the last record in it that was visited
  bool missed_some_ = false;
  bool last_is_complete_ = true;  // it was sealed, or had a successor, when it was read
};

// What is live by the records seen so far: message id → place, and the updates since.
class LiveTable {
 public:
  struct Entry {
    Place place;
    Generation generation = 0;
    std::uint8_t flags = 0;
    std::vector<std::string> updates;  // payloads, in order; empty unless they are kept
  };
  enum class Updates { keep, forget };
  // `wanted` empty: every message.
  explicit LiveTable(Updates updates, std::function<bool(base::MessageId)> wanted = {})
      : updates_(updates), wanted_(std::move(wanted)) {}

  void apply(const ReadSegment& segment);
  // Forgets messages in segments up to `newest` that are not `present` any more.  Requires: all that was in the journal
  // when `present` was true has been applied.  A segment goes only when each of its messages is done or has a copy in a
  // later one, which was seen then.
  void keep_only(const std::set<std::uint32_t>& present, std::uint32_t newest);

  const std::unordered_map<base::MessageId, Entry>& entries() const { return entries_; }

 private:
  const Updates updates_;
  const std::function<bool(base::MessageId)> wanted_;
  std::unordered_map<base::MessageId, Entry> entries_;
};

// Reads until the table is right for some moment between the beginning and the end of the call.  Errors: also exhausted
// (the daemon moves messages faster than they can be read).
disk::Task<> catch_up(JournalReader& reader, LiveTable& table, JournalReader::Visit visit = {});

}  // namespace godwit::spool
