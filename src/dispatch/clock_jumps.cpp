// SPDX-License-Identifier: Apache-2.0
#include "clock_jumps.hpp"

#include <algorithm>
#include <chrono>

namespace godwit::dispatch {
namespace {

constexpr base::Duration correction = std::chrono::seconds(5);  // at most
constexpr std::size_t most_jumps = 100;                         // remembered

}  // namespace

ClockJumps::ClockJumps(base::WallTime wall, base::MonoTime mono)
    : jumps_{Jump{.newest = {std::numeric_limits<std::uint64_t>::max()}, .before = wall, .after = wall}},
      wall_(wall),
      mono_(mono) {}

void ClockJumps::add(base::MessageId id) {
  newest_ = std::max(newest_, id);
}

std::optional<base::Duration> ClockJumps::look(base::WallTime wall, base::MonoTime mono) {
  const auto expected = wall_ + (mono - mono_);
  wall_ = wall;
  mono_ = mono;
  const base::Duration by = wall - expected;
  if (by <= correction && by >= -correction) return {};
  jumps_.push_back({.newest = newest_, .before = expected, .after = wall});
  if (jumps_.size() > most_jumps) jumps_.pop_front();
  return by;
}

base::Duration ClockJumps::since(base::MessageId id, base::WallTime accepted) const {
  auto time = accepted;
  for (const auto& jump : jumps_) {
    if (id > jump.newest) continue;
    if (time <= jump.before) time += jump.after - jump.before;
    time = std::min(time, jump.after);
  }
  return time - accepted;
}

}  // namespace godwit::dispatch
