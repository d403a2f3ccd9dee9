// SPDX-License-Identifier: Apache-2.0
// The control API's questions and orders about limits.
#include <utility>

#include "control_backend.hpp"
#include "host.hpp"

namespace godwit::daemon {

control::Task<std::vector<control::LimitUse>> ControlBackend::limits(std::size_t limit, std::size_t skipped) {
  const auto now = host_.clock_.wall();
  std::vector<control::LimitUse> all;
  for (auto& one : host_.policy_limits_->fullest(limit, host_.clock_.mono(), skipped)) {
    control::LimitUse use{.by = std::string(policy::to_string(one.by)),
                          .of = std::string(policy::to_string(one.what)),
                          .rate = policy::rate_text(one.what, one.rate),
                          .key = std::move(one.key),
                          .used = one.used,
                          .allowed = one.rate.count,
                          .unused = now + one.until_free};
    if (one.wait > base::Duration::zero()) use.next = now + one.wait;
    all.push_back(std::move(use));
  }
  co_return all;
}

control::Task<std::size_t> ControlBackend::reset_limits(std::string key) {
  const auto count = host_.policy_limits_->reset(key);
  if (count == 0) co_return base::fail(base::ErrorKind::not_found, "no limit knows " + key);
  host_.log_.info("limits_reset", {{"name", key}});
  co_return count;
}

}  // namespace godwit::daemon
