// SPDX-License-Identifier: Apache-2.0
// All that GET /metrics tells, gathered by the daemon, and its text in the exposition format of Prometheus.  Names of
// metrics and labels, once released, keep their meaning: docs/monitoring has rules and a dashboard that use them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/histogram.hpp"
#include "godwit/control/status.hpp"
#include "godwit/policy/limits.hpp"
#include "godwit/queue/queue.hpp"

namespace godwit::control {

// What the system says of our process.
struct ProcessUsage {
  double cpu_seconds = 0;
  double start_time = 0;  // seconds since 1970
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_files = 0;
  std::uint64_t most_files = 0;
  std::uint64_t threads = 0;
};

// Of destinations the busiest by name, the others as one: whoever sends mail to many domains must not fill the memory
// of who monitors.
class DestinationSums {
 public:
  struct Sum {
    std::string name;
    std::uint64_t waiting = 0, due = 0, active = 0, held = 0, connections = 0;
    bool down = false;
  };
  static constexpr std::size_t named = 20;
  static constexpr std::size_t slow_named = 5;

  void add(const queue::SiteView& site);
  // The busiest first.
  const std::vector<Sum>& busiest() const { return busiest_; }
  const Sum& other() const { return other_; }  // of the name "other"
  // Where most waits though it is due: with the reason.
  const std::vector<queue::SiteView>& slow() const { return slow_; }
  std::uint64_t down() const { return down_; }
  std::uint64_t suspended() const { return suspended_; }

 private:
  void add_to_other(const Sum& sum);
  void add_to_slow(const queue::SiteView& site);

  std::vector<Sum> busiest_;
  std::vector<queue::SiteView> slow_;
  Sum other_{.name = "other"};
  std::uint64_t down_ = 0, suspended_ = 0;
};

struct Metrics {
  Status status;
  base::HistogramCounts wait_time, route_time, delay;
  std::vector<std::pair<std::string, base::HistogramCounts>> attempt_times;  // by stage, of those that there were
  std::uint64_t delivered_bytes = 0;
  DestinationSums destinations;
  std::vector<policy::Limits::Counted> limits;
  ProcessUsage process;
};

std::string to_text(const Metrics& metrics);

}  // namespace godwit::control
