// SPDX-License-Identifier: Apache-2.0
// What may start, and what is known when it has ended.
#include <algorithm>
#include <utility>

#include "implementation.hpp"

namespace godwit::queue {
namespace {

// How many items one call of due() moves before it lets its caller breathe: a fraction of a millisecond.
constexpr int moves_per_call = 1024;
// Overdue items in work at once: they cost a read and a report each, and no connection.
constexpr std::size_t overdue_at_once = 16;

}  // namespace

// ---- time passes
// ----------------------------------------------------------------------------------------------------------

// A waiting item becomes due; a due one whose deadline has passed is put where it comes out next.
void Queue::Implementation::expire(Index index) {
  Record& record = records_[index];
  if (record.state == State::waiting) return move(index, State::due);
  timers_.erase(records_, index);
  turns_.erase(index);
  record.overdue = true;
  push_back(records_, overdue_, index);
  refresh(groups_[record.group].site);
}

int Queue::Implementation::run_timers() {
  int moves = 0;
  for (; moves < moves_per_call && !timers_.empty() && timers_.first_key() <= now_; ++moves) expire(timers_.first());
  return moves;
}

void Queue::Implementation::wake_sites() {
  while (!site_timers_.empty() && site_timers_.first_key() <= now_) {
    const Index site = site_timers_.first();
    if (sites_[site].place == Site::Place::lingering) {
      erase_site(site);
      continue;
    }
    place(site, Site::Place::nowhere);
    refresh(site);
  }
}

std::optional<base::WallTime> Queue::Implementation::next_event() const {
  base::WallTime next = suspension_ends_;
  if (!timers_.empty()) next = std::min(next, timers_.first_key());
  if (!site_timers_.empty()) next = std::min(next, site_timers_.first_key());
  if (next == never) return {};
  return next;
}

// ---- grants
// ---------------------------------------------------------------------------------------------------------------

Due Queue::Implementation::due(base::WallTime now) {
  see(now);
  if (suspension_ends_ <= now_) expire_suspensions();
  run_timers();
  wake_sites();
  if (!overdue_.empty() && overdue_out_ < overdue_at_once) return start_overdue();
  if (const Index site = next_site(); site != no_index) return start_next(site);
  // After a full batch the first timer may have passed already: then the caller comes back at once.
  return SleepUntil{next_event()};
}

std::uint32_t Queue::Implementation::bytes_of(Index record) const {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(records_[record].size, settings_.largest_in_memory));
}

// The first of the share whose turn it is, or of the next share that can start something.
Index Queue::Implementation::next_site() {
  if (all_suspended_) return no_index;
  for (std::size_t tried = 0; tried < share_count; ++tried) {
    const auto share = static_cast<Share>(next_share_);
    next_share_ = (next_share_ + 1) % share_count;
    const Index site = ring_of(share).first;
    if (site == no_index || !shares_.has_slot(share)) continue;
    if (shares_.has_room(share, bytes_of(turns_.choose(site)))) return site;
  }
  return no_index;
}

Work Queue::Implementation::start_overdue() {
  const Index record = overdue_.first;
  auto reason = why_due_waits(records_[record].group);
  move(record, State::active);
  ++overdue_out_;
  Work work{.item = item_of(record), .grant = {.kind = Grant::Kind::overdue}, .reason = std::move(reason)};
  return work;
}

Work Queue::Implementation::start_next(Index site) {
  place(site, Site::Place::nowhere);  // its turn is over: refresh() puts it at the end
  const Index record = turns_.choose(site);
  turns_.charge(site);
  const Grant grant = take_slot(site, record);
  move(record, State::active);
  return Work{.item = item_of(record), .grant = grant};
}

Grant Queue::Implementation::take_slot(Index index, Index record) {
  Site& site = sites_[index];
  const Grant grant{
      .kind = site.limit.start(now_), .site = index, .slot = site.slots.take(), .bytes = bytes_of(record)};
  site.bytes += grant.bytes;
  shares_.add(site.share, 1, grant.bytes);
  refresh(index);
  return grant;
}

void Queue::Implementation::free_slot(const Grant& grant, const SiteReport& report) {
  Site& site = sites_[grant.site];
  site.bytes -= grant.bytes;
  shares_.subtract(site.share, 1, grant.bytes);
  site.slots.free(grant.slot);
  const bool was_down = site.limit.down();
  site.limit.ended(grant.kind, report, settings_.retry, now_);
  if (was_down && !site.limit.down()) wake_stalled(grant.site);
  refresh(grant.site);
  drop_site_if_unused(grant.site);
}

// The site is back: what failed with it need not wait longer.
void Queue::Implementation::wake_stalled(Index site) {
  for (Index group = sites_[site].groups.first; group != no_index; group = groups_[group].links.next)
    while (!groups_[group].stalled.empty()) move(groups_[group].stalled.first, State::due);
}

void Queue::Implementation::ended(const Grant& grant, const SiteReport& report, base::WallTime now) {
  see(now);
  if (grant.kind == Grant::Kind::overdue)
    --overdue_out_;
  else
    free_slot(grant, report);
}

bool Queue::Implementation::join(const Key& key, const Grant& grant) {
  const Index index = index_of(key);
  if (index == no_index || grant.kind == Grant::Kind::overdue) return false;
  const Record& record = records_[index];
  const Group& group = groups_[record.group];
  const bool may_join = record.state == State::due && !record.overdue && !group.suspended && group.site == grant.site;
  if (may_join) move(index, State::active);
  return may_join;
}

void Queue::Implementation::give_back(const Key& key) {
  const Index index = index_of(key);
  if (index != no_index && records_[index].state == State::active) back_to_due(index);
}

void Queue::Implementation::lookup_hangs(const Grant& grant) {
  Site& site = sites_[grant.site];
  if (site.share != Share::routing) return;
  if (!shares_.has_slot(Share::hanging) || !shares_.has_room(Share::hanging, grant.bytes)) return;
  site.hangs = true;
  refresh(grant.site);
}

bool Queue::Implementation::may_start(Index index) const {
  const Site& site = sites_[index];
  const auto at = site.limit.ready_at();
  return at && *at <= now_ && !site.suspended && !all_suspended_;
}

std::optional<Grant> Queue::Implementation::assign(const Key& key, const Grant& grant, std::string_view via,
                                                   std::string_view site, base::WallTime now) {
  see(now);
  const Index record = index_of(key);
  if (record == no_index || records_[record].state != State::active) {
    free_slot(grant, {});
    return {};
  }
  move_item(record, via);
  const Index wanted = intern_site(site);
  const Index group = records_[record].group;
  const bool was_known = std::exchange(sites_[wanted].routed, true);
  if (groups_[group].site != wanted) move_group(group, wanted);
  refresh(wanted);
  const Share share = sites_[wanted].share;
  if (grant.site == wanted && (was_known || !shares_.exceeded(share))) return grant;
  free_slot(grant, {});
  if (records_[record].urgent) sites_[wanted].limit.probe_now(now_);
  if (may_start(wanted) && !groups_[group].suspended && shares_.has_slot(share)) return take_slot(wanted, record);
  back_to_due(record);
  return {};
}

void Queue::Implementation::back_to_due(Index record) {
  const bool held = records_[record].hold_when_finished;
  records_[record].hold_when_finished = false;
  move(record, held ? State::held : State::due, At::front);
}

}  // namespace godwit::queue
