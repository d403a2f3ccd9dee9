// SPDX-License-Identifier: Apache-2.0
// What GET /metrics tells.
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "control_backend.hpp"
#include "host.hpp"
#include "process_usage.hpp"

namespace godwit::daemon {
namespace {

// Mail flows on between them.
constexpr std::size_t destinations_at_once = 256;

}  // namespace

control::Task<control::Metrics> ControlBackend::metrics() {
  control::Metrics metrics;
  auto asking = status();
  auto status = co_await std::move(asking);
  if (!status) co_return std::unexpected(status.error());
  metrics.status = std::move(*status);
  const auto& measures = host_.dispatcher_->measures();
  metrics.wait_time = measures.wait_time.counts();
  metrics.route_time = measures.route_time.counts();
  metrics.delay = measures.delay.counts();
  metrics.delivered_bytes = measures.delivered_bytes;
  for (std::size_t i = 0; i < dispatch::Measures::stages; ++i) {
    const auto stage = static_cast<smtp::Stage>(i);
    auto counts = measures.attempt_time_of(stage).counts();
    if (counts.total() > 0) metrics.attempt_times.emplace_back(smtp::to_string(stage), std::move(counts));
  }
  auto summing = sum_destinations();
  metrics.destinations = co_await std::move(summing);
  metrics.limits = host_.policy_limits_->counted();
  metrics.process = process_usage();
  metrics.process.start_time = std::chrono::duration<double>(started_at_.time_since_epoch()).count();
  co_return metrics;
}

control::Task<control::DestinationSums> ControlBackend::busiest() {
  auto summing = sum_destinations();
  co_return co_await std::move(summing);
}

boost::asio::awaitable<control::DestinationSums> ControlBackend::sum_destinations() {
  control::DestinationSums sums;
  std::string after;
  for (;;) {
    const auto sites = host_.dispatcher_->destinations(destinations_at_once, after);
    for (const auto& site : sites) sums.add(site);
    if (sites.size() < destinations_at_once) co_return sums;
    after = sites.back().name;
    co_await boost::asio::post(host_.reactors_[Host::home].executor(), boost::asio::use_awaitable);
  }
}

}  // namespace godwit::daemon
