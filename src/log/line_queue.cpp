// SPDX-License-Identifier: Apache-2.0
#include "line_queue.hpp"

#include <chrono>
#include <utility>

namespace godwit::log {
namespace {

// As long as lines gather: less than anybody notices who looks at the log.
constexpr std::chrono::milliseconds gathering(5);

}  // namespace

void LineQueue::put(Line line) {
  bool wake = false;
  {
    const std::scoped_lock lock(mutex_);
    const bool was_urgent = is_urgent();
    if (waiting_.size() == most_lines) {
      waiting_.pop_front();
      ++done_;
      ++lost_;
    }
    waiting_.push_back(std::move(line));
    ++put_;
    wake = std::exchange(idle_, false) || (!was_urgent && is_urgent());
  }
  if (wake) came_.notify_one();
}

void LineQueue::flush() {
  std::unique_lock lock(mutex_);
  const auto until = put_;
  ++flushing_;
  came_.notify_one();
  written_.wait(lock, [&] { return done_ >= until; });
  --flushing_;
}

void LineQueue::close() {
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  came_.notify_one();
}

std::optional<LineQueue::Batch> LineQueue::next() {
  std::unique_lock lock(mutex_);
  done_ += std::exchange(in_work_, 0);
  if (flushing_ > 0) written_.notify_all();
  idle_ = waiting_.empty();
  came_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
  idle_ = false;
  came_.wait_for(lock, gathering, [&] { return is_urgent(); });
  if (waiting_.empty()) return {};
  in_work_ = waiting_.size();
  return Batch{.lines = std::exchange(waiting_, {}), .lost = std::exchange(lost_, 0)};
}

}  // namespace godwit::log
