// SPDX-License-Identifier: Apache-2.0
// What the control API may ask and order, over the parts of the host.  Home reactor.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "godwit/control/backend.hpp"

namespace godwit::daemon {

class Host;

class ControlBackend final : public control::Backend {
 public:
  explicit ControlBackend(Host& host);

  control::Task<control::Status> status() override;
  control::Task<std::vector<control::QueueEntry>> queue_list(std::size_t limit,
                                                             std::optional<base::MessageId> after) override;
  control::Task<control::QueueEntry> queue_show(base::MessageId id) override;
  control::Task<> retry(base::MessageId id) override;
  control::Task<std::size_t> retry_all() override;
  control::Task<> hold(base::MessageId id) override;
  control::Task<> release(base::MessageId id) override;
  control::Task<> remove(base::MessageId id) override;
  control::Task<control::ReloadResult> reload() override;
  control::Task<> stop() override;

 private:
  Host& host_;
  base::MonoTime started_;
  std::vector<std::string> listeners_;
};

}  // namespace godwit::daemon
