// SPDX-License-Identifier: Apache-2.0
// CPU seconds of this process so far, and the time of the monotonic clock, as other processes read it.
#pragma once

#include <sys/resource.h>

#include <chrono>

namespace godwit::bench {

using Clock = std::chrono::steady_clock;

inline double in_seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

inline double in_seconds(Clock::time_point time) {
  return in_seconds(time.time_since_epoch());
}

inline double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace godwit::bench
