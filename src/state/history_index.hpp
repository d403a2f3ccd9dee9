// SPDX-License-Identifier: Apache-2.0
// What the segments of the history hold besides ids, in SQLite: which frames have a term (history_terms.hpp).  It is
// made of the segments and may be lost.  A segment is indexed in parts, from its beginning on; a part is written once,
// in one transaction, behind all others, and is gone with its segment.  So the file is written in order, and its place
// in the segments is never ahead of or behind its rows.
//
// Two open it: who writes (history_indexer.hpp) and who searches (history_lookup.hpp), each with one of these, on one
// thread.  Blocks.  Errors: io; corrupt, invalid: the file is damaged, or of another kind.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "history_terms.hpp"
#include "sqlite_file.hpp"

namespace godwit::state {

// Frames that are indexed together.
struct IndexedPart {
  std::int64_t number = 0;  // the older, the less
  std::uint32_t segment = 0;
  std::uint64_t identity = 0;        // of the segment, see FrameReader
  std::uint64_t begin = 0, end = 0;  // of the segment's bytes
  base::WallTime first = base::WallTime::max(), last = base::WallTime::min();
  std::uint64_t generation = 0;  // of the index that numbered it, for who searches
};

class HistoryIndex {
 public:
  struct Size {
    std::uint64_t file = 0, used = 0;
  };

  // Makes what is not there.  Errors: unsupported (of another version), too.
  static base::Result<HistoryIndex> open(const std::string& path);
  static bool exists(const std::string& path);
  // With what SQLite keeps beside it.
  static void remove(const std::string& path);

  // ---- who writes

  // How far each segment is indexed: its last part.
  base::Result<std::map<std::uint32_t, IndexedPart>> last_parts();
  // Its number is given to it.
  base::Result<> add(IndexedPart part, std::span<const FrameTerms> frames);
  base::Result<> forget(std::uint32_t segment);
  // Gives room back to the disk, if much of the file is empty.
  base::Result<> shrink();
  base::Result<Size> size();

  // ---- who searches

  // Of a segment, the newest first.
  base::Result<std::vector<IndexedPart>> parts_of(std::uint32_t segment);
  // Frames that may have an event that fits them all, in order.
  base::Result<std::vector<std::uint32_t>> frames(std::int64_t part, std::span<const TermPattern> patterns);

 private:
  base::Result<> make();
  base::Result<> prepare();
  base::Result<> in_transaction(const std::function<base::Result<>()>& work);
  base::Result<> add_rows(const IndexedPart& part, std::span<const FrameTerms> frames);
  base::Result<std::int64_t> number_of(const std::string& question);
  base::Result<> frames_with(std::int64_t part, const TermPattern& pattern, std::vector<std::uint32_t>& into);

  SqliteFile file_;
  std::int64_t last_number_ = 0;
  SqliteStatement add_part_, add_term_, parts_, exactly_, between_;
};

}  // namespace godwit::state
