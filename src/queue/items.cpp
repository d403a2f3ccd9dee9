// SPDX-License-Identifier: Apache-2.0
// The states of items and the moves between them.
#include <algorithm>
#include <limits>

#include "implementation.hpp"

namespace godwit::queue {
namespace {

// An item that becomes due near its deadline, or after it, has a tenth of its age, and at most this long, to be
// attempted: better tried than spoken for.
constexpr base::Duration longest_grace = std::chrono::minutes(1);

base::Duration grace(const Record& record, base::WallTime now) {
  const auto age = now.time_since_epoch() - std::chrono::seconds(record.accepted);
  return std::clamp(age / 10, base::Duration::zero(), longest_grace);
}

constexpr int highest_priority = 9;  // RFC 6710 section 5

template <class To, class From>
To saturated(From value) {
  return static_cast<To>(std::min<std::uint64_t>(value, std::numeric_limits<To>::max()));
}

}  // namespace

Sender sender_key(std::string_view text, int priority) {
  std::uint64_t hash = 0xCBF29CE484222325U;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  const auto folded = static_cast<std::uint32_t>(hash ^ (hash >> 32U));
  const auto rank =
      static_cast<std::uint32_t>(highest_priority - std::clamp(priority, -highest_priority, highest_priority));
  return {rank << Sender::rank_shift | folded >> (32 - Sender::rank_shift)};
}

bool Queue::Implementation::add(const Item& item) {
  if (index_of(item.key) != no_index) return false;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(item.accepted.time_since_epoch()).count();
  const Index group = intern_group(item.key.destination, item.via);
  const Index index =
      records_.insert({.id = item.key.id,
                       .next_attempt = item.next_attempt,
                       .deadline = item.deadline,
                       .accepted = saturated<std::uint32_t>(static_cast<std::uint64_t>(std::max<long>(seconds, 0))),
                       .group = group,
                       .sender = item.sender,
                       .size = saturated<std::uint32_t>(item.size),
                       .attempts = saturated<std::uint16_t>(item.attempts),
                       .released = item.released});
  by_id_.insert(item.key.id, index);
  enter(index, item.state == State::held ? State::held : State::waiting);
  return true;
}

void Queue::Implementation::set_timer(Index index, base::WallTime time) {
  if (time != never) timers_.push(records_, index, time);
}

void Queue::Implementation::leave(Index index) {
  Record& record = records_[index];
  --count(record.state);
  --count_in(record.group, record.state);
  if (record.position != no_index) timers_.erase(records_, index);
  if (record.stalled) unlink(records_, groups_[record.group].stalled, index);
  if (record.overdue) unlink(records_, overdue_, index);
  if (record.state == State::due && !record.overdue) {
    turns_.erase(index);
    refresh(groups_[record.group].site);
  }
  if (record.state == State::held && record.by_rule) unlink(records_, rule_held_, index);
  record.stalled = record.overdue = false;
}

void Queue::Implementation::enter(Index index, State state, At at) {
  Record& record = records_[index];
  record.state = state;
  ++count(state);
  ++count_in(record.group, state);
  if (state != State::held && state != State::active) record.by_rule = false;
  if (state == State::waiting) set_timer(index, std::min(record.next_attempt, record.deadline));
  if (state == State::due) {
    if (record.deadline != never) record.deadline = std::max(record.deadline, now_ + grace(record, now_));
    set_timer(index, record.deadline);
    turns_.push(index, at);
    refresh(groups_[record.group].site);
  }
  if (state == State::held && record.by_rule) push_back(records_, rule_held_, index);
}

void Queue::Implementation::move(Index index, State state, At at) {
  leave(index);
  enter(index, state, at);
}

void Queue::Implementation::reschedule(const Key& key, const Next& next) {
  const Index index = index_of(key);
  if (index == no_index || records_[index].state != State::active) return;
  leave(index);
  Record& record = records_[index];
  record.next_attempt = next.attempt;
  record.deadline = next.deadline;
  record.attempts = saturated<std::uint16_t>(next.attempts);
  record.urgent = false;
  const bool held = record.hold_when_finished;
  record.hold_when_finished = false;
  enter(index, held ? State::held : State::waiting);
  if (held || !next.with_site || !sites_[groups_[record.group].site].limit.down()) return;
  record.stalled = true;
  push_back(records_, groups_[record.group].stalled, index);
}

void Queue::Implementation::remove(const Key& key) {
  const Index index = index_of(key);
  if (index == no_index) return;
  leave(index);
  by_id_.erase(key.id, index);
  const Index group = records_[index].group;
  records_.erase(index);
  drop_group_if_empty(group);
}

void Queue::Implementation::hold(const Key& key, HoldBy by) {
  const Index index = index_of(key);
  if (index == no_index) return;
  Record& record = records_[index];
  record.released = false;
  if (record.state == State::active) {
    // What the administrator wants held, no rule takes over.
    record.by_rule = by == HoldBy::rule && (!record.hold_when_finished || record.by_rule);
    record.hold_when_finished = true;
    return;
  }
  leave(index);
  record.by_rule = by == HoldBy::rule;
  enter(index, State::held);
}

void Queue::Implementation::release(const Key& key) {
  const Index index = index_of(key);
  if (index == no_index) return;
  Record& record = records_[index];
  const bool held = record.state == State::held;
  record.released = record.released || held || record.hold_when_finished;
  record.hold_when_finished = false;
  if (!held) return;
  record.urgent = true;
  move(index, State::due);
}

std::size_t Queue::Implementation::release_rule_held() {
  std::size_t released = 0;
  for (; !rule_held_.empty(); ++released) move(rule_held_.first, State::due);
  return released;
}

bool Queue::Implementation::retry_now(const Key& key, base::WallTime now) {
  see(now);
  const Index index = index_of(key);
  if (index == no_index) return false;
  const State state = records_[index].state;
  if (state != State::waiting && state != State::due) return false;
  sites_[groups_[records_[index].group].site].limit.probe_now(now_);
  leave(index);
  if (state == State::waiting) records_[index].next_attempt = now;
  records_[index].urgent = true;
  enter(index, State::due, At::front);
  return true;
}

}  // namespace godwit::queue
