// SPDX-License-Identifier: Apache-2.0
// Events on their way to the disk, gathered into frames.  Any thread; bounded: what does not fit is counted and gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "history_format.hpp"

namespace godwit::state {

// A frame's payload, and what its index will say.
struct PendingFrame {
  std::string payload{};
  std::vector<base::MessageId> ids{};
  base::WallTime first{}, last{};
  std::uint64_t events = 0;
};

class HistoryQueue {
 public:
  static constexpr std::size_t most_bytes = 8U << 20U;

  // True: it is the first since take(), and somebody should come and write.
  bool add(base::WallTime time, const EventIds& ids, std::string_view event) {
    const std::scoped_lock lock(mutex_);
    if (closed_ || bytes_ + event.size() > most_bytes) {
      ++lost_;
      return false;
    }
    const bool is_first = frames_.empty();
    if (is_first || frames_.back().payload.size() + event.size() > usual_frame) frames_.emplace_back().first = time;
    auto& frame = frames_.back();
    frame.payload += event;
    frame.ids.insert(frame.ids.end(), ids.span().begin(), ids.span().end());
    frame.first = std::min(frame.first, time);
    frame.last = std::max(frame.last, time);
    ++frame.events;
    bytes_ += event.size();
    return is_first;
  }

  std::deque<PendingFrame> take() {
    const std::scoped_lock lock(mutex_);
    bytes_ = 0;
    return std::exchange(frames_, {});
  }
  void note_lost(std::uint64_t events) {
    const std::scoped_lock lock(mutex_);
    lost_ += events;
  }
  std::uint64_t lost() const {
    const std::scoped_lock lock(mutex_);
    return lost_;
  }
  void close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<PendingFrame> frames_;
  std::size_t bytes_ = 0;
  std::uint64_t lost_ = 0;
  bool closed_ = false;
};

}  // namespace godwit::state
