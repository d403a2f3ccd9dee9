// SPDX-License-Identifier: Apache-2.0
#include "clock_jumps.hpp"

#include <algorithm>
#include <chrono>

namespace godwit::dispatch {
namespace {

constexpr base::Duration correction = std::chrono::seconds(5);  // at most
constexpr std::size_t most_jumps = 100;                         // remembered
constexpr std::size_t most_known = 10'000;
constexpr base::Duration longest_acceptance = std::chrono::hours(1);  // from the first byte to the queue

}  // namespace

ClockJumps::ClockJumps(base::WallTime wall, base::MonoTime mono)
    : jumps_{Jump{.newest = {std::numeric_limits<std::uint64_t>::max()}, .before = wall, .after = wall}},
      wall_(wall),
      mono_(mono) {}

void ClockJumps::add(base::MessageId id) {
  newest_ = std::max(newest_, id);
}

void ClockJumps::add_new(base::MessageId id, base::WallTime accepted) {
  add(id);
  const auto& last = jumps_.back();
  if (last.number == 0 || mono_ - last.at > longest_acceptance) return;
  const auto is_new = [&](base::WallTime time) { return time <= wall_ && wall_ - time <= longest_acceptance; };
  if (is_new(accepted + since(id, accepted))) return;
  known_[id] = {.accepted = is_new(accepted) ? accepted : wall_, .jumps = last.number};
  if (known_.size() > most_known) known_.erase(known_.begin());
}

std::optional<base::Duration> ClockJumps::look(base::WallTime wall, base::MonoTime mono) {
  const auto expected = wall_ + (mono - mono_);
  wall_ = wall;
  mono_ = mono;
  const base::Duration by = wall - expected;
  if (by <= correction && by >= -correction) return {};
  const auto number = jumps_.back().number + 1;
  jumps_.push_back({.newest = newest_, .before = expected, .after = wall, .at = mono, .number = number});
  if (jumps_.size() > most_jumps) jumps_.pop_front();
  return by;
}

base::Duration ClockJumps::since(base::MessageId id, base::WallTime accepted) const {
  const auto known = known_.find(id);
  auto time = known == known_.end() ? accepted : known->second.accepted;
  for (const auto& jump : jumps_) {
    if (id > jump.newest || (known != known_.end() && jump.number <= known->second.jumps)) continue;
    if (time <= jump.before) time += jump.after - jump.before;
    time = std::min(time, jump.after);
  }
  return time - accepted;
}

}  // namespace godwit::dispatch
