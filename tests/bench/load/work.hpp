// SPDX-License-Identifier: Apache-2.0
// Which messages are still to be sent: one as soon as a session is free, or each at its time (an open loop: a server
// that falls behind does not slow the clients down, so that what they wait for shows).
#pragma once

#include <cstdint>
#include <optional>

#include "process_time.hpp"

namespace godwit::bench {

struct WorkSettings {
  std::uint64_t messages = 0;  // 0: no bound
  double seconds = 0;          // 0: no bound
  double rate = 0;             // messages a second; 0: as fast as they go
};

class Work {
 public:
  Work(const WorkSettings& settings, Clock::time_point began) : settings_(settings), began_(began) {}

  // The time at which the next message was due; none: it is not yet, or there is none.
  std::optional<Clock::time_point> take(Clock::time_point now) {
    if (is_over(now)) return {};
    if (settings_.rate == 0) {
      ++taken_;
      return now;
    }
    const auto due = next_due();
    if (due > now) return {};
    ++taken_;
    return due;
  }

  bool is_over(Clock::time_point now) const {
    return (settings_.messages != 0 && taken_ >= settings_.messages) ||
           (settings_.seconds != 0 && in_seconds(now - began_) >= settings_.seconds);
  }

  bool is_paced() const { return settings_.rate != 0; }
  Clock::time_point next_due() const {
    const std::chrono::duration<double> after(static_cast<double>(taken_) / settings_.rate);
    return began_ + std::chrono::duration_cast<Clock::duration>(after);
  }

 private:
  WorkSettings settings_;
  Clock::time_point began_;
  std::uint64_t taken_ = 0;
};

}  // namespace godwit::bench
