// SPDX-License-Identifier: Apache-2.0
#include "limit.hpp"

#include <algorithm>

#include "shifted.hpp"

namespace godwit::queue {
namespace {

constexpr std::uint32_t initial_window = 2;
// So many temporary failures of the host in a row, on the last connection it is left, count as down.
constexpr std::uint32_t busy_is_down = 3;
constexpr std::size_t longest_reply = 200;
// Who orders a retry of a million messages has the host asked at this pace, not once a message.
constexpr base::Duration between_ordered_probes = std::chrono::milliseconds(100);

// Rates are kept by the pace between two messages; a tenth of the count may come in a burst.
base::Duration pace(const base::Rate& rate) {
  return rate.period / static_cast<base::Duration::rep>(rate.count);
}
base::Duration burst(const base::Rate& rate) {
  return pace(rate) * (static_cast<base::Duration::rep>(std::max<std::uint64_t>(rate.count / 10, 1)) - 1);
}

}  // namespace

std::uint32_t Limit::first_window() const {
  const auto most = static_cast<std::uint32_t>(std::max<std::size_t>(settings_.connections, 1));
  return settings_.adaptive ? std::min(most, initial_window) : most;
}

void Limit::configure(const LimitSettings& settings) {
  const bool fresh = settings_.connections == 0 || (active_ == 0 && window_ == first_window());
  if (settings.rate != settings_.rate) next_slot_ = {};
  settings_ = settings;
  if (fresh || !settings_.adaptive) window_ = first_window();
  window_ = std::min(window_, static_cast<std::uint32_t>(std::max<std::size_t>(settings_.connections, 1)));
}

base::WallTime Limit::rate_at() const {
  if (settings_.rate.count == 0) return {};
  const auto allowance = burst(settings_.rate);
  return next_slot_.time_since_epoch() < allowance ? base::WallTime{} : next_slot_ - allowance;
}

std::optional<base::WallTime> Limit::ready_at() const {
  if (down_ && probing_) return {};
  if (down_) return std::max(next_probe_, rate_at());
  if (active_ >= window_) return {};
  return rate_at();
}

Grant::Kind Limit::start(base::WallTime now) {
  ++active_;
  if (settings_.rate.count > 0) next_slot_ = std::max(next_slot_, now) + pace(settings_.rate);
  if (!down_) return Grant::Kind::connection;
  probing_ = true;
  return Grant::Kind::probe;
}

void Limit::shrink() {
  if (settings_.adaptive) window_ = std::max<std::uint32_t>(window_ / 2, 1);
}

void Limit::go_down(const RetrySettings& retry, base::WallTime now, double fraction) {
  if (!down_) failures_ = 0;
  down_ = true;
  next_probe_ = now + probe_delay(retry, ++failures_, fraction);
}

void Limit::come_up() {
  if (down_) window_ = first_window();
  down_ = false;
  failures_ = 0;
  reply_.clear();
}

void Limit::ended(Grant::Kind kind, const SiteReport& report, const RetrySettings& retry, base::WallTime now) {
  --active_;
  const bool probe = kind == Grant::Kind::probe;
  if (probe) {
    probing_ = false;
    probed_ = now;
  }
  using Kind = SiteReport::Kind;
  if (report.kind == Kind::nothing) return;
  proven_ = report.kind == Kind::success;
  if (report.kind == Kind::success) {
    const bool was_down = down_;
    come_up();
    if (!was_down && settings_.adaptive && window_ < settings_.connections) ++window_;
    return;
  }
  reply_ = report.reply.substr(0, longest_reply);
  if (down_) {
    // Those that were under way when it went down say nothing new.
    if (probe) go_down(retry, now, report.fraction);
    return;
  }
  // With others still connected, one that could not connect is a hint; the last one is proof.
  const bool last = report.kind == Kind::dead ? window_ == 1 || active_ == 0 || !settings_.adaptive
                                              : window_ == 1 && ++failures_ >= busy_is_down;
  if (last)
    go_down(retry, now, report.fraction);
  else
    shrink();
}

void Limit::probe_now(base::WallTime now) {
  if (down_) next_probe_ = std::min(next_probe_, std::max(now, probed_ + between_ordered_probes));
}

void Limit::clock_jumped(base::Duration by) {
  next_slot_ = shifted(next_slot_, by);
  next_probe_ = shifted(next_probe_, by);
  probed_ = shifted(probed_, by);
}

bool Limit::is_fresh(base::WallTime now) const {
  return !down_ && !proven_ && failures_ == 0 && window_ == first_window() && next_slot_ <= now;
}

}  // namespace godwit::queue
