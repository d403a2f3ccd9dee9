// SPDX-License-Identifier: Apache-2.0
// How often a value fell into each of a few fixed buckets, for the metrics.  Any thread adds and any thread reads,
// without a lock: a reading may miss what is being added just then, and its sum may be ahead of its counts.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "godwit/base/clock.hpp"

namespace godwit::base {

struct HistogramCounts {
  std::span<const double> bounds;     // upper ones, ascending
  std::vector<std::uint64_t> counts;  // of each bucket alone; the last is of what is above all bounds
  double sum = 0;
  std::uint64_t total() const;
  // Of the same bounds, or to an empty one.
  void add(const HistogramCounts& other);
};

class Histogram {
 public:
  // The bounds outlive it.
  explicit Histogram(std::span<const double> bounds);
  void add(double value);
  void add(Duration duration) { add(std::chrono::duration<double>(duration).count()); }
  HistogramCounts counts() const;

 private:
  std::span<const double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;  // one more than bounds
  std::atomic<double> sum_ = 0;
};

// Seconds.
inline constexpr double latency_bounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                            0.25,   0.5,   1,      2.5,   5,    10,    30,   60};
// Likewise, of what may wait for days.
inline constexpr double waiting_bounds[] = {0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400, 86400, 432000};

}  // namespace godwit::base
