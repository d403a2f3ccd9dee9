// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/histogram.hpp"

#include <algorithm>
#include <numeric>

namespace godwit::base {

std::uint64_t HistogramCounts::total() const {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

void HistogramCounts::add(const HistogramCounts& other) {
  if (counts.empty()) {
    *this = other;
    return;
  }
  for (std::size_t i = 0; i < std::min(counts.size(), other.counts.size()); ++i) counts[i] += other.counts[i];
  sum += other.sum;
}

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds), counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds.size() + 1)) {}

void Histogram::add(double value) {
  const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

HistogramCounts Histogram::counts() const {
  HistogramCounts result{.bounds = bounds_, .counts = {}, .sum = sum_.load(std::memory_order_relaxed)};
  for (std::size_t i = 0; i <= bounds_.size(); ++i) result.counts.push_back(counts_[i].load(std::memory_order_relaxed));
  return result;
}

}  // namespace godwit::base
