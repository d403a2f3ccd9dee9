// SPDX-License-Identifier: Apache-2.0
// Brings the index (history_index.hpp) after the segments, behind all else: on an executor of its own, part by part,
// newest segment first, with a rest after each that is long while mail flows.  What it has not come to yet is found by
// reading.  A file that is damaged, missing or of another version is made anew; one that cannot be written is left
// alone for a while.  Whether there is an index never matters to mail or to the segments.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "frame_reader.hpp"
#include "godwit/base/clock.hpp"
#include "godwit/log/logger.hpp"
#include "history_index.hpp"
#include "history_segments.hpp"

namespace godwit::state {

class HistoryIndexer : public std::enable_shared_from_this<HistoryIndexer> {
 public:
  // Of this many bytes of a segment a part is made, or of what a finished one has left.
  static constexpr std::uint64_t usual_part = 2U << 20U;

  // How things stand with the history.
  struct Snapshot {
    struct Segment {
      HistorySegment segment{};
      bool is_finished = false;
    };
    std::vector<Segment> segments{};  // the oldest first
    std::uint64_t events = 0;         // written since the start

    const Segment* find(std::uint32_t number) const;
  };
  // Both are asked from the indexer's executor.
  struct Source {
    std::function<boost::asio::awaitable<Snapshot>()> now;
    std::function<disk::Task<std::unique_ptr<FrameReader>>(HistorySegment)> reader;
  };

  HistoryIndexer(std::string path, const base::Clock& clock, log::Logger& log, boost::asio::any_io_executor executor)
      : path_(std::move(path)),
        clock_(clock),
        log_(log),
        executor_(std::move(executor)),
        timer_(executor_),
        ended_(executor_, boost::asio::steady_timer::time_point::max()) {}

  // Once.  It lives, and with it what the source holds, until stop() or the end of the executor's context.
  void start(Source source);
  // Any thread; never blocks: something was written, or has expired.
  void wake();
  // Any thread; never blocks: who searches has found it damaged.
  void doubt();
  void stop();
  // On its executor: when nothing is under way any more.
  boost::asio::awaitable<void> stopped();

  // ---- any thread

  const std::string& path() const { return path_; }
  boost::asio::any_io_executor executor() const { return executor_; }
  // Of the file that may be searched; 0: there is none.  Another one has another number.
  std::uint64_t generation() const { return generation_; }
  std::uint64_t file_size() const { return file_size_; }
  std::uint64_t used_size() const { return used_size_; }
  std::uint64_t behind() const { return behind_; }  // bytes of events that are not indexed

 private:
  enum class Did { nothing, something };

  boost::asio::awaitable<void> run(Source source);
  disk::Task<Did> look(const Snapshot& now, const Source& source);
  boost::asio::awaitable<base::Result<>> open(const Snapshot& now, const Source& source);
  disk::Task<bool> is_of(const IndexedPart& part, const Snapshot& now, const Source& source);
  base::Result<Did> forget(const Snapshot& now);
  std::uint64_t end_of(std::uint32_t segment) const;
  std::optional<Snapshot::Segment> next_to_index(const Snapshot& now) const;
  disk::Task<> index(Snapshot::Segment target, const Source& source);
  static disk::Task<> read_part(FrameReader& reader, IndexedPart& part, std::vector<FrameTerms>& frames);
  base::Result<> note_sizes(const Snapshot& now);
  // How long it is left alone.
  base::Duration give_up(const base::Error& error);
  boost::asio::awaitable<void> rest(base::Duration time);

  const std::string path_;
  const base::Clock& clock_;
  log::Logger& log_;
  boost::asio::any_io_executor executor_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer ended_;
  std::optional<HistoryIndex> index_;
  std::map<std::uint32_t, IndexedPart> last_parts_;
  std::uint64_t generations_ = 0;
  std::atomic<std::uint64_t> generation_ = 0;
  std::atomic<std::uint64_t> file_size_ = 0, used_size_ = 0, behind_ = 0;
  std::atomic<bool> awake_ = false;
  std::atomic<bool> doubted_ = false;
  bool in_trouble_ = false;
  bool idle_ = false;
  bool running_ = false;
  bool stopping_ = false;
};

}  // namespace godwit::state
