// SPDX-License-Identifier: Apache-2.0
// What one site is given: connections that adapt, a rate of messages, and back-off while it is down.  Pure; the queue
// holds one a site.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "godwit/queue/queue.hpp"

namespace godwit::queue {

class Limit {
 public:
  void configure(const LimitSettings& settings);

  // From when a connection may start; nothing: only after one has ended.
  std::optional<base::WallTime> ready_at() const;
  // Requires: ready_at() <= now.
  Grant::Kind start(base::WallTime now);
  void ended(Grant::Kind kind, const SiteReport& report, const RetrySettings& retry, base::WallTime now);
  void clock_jumped(base::Duration by);
  // The administrator does not want to wait for the next probe: it comes at once, but for a moment after the last.
  void probe_now(base::WallTime now);

  // Whether it is just like a new one, so that nothing is lost with it.
  bool is_fresh(base::WallTime now) const;
  bool down() const { return down_; }
  // The last that was heard of it is that it works.
  bool proven() const { return proven_; }
  std::uint32_t active() const { return active_; }
  std::uint32_t window() const { return window_; }
  const LimitSettings& settings() const { return settings_; }
  base::WallTime next_probe() const { return next_probe_; }
  bool probing() const { return probing_; }
  const std::string& reply() const { return reply_; }
  // When the rate allows the next message.
  base::WallTime rate_at() const;

 private:
  std::uint32_t first_window() const;
  void shrink();
  void go_down(const RetrySettings& retry, base::WallTime now, double fraction);
  void come_up();

  LimitSettings settings_;
  std::string reply_;           // of the last failure
  base::WallTime next_slot_{};  // virtual scheduling: when the next message would be due at an even pace
  base::WallTime next_probe_{};
  base::WallTime probed_{};  // when the last probe ended
  std::uint32_t window_ = 2;
  std::uint32_t active_ = 0;
  std::uint32_t failures_ = 0;  // in a row; of the probes, when down
  bool down_ = false;
  bool probing_ = false;
  bool proven_ = false;
};

}  // namespace godwit::queue
