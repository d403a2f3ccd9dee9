// SPDX-License-Identifier: Apache-2.0
// The history's index as those see it who search: what it has, as long as it is there.  Where it has nothing, or is
// being made anew, they read.  On the history's executor; waits for nobody.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "history_index.hpp"
#include "history_indexer.hpp"

namespace godwit::state {

class HistoryLookup {
 public:
  // null: there is no index.
  explicit HistoryLookup(std::shared_ptr<HistoryIndexer> indexer) : indexer_(std::move(indexer)) {}

  // Of the segment what is indexed, the newest first.
  std::vector<IndexedPart> parts_of(std::uint32_t segment);
  // Of the part the frames to read, in order.  Nothing: all of them.
  std::optional<std::vector<std::uint32_t>> frames(const IndexedPart& part, std::span<const TermPattern> patterns);

 private:
  // What it answers; nothing: there is none, or it is another one by now.
  template <class T, class Ask>
  std::optional<T> ask(const Ask& question);
  bool open();

  std::shared_ptr<HistoryIndexer> indexer_;
  std::optional<HistoryIndex> index_;
  std::uint64_t generation_ = 0;  // of the one that is open
};

}  // namespace godwit::state
