// SPDX-License-Identifier: Apache-2.0
#include "sim/host/wire.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace godwit::sim {
namespace {

using std::chrono::microseconds, std::chrono::milliseconds;

}  // namespace

Wire::Wire(World& world, std::uint64_t number, base::Endpoint from, base::Endpoint to, Watcher* watcher)
    : world_(world),
      number_(number),
      watcher_(watcher),
      latency_(world.between(microseconds(50), world.chance(20) ? milliseconds(300) : milliseconds(20))) {
  ends_[client].address = std::move(from);
  ends_[server].address = std::move(to);
}

std::size_t Wire::room(Side side) const {
  const End& to = ends_[other(side)];
  return window_ - std::min(window_, to.inbox.size() + to.on_the_way);
}

// In order within the connection, however much each piece is delayed.
base::MonoTime Wire::arrival(Side to) {
  auto& last = ends_[to].last_arrival;
  const auto jitter = world_.between(base::Duration(0), latency_);
  return last = std::max(last, world_.now() + latency_ + jitter + lag_);
}

std::size_t Wire::write(Side side, std::string_view bytes) {
  const Side to = other(side);
  if (!ends_[side].open || ends_[side].fin_sent) return bytes.size();
  bytes = bytes.substr(0, room(side));
  if (bytes.empty()) return 0;
  if (watcher_ != nullptr) watcher_->written(*this, side, bytes);
  if (silent_) return bytes.size();
  ends_[to].on_the_way += bytes.size();
  send(to, bytes);
  return bytes.size();
}

void Wire::send(Side to, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto size = crumbles_ ? 1 + world_.random().below(bytes.size()) : bytes.size();
    world_.at(arrival(to), [self = shared_from_this(), to, sent = std::string(bytes.substr(0, size))]() mutable {
      self->arrive(to, std::move(sent));
    });
    bytes.remove_prefix(size);
  }
}

void Wire::arrive(Side to, std::string bytes) {
  End& end = ends_[to];
  end.on_the_way -= bytes.size();
  if (silent_ || end.reset) return;
  if (!end.open) {
    if (!end.vanished || world_.chance(50)) send_reset(other(to));  // the machine may be up again
    return;
  }
  world_.note(fmt::format("wire {} {} {}", number_, to == server ? ">" : "<", bytes));
  end.inbox += bytes;
  wake(to);
}

void Wire::arrive_fin(Side to) {
  if (silent_ || !ends_[to].open || ends_[to].reset) return;
  ends_[to].fin = true;
  wake(to);
}

void Wire::send_reset(Side to) {
  world_.at(arrival(to), [self = shared_from_this(), to] { self->arrive_reset(to); });
}

void Wire::arrive_reset(Side to) {
  if (silent_) return;
  ends_[to].reset = true;
  ends_[to].inbox.clear();
  wake(to);
}

std::string Wire::take(Side side, std::size_t most) {
  End& end = ends_[side];
  const bool was_full = room(other(side)) == 0;
  std::string bytes = end.inbox.substr(0, most);
  end.inbox.erase(0, bytes.size());
  if (watcher_ != nullptr && !bytes.empty()) watcher_->taken(*this, side, bytes);
  if (was_full && !silent_)  // there is room again
    world_.after(latency_, [self = shared_from_this(), side] { self->wake(other(side)); });
  return bytes;
}

void Wire::shutdown(Side side) {
  if (std::exchange(ends_[side].fin_sent, true)) return;
  const Side to = other(side);
  world_.at(arrival(to), [self = shared_from_this(), to] { self->arrive_fin(to); });
}

void Wire::close(Side side) {
  End& end = ends_[side];
  if (!std::exchange(end.open, false)) return;
  end.wake = nullptr;
  tell_ended();
  if (!end.inbox.empty())
    send_reset(other(side));
  else
    shutdown(side);
}

void Wire::vanish(Side side) {
  End& end = ends_[side];
  end.vanished = true;
  end.open = false;
  end.wake = nullptr;
  tell_ended();
}

void Wire::cut(Cut how) {
  tell_ended();
  if (how == Cut::silence) {
    silent_ = true;
    return;
  }
  for (const Side side : {client, server}) send_reset(side);
}

void Wire::abandon() {
  watcher_ = nullptr;
  for (const Side side : {client, server}) {
    ends_[side].open = false;
    ends_[side].wake = nullptr;
  }
}

void Wire::wake(Side side) {
  const auto wake = ends_[side].wake;  // which may replace it
  if (wake) wake();
}

void Wire::tell_ended() {
  if (!std::exchange(ended_, true) && watcher_ != nullptr) watcher_->ended(*this);
}

}  // namespace godwit::sim
