// SPDX-License-Identifier: Apache-2.0
// The files of the history: NNNNNNNN.hist, and NNNNNNNN.idx beside each that is finished.  One is written, from the
// start on a new one; the others are only read.  On the history's executor; one call at a time, but for reads.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frame_reader.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/state/settings.hpp"
#include "history_queue.hpp"

namespace godwit::state {

struct HistorySegment {
  std::uint32_t number = 0;
  std::uint64_t size = 0;
  IndexHead head{};
};

class HistorySegments {
 public:
  HistorySegments(std::string directory, disk::Disk& disk, log::Logger& log)
      : directory_(std::move(directory)), disk_(disk), log_(log) {}

  // What is there.  Indexes that are missing or damaged are made again; files that cannot be read are passed over.
  boost::asio::awaitable<void> load();
  // On failure the segment is given up, and the next call begins another.
  disk::Task<> append(std::deque<PendingFrame> frames);
  // Ends the segment that is written, where it is due: it is long enough, or old.
  boost::asio::awaitable<void> seal_if_due(const HistorySettings& settings, base::WallTime now);
  boost::asio::awaitable<void> seal();
  // Removes what is too old or too much.
  boost::asio::awaitable<void> expire(const HistorySettings& settings, base::WallTime now);

  // The oldest first, the one that is written last.
  std::vector<HistorySegment> all() const;
  // Nothing more comes to the others.
  bool is_writing(std::uint32_t number) const { return writing_ && writing_->segment.number == number; }
  // The frames with something of the message, in order.
  disk::Task<std::vector<std::uint32_t>> frames_of(HistorySegment segment, base::MessageId id);
  // All with something of a message, from this offset on, in order.
  disk::Task<std::vector<std::uint32_t>> frames_from(HistorySegment segment, std::uint64_t offset);
  // Any thread that may block.
  disk::Task<std::unique_ptr<FrameReader>> reader(HistorySegment segment) const;

 private:
  struct Writing {
    HistorySegment segment{};
    std::unique_ptr<disk::File> file{};
    std::vector<IndexEntry> entries{};
  };

  std::string path(std::uint32_t number, std::string_view kind) const;
  disk::Task<> begin();
  disk::Task<HistorySegment> load_one(std::uint32_t number, std::uint64_t size, std::uint64_t index_size);
  disk::Task<std::string> read_index_file(std::uint32_t number, std::size_t size);
  struct Indexed {
    HistorySegment segment{};
    std::vector<IndexEntry> entries{};
  };
  disk::Task<Indexed> make_index(std::uint32_t number, std::uint64_t size);
  disk::Task<std::vector<IndexEntry>> entries_of(HistorySegment segment);
  disk::Task<> write_index(HistorySegment& segment, std::vector<IndexEntry>& entries);
  boost::asio::awaitable<void> remove(std::uint32_t number);

  std::string directory_;
  disk::Disk& disk_;
  log::Logger& log_;
  std::deque<HistorySegment> finished_;
  std::optional<Writing> writing_;
  std::uint32_t last_number_ = 0;
};

}  // namespace godwit::state
