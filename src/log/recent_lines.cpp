// SPDX-License-Identifier: Apache-2.0
#include "godwit/log/recent_lines.hpp"

#include <algorithm>
#include <utility>

namespace godwit::log {

void RecentLines::add(Level level, std::string text) {
  const std::scoped_lock lock(mutex_);
  bytes_ += text.size();
  lines_.push_back({++last_, level, std::move(text)});
  while (lines_.size() > most_lines || (bytes_ > most_bytes && lines_.size() > 1)) {
    bytes_ -= lines_.front().text.size();
    lines_.pop_front();
  }
}

RecentLines::Tail RecentLines::after(std::uint64_t number, Level least, std::size_t most) const {
  const std::scoped_lock lock(mutex_);
  Tail tail{.lines = {}, .last = last_};
  if (number > last_) number = 0;
  for (auto line = lines_.rbegin(); line != lines_.rend() && line->number > number && tail.lines.size() < most; ++line)
    if (line->level >= least) tail.lines.push_back(*line);
  std::ranges::reverse(tail.lines);
  return tail;
}

}  // namespace godwit::log
