// SPDX-License-Identifier: Apache-2.0
// The history's inside.  history.cpp: what comes in and is written; history_reading.cpp and
// history_walk.cpp: who asks.  But for add() all
// runs on the executor, where the disk may block.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "godwit/state/history.hpp"
#include "history_indexer.hpp"
#include "history_lookup.hpp"
#include "history_matcher.hpp"
#include "history_segments.hpp"

namespace godwit::state {

class History::Implementation : public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(std::string directory, HistorySettings settings, disk::Disk& disk, const base::Clock& clock,
                 log::Logger& log, const boost::asio::any_io_executor& executor,
                 std::shared_ptr<HistoryIndexer> indexer)
      : settings_(settings),
        keeps_(settings.keep > base::Duration::zero()),
        clock_(clock),
        log_(log),
        executor_(executor),
        segments_(std::move(directory), disk, log),
        indexer_(std::move(indexer)),
        lookup_(indexer_),
        linger_(executor),
        tidy_(executor) {}

  boost::asio::any_io_executor executor() const { return executor_; }
  void add(std::string_view event, std::span<const log::Field> fields);

  boost::asio::awaitable<void> load();
  boost::asio::awaitable<void> stop();
  boost::asio::awaitable<void> change_settings(HistorySettings settings);
  // Timers end, nothing is written any more.
  void end();
  HistoryCounts counts() const;
  boost::asio::awaitable<base::Result<std::vector<HistoryEvent>>> of(base::MessageId id);
  boost::asio::awaitable<base::Result<HistoryFound>> search(HistoryQuery query, base::MonoTime until);
  // history_walk.cpp
  boost::asio::awaitable<std::shared_ptr<HistoryWalk::State>> begin_walk(std::string event,
                                                                         std::vector<std::string> beside,
                                                                         std::size_t most, base::MonoTime until);
  boost::asio::awaitable<std::vector<HistoryEvent>> walk_on(std::shared_ptr<HistoryWalk::State> state);

 private:
  static constexpr std::size_t most_searches = 4;

  // Who writes or removes waits for the others who do; readers do not.
  class Turn {
   public:
    explicit Turn(bool& taken) : taken_(taken) { taken_ = true; }
    ~Turn() { taken_ = false; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    bool& taken_;
  };
  boost::asio::awaitable<void> wait_for_turn();

  void write_soon();
  boost::asio::awaitable<void> write();
  boost::asio::awaitable<void> tidy();
  void note_failure(const base::Error& error, std::uint64_t events);
  void tell_lost();
  void note_counts();

  boost::asio::awaitable<base::Result<>> read_of(HistorySegment segment, base::MessageId id,
                                                 std::vector<HistoryEvent>& into);
  // How things stand, for the indexer.
  boost::asio::awaitable<HistoryIndexer::Snapshot> snapshot();
  void start_indexing();
  // Settings of the segments: what the index takes is not theirs.
  HistorySettings settings_of_segments() const;

  // Each adds matches, one for each message, the newest first.  false: it ended before its time.
  struct Search;
  boost::asio::awaitable<bool> search_in(HistorySegment segment, Search& search);
  boost::asio::awaitable<bool> search_between(FrameReader& reader, HistorySegment segment, std::uint64_t begin,
                                              std::uint64_t end, Search& search);
  boost::asio::awaitable<bool> search_frames(FrameReader& reader, const std::vector<std::uint32_t>& frames,
                                             Search& search);
  static std::vector<HistoryMatch> matches_in(std::string_view payload, Search& search);
  bool is_over(const Search& search) const;
  boost::asio::awaitable<void> take(std::vector<HistoryMatch> found, Search& search);
  boost::asio::awaitable<std::size_t> count_events(HistorySegment segment, std::string event, base::MonoTime until);

  HistorySettings settings_;
  std::atomic<bool> keeps_;
  const base::Clock& clock_;
  log::Logger& log_;
  boost::asio::any_io_executor executor_;
  HistoryQueue queue_;
  HistorySegments segments_;
  std::shared_ptr<HistoryIndexer> indexer_;  // null: there is no index
  HistoryLookup lookup_;
  boost::asio::steady_timer linger_;  // so that much is written at once
  boost::asio::steady_timer tidy_;
  std::uint64_t written_ = 0;
  mutable std::mutex counts_mutex_;
  HistoryCounts counts_;
  std::uint64_t told_lost_ = 0;
  base::MonoTime retry_at_{};  // after a failure of the disk
  bool failing_ = false;
  bool turn_taken_ = true;  // until load() is over
  bool stopping_ = false;
  std::size_t searches_ = 0;
};

}  // namespace godwit::state
