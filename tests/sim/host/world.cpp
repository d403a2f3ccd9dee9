// SPDX-License-Identifier: Apache-2.0
#include "sim/host/world.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace godwit::sim {
namespace {

constexpr std::uint64_t most_steps_at_once = 5'000'000;  // then something turns in circles

}  // namespace

base::Duration World::between(base::Duration least, base::Duration most) {
  return least + base::Duration(static_cast<base::Duration::rep>(
                     random_.below(static_cast<std::uint64_t>((most - least).count()) + 1)));
}

void World::at(base::MonoTime when, std::function<void()> what) {
  events_.push({.when = std::max(when, now_), .number = numbers_++, .what = std::move(what)});
}

bool World::step() {
  if (!inside_ && before_step_) before_step_();
  ++steps_;
  if (++steps_now_ > most_steps_at_once) throw std::runtime_error("time stands still: something turns in circles");
  return run_handler() || move_time();
}

// Who had something to do mostly goes on; now and then it is another's turn first.
bool World::run_handler() {
  const std::size_t count = contexts_.size();
  if (count == 0) return false;
  if (turn_ >= count || random_.below(4) == 0) turn_ = random_.below(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = (turn_ + i) % count;
    if (contexts_[at]->poll_one() == 0) continue;
    turn_ = at;
    return true;
  }
  return false;
}

bool World::move_time() {
  base::MonoTime next = events_.empty() ? base::no_deadline : events_.top().when;
  for (const auto* deadlines : deadlines_) next = std::min(next, deadlines->next());
  if (next == base::no_deadline) return false;
  if (next > now_) {
    now_ = next;
    steps_now_ = 0;
  }
  if (!events_.empty() && events_.top().when <= now_) {
    happen();
    return true;
  }
  // An expired deadline may make others, but no host begins or ends here.
  for (std::size_t i = 0; i < deadlines_.size(); ++i)
    if (deadlines_[i]->next() <= now_) deadlines_[i]->expire(now_);
  return true;
}

void World::happen() {
  auto what = std::move(const_cast<Event&>(events_.top()).what);
  events_.pop();
  const bool was_inside = std::exchange(inside_, true);
  what();
  inside_ = was_inside;
}

void World::run_until(base::MonoTime end) {
  bool over = false;
  at(end, [&over] { over = true; });
  while (!over) step();
}

// FNV-1a.
void World::note(std::string_view what) {
  if (prints_) fmt::print("{:14.6f} {}\n", std::chrono::duration<double>(now_.time_since_epoch()).count(), what);
  const auto add = [this](unsigned char byte) { trace_ = (trace_ ^ byte) * 1099511628211U; };
  for (const char c : what) add(static_cast<unsigned char>(c));
  auto time = static_cast<std::uint64_t>(now_.time_since_epoch().count());
  for (int i = 0; i < 8; ++i, time >>= 8U) add(static_cast<unsigned char>(time & 0xFFU));
}

}  // namespace godwit::sim
