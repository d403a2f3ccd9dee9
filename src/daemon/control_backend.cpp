// SPDX-License-Identifier: Apache-2.0
#include "control_backend.hpp"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "host.hpp"

namespace godwit::daemon {
namespace {

base::Result<> known(bool found) {
  if (found) return {};
  return base::fail(base::ErrorKind::not_found, "there is no such message in the queue");
}

control::QueueEntry as_control_entry(dispatch::QueueEntry entry) {
  return {.id = entry.id, .envelope = std::move(entry.envelope), .size = entry.size, .items = std::move(entry.items)};
}

boost::asio::awaitable<std::size_t> count_connections(deliver::SmtpAgent& agent) {
  co_return agent.connections();
}

}  // namespace

ControlBackend::ControlBackend(Host& host) : host_(host), started_(host.clock_.mono()) {
  for (const auto& bound : host.bound_) listeners_.insert(listeners_.end(), bound.names.begin(), bound.names.end());
}

control::Task<control::Status> ControlBackend::status() {
  control::Status status;
  status.version = GODWIT_VERSION;
  status.uptime = host_.clock_.mono() - started_;
  status.spool = host_.spool_->statistics();
  status.healthy = status.spool.healthy;
  status.messages = status.spool.messages;
  status.queue = host_.dispatcher_->counts();
  status.connections_in = host_.limits_.open();
  status.listeners = listeners_;
  for (std::size_t i = 0; i < host_.parts_.size(); ++i) {
    auto counting = count_connections(*host_.parts_[i].agent);
    status.connections_out +=
        co_await boost::asio::co_spawn(host_.reactors_[i].executor(), std::move(counting), boost::asio::use_awaitable);
  }
  co_return status;
}

control::Task<std::vector<control::QueueEntry>> ControlBackend::queue_list(std::size_t limit,
                                                                           std::optional<base::MessageId> after) {
  std::vector<control::QueueEntry> entries;
  while (entries.size() < limit) {
    const auto ids = host_.dispatcher_->list(limit - entries.size(), after);
    if (ids.empty()) break;  // only the end gives fewer than `limit`
    for (const auto id : ids) {
      auto shown = co_await host_.dispatcher_->show(id);
      if (shown) entries.push_back(as_control_entry(std::move(*shown)));  // else: delivered meanwhile
    }
    after = ids.back();
  }
  co_return entries;
}

control::Task<control::QueueEntry> ControlBackend::queue_show(base::MessageId id) {
  auto shown = co_await host_.dispatcher_->show(id);
  if (!shown) co_return std::unexpected(shown.error());
  co_return as_control_entry(std::move(*shown));
}

control::Task<> ControlBackend::retry(base::MessageId id) {
  co_return known(host_.dispatcher_->retry(id));
}
control::Task<std::size_t> ControlBackend::retry_all() {
  co_return host_.dispatcher_->retry_all();
}
control::Task<> ControlBackend::hold(base::MessageId id) {
  co_return known(host_.dispatcher_->hold(id));
}
control::Task<> ControlBackend::release(base::MessageId id) {
  co_return known(host_.dispatcher_->release(id));
}

control::Task<> ControlBackend::remove(base::MessageId id) {
  const bool found = co_await host_.dispatcher_->remove(id);
  co_return known(found);
}

control::Task<control::ReloadResult> ControlBackend::reload() {
  auto outcome = co_await host_.reload();
  co_return control::ReloadResult{.applied = outcome.applied,
                                  .errors = std::move(outcome.errors),
                                  .restart_needed = std::move(outcome.restart_needed)};
}

control::Task<> ControlBackend::stop() {
  host_.request_stop_();
  co_return base::Result<>();
}

}  // namespace godwit::daemon
