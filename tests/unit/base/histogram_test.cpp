// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/histogram.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace godwit::base {
namespace {

using ::testing::ElementsAre;

constexpr double bounds[] = {1, 10};

TEST(Histogram, AValueOnABoundBelongsBelowIt) {
  Histogram histogram(bounds);
  for (const double value : {0.5, 1.0, 1.5, 10.0, 11.0}) histogram.add(value);
  const auto counts = histogram.counts();
  EXPECT_THAT(counts.counts, ElementsAre(2, 2, 1));
  EXPECT_EQ(counts.total(), 5U);
  EXPECT_DOUBLE_EQ(counts.sum, 24);
}

TEST(Histogram, TakesDurationsAsSeconds) {
  Histogram histogram(bounds);
  histogram.add(std::chrono::milliseconds(1500));
  EXPECT_THAT(histogram.counts().counts, ElementsAre(0, 1, 0));
  EXPECT_DOUBLE_EQ(histogram.counts().sum, 1.5);
}

TEST(Histogram, ManyThreadsLoseNothing) {
  Histogram histogram(bounds);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 10000; ++n) histogram.add(2);
    });
  threads.clear();
  EXPECT_THAT(histogram.counts().counts, ElementsAre(0, 40000, 0));
  EXPECT_DOUBLE_EQ(histogram.counts().sum, 80000);
}

TEST(HistogramCounts, AddUp) {
  Histogram one(bounds), other(bounds);
  one.add(0.5);
  other.add(5);
  HistogramCounts sum;
  sum.add(one.counts());
  sum.add(other.counts());
  EXPECT_THAT(sum.counts, ElementsAre(1, 1, 0));
  EXPECT_DOUBLE_EQ(sum.sum, 5.5);
}

}  // namespace
}  // namespace godwit::base
