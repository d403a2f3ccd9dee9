// SPDX-License-Identifier: Apache-2.0
// How long many things took, counted in steps of less than 1 %: its memory does not grow with what is counted.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace godwit::bench {

class Latencies {
 public:
  void add(std::chrono::nanoseconds took) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0));
    ++counts_[std::min(step_of(value), counts_.size() - 1)];
    most_ = std::max(most_, value);
    ++total_;
  }

  void add(const Latencies& other) {
    for (std::size_t step = 0; step < counts_.size(); ++step) counts_[step] += other.counts_[step];
    most_ = std::max(most_, other.most_);
    total_ += other.total_;
  }

  std::uint64_t total() const { return total_; }
  double most_ms() const { return static_cast<double>(most_) / 1e6; }

  // In milliseconds; `part` of 1 took no longer.
  double quantile_ms(double part) const {
    const auto wanted = static_cast<std::uint64_t>(static_cast<double>(total_) * part);
    std::uint64_t seen = 0;
    for (std::size_t step = 0; step < counts_.size(); ++step) {
      seen += counts_[step];
      if (seen > wanted) return std::min(static_cast<double>(end_of(step)) / 1e6, most_ms());
    }
    return most_ms();
  }

 private:
  static constexpr std::size_t steps = 128;  // of a power of two

  // Each power of two is divided evenly.
  static std::size_t step_of(std::uint64_t value) {
    if (value < steps) return value;
    const auto shift = static_cast<std::size_t>(std::bit_width(value / steps)) - 1;
    return steps * shift + (value >> shift);
  }
  static std::uint64_t end_of(std::size_t step) {
    if (step < 2 * steps) return step + 1;
    const std::size_t shift = step / steps - 1;
    return (step - steps * shift + 1) << shift;
  }

  std::array<std::uint64_t, 36 * steps> counts_{};  // beyond an hour, all is one
  std::uint64_t most_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace godwit::bench
