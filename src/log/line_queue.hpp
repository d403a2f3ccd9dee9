// SPDX-License-Identifier: Apache-2.0
// Lines on their way from the threads that make them to the one that writes them.  A line wakes the writer only when it
// finds nothing waiting; the writer then lets lines gather for a few milliseconds, so that a busy daemon is not busy
// with waking.  Bounded: when it is full, the oldest line is pushed out and counted.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "godwit/log/settings.hpp"

namespace godwit::log {

struct Line {
  Level level = Level::info;
  std::string text;
  std::string fields{};  // where the sink takes them: the same once more, as the journal has it
};

class LineQueue {
 public:
  static constexpr std::size_t most_lines = 8192;

  // Any thread; never waits for the writer.
  void put(Line line);
  // Any thread: until all that was put before has been written or pushed out.
  void flush();
  // The last lines are still taken.
  void close();

  struct Batch {
    std::deque<Line> lines;
    std::uint64_t lost = 0;  // pushed out since the batch before
  };
  // The writer's: the next lines, when there are some; empty: it is closed and nothing is left.  Asking for more says
  // that the batch before has been written.
  std::optional<Batch> next();

 private:
  bool is_urgent() const { return closed_ || flushing_ > 0 || waiting_.size() >= enough; }

  static constexpr std::size_t enough = 512;  // to write them at once

  std::mutex mutex_;
  std::condition_variable came_;
  std::condition_variable written_;
  std::deque<Line> waiting_;
  std::uint64_t put_ = 0;
  std::uint64_t done_ = 0;  // written or pushed out
  std::uint64_t lost_ = 0;  // since the last batch
  std::size_t in_work_ = 0;
  std::size_t flushing_ = 0;  // threads that wait
  bool idle_ = false;         // the writer sleeps until a line comes
  bool closed_ = false;
};

}  // namespace godwit::log
