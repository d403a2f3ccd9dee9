// SPDX-License-Identifier: Apache-2.0
// The last lines of the log, for who looks at them from elsewhere: as they are in the file, bounded in number and
// bytes. The log's writer adds them, so those who log never wait for who looks.  Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "godwit/log/logger.hpp"
#include "godwit/log/settings.hpp"

namespace godwit::log {

class RecentLines {
 public:
  static constexpr std::size_t most_lines = 2000;
  static constexpr std::size_t most_bytes = std::size_t{1} << 20U;

  struct Line {
    std::uint64_t number;  // from 1 on since the start
    Level level;
    std::string text;
  };
  struct Tail {
    std::vector<Line> lines;  // the oldest first
    std::uint64_t last = 0;   // the number of the newest line there is, of whatever level
  };

  void add(Level level, std::string text);
  // Of the lines after `number` that are of this level or worse the newest, at most `most`.  A number that there was
  // not yet (it is of an earlier start) counts as 0.
  Tail after(std::uint64_t number, Level least, std::size_t most) const;

 private:
  mutable std::mutex mutex_;
  std::deque<Line> lines_;
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
};

// As open_logger(settings, clock); what is written is remembered, too.  `recent` outlives the logger.
base::Result<std::unique_ptr<FileLogger>> open_logger(const Settings& settings, const base::Clock& clock,
                                                      RecentLines& recent);

}  // namespace godwit::log
