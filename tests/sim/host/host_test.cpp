// SPDX-License-Identifier: Apache-2.0
// Complete hosts in virtual time.  New seeds are run by scripts/simulate; here is what must hold of the simulation
// itself.
#include <gtest/gtest.h>

#include "sim/host/scenario.hpp"

namespace godwit::sim {
namespace {

Report run(std::uint64_t seed) {
  Configurations configurations;
  return Scenario(seed, configurations).run();
}

TEST(SimulatedHosts, KeepTheirPromises) {
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    const auto report = run(seed);
    EXPECT_TRUE(report.complaints.empty()) << "seed " << seed << ": " << report.complaints.front();
    EXPECT_GT(report.mail.taken, 20U) << "seed " << seed;
    EXPECT_GT(report.mail.delivered, 20U) << "seed " << seed;
  }
}

TEST(SimulatedHosts, DoTheSameWithTheSameSeed) {
  const auto first = run(7);
  const auto second = run(7);
  EXPECT_EQ(first.trace, second.trace);
  EXPECT_EQ(first.events, second.events);
  EXPECT_GT(first.power_losses, 0U);
  EXPECT_NE(first.trace, run(8).trace);
}

}  // namespace
}  // namespace godwit::sim
