// SPDX-License-Identifier: Apache-2.0
// The invariants, each counted anew from the items.
#include <set>

#include "implementation.hpp"

namespace godwit::queue {

struct Queue::Implementation::Tally {
  std::map<Index, std::array<std::uint32_t, states>> groups;  // items by state
  std::map<Index, std::size_t> listed;                        // due items in a flow, by group
  std::map<Index, std::size_t> stalled;                       // by group
  std::array<std::size_t, states> states_seen{};
  std::size_t timers = 0, overdue = 0, rule_held = 0, flows = 0;
  std::string wrong;
};

// What can be said of an item without all others.
std::string_view Queue::Implementation::check_item(base::MessageId id, Index index) const {
  const Record& record = records_[index];
  const base::WallTime time = record.state == State::waiting ? std::min(record.next_attempt, record.deadline)
                              : record.state == State::due && !record.overdue ? record.deadline
                                                                              : never;
  if (record.id != id) return "a record under another's id";
  if ((time != never) != (record.position != no_index)) return "a timer too many or too few";
  if (record.position != no_index && timers_.key_of(records_, index) != time) return "a timer at another time";
  if (record.overdue && record.state != State::due) return "overdue, but not due";
  if (record.stalled && record.state != State::waiting) return "stalled, but not waiting";
  if (record.hold_when_finished && record.state != State::active) return "a hold pending for an item not active";
  return {};
}

std::string Queue::Implementation::check_items(Tally& tally) const {
  by_id_.for_each_from({}, "", [&](base::MessageId id, Index index) {
    const Record& record = records_[index];
    const auto state = static_cast<std::size_t>(record.state);
    tally.wrong = check_item(id, index);
    ++tally.groups[record.group][state];
    ++tally.states_seen[state];
    if (record.position != no_index) ++tally.timers;
    if (record.overdue) ++tally.overdue;
    if (record.stalled) ++tally.stalled[record.group];
    if (record.state == State::due && !record.overdue) ++tally.listed[record.group];
    if (record.state == State::held && record.by_rule) ++tally.rule_held;
    return tally.wrong.empty();
  });
  if (!tally.wrong.empty()) return tally.wrong;
  for (Index i = overdue_.first; i != no_index; i = records_[i].links.next) --tally.overdue;
  for (Index i = rule_held_.first; i != no_index; i = records_[i].links.next) --tally.rule_held;
  if (tally.overdue != 0) return "the list of overdue items differs from their marks";
  if (tally.rule_held != 0) return "the list of items held by a rule differs from their marks";
  if (tally.states_seen != counts_) return "counts differ from states";
  if (tally.timers != timers_.size()) return "timers that no item has";
  return {};
}

std::string Queue::Implementation::check_groups(Tally& tally) const {
  for (const auto& [name, index] : group_names_) {
    const Group& group = groups_[index];
    if (group.name->first != name) return "a group under another's name: " + name.first;
    if (group.items() == 0) return "an empty group: " + name.first;
    if (tally.groups[index] != group.counts) return "items miscounted of " + name.first;
    if (group.suspended != is_suspended(name.first)) return "suspended, or not, wrongly: " + name.first;
    std::size_t stalled = 0;
    for (Index i = group.stalled.first; i != no_index; i = records_[i].links.next, ++stalled)
      if (!records_[i].stalled || records_[i].group != index) return "a stranger among the stalled of " + name.first;
    if (stalled != tally.stalled[index]) return "stalled items missing from the list of " + name.first;
    std::size_t due = 0;
    const auto wrong = turns_.check_group(index, due, tally.flows);
    if (!wrong.empty()) return wrong + ": " + name.first;
    if (due != tally.listed[index]) return "due items missing from the flows of " + name.first;
  }
  return {};
}

std::string Queue::Implementation::check_sites(Tally& tally) const {
  std::size_t ready = 0, timers = 0, lingering = 0, groups = 0, flows = 0;
  Shares shares(settings_);
  for (const auto& [name, index] : site_names_) {
    const Site& site = sites_[index];
    using Place = Site::Place;
    if (site.name->first != name) return "a site under another's name: " + name;
    for (Index i = site.groups.first; i != no_index; i = groups_[i].links.next, ++groups)
      if (groups_[i].site != index) return "a stranger among the groups of " + name;
    if (site.slots.used() != site.limit.active()) return "slots differ from connections of " + name;
    if (site.suspended != is_suspended(name)) return "suspended, or not, wrongly: " + name;
    if (site.groups.empty() && site.limit.active() == 0 && site.place != Place::lingering)
      return "a site without use: " + name;
    const auto wrong = turns_.check_site(index, flows);
    if (!wrong.empty()) return wrong + ": " + name;
    const auto at = site.limit.ready_at();
    const bool wants = !site.turns.empty() && !site.suspended && at;
    if (site.place == Place::ready && !(wants && *at <= now_)) return "ready, but may not start: " + name;
    if (site.place == Place::sleeping && !wants) return "sleeps for nothing: " + name;
    if (site.place == Place::nowhere && wants) return "forgotten: " + name;
    const bool timed = site.place == Place::sleeping || site.place == Place::lingering;
    if (timed != (site.position != no_index)) return "a timer too many or too few: " + name;
    ready += site.place == Place::ready ? 1 : 0;
    timers += timed ? 1 : 0;
    lingering += site.place == Place::lingering ? 1 : 0;
    shares.add(site.share, site.limit.active(), site.bytes);
  }
  for (std::size_t share = 0; share < share_count; ++share)
    for (Index i = rings_[share].first; i != no_index; i = sites_[i].links.next, --ready)
      if (sites_[i].share != static_cast<Share>(share)) return "a site in another share's ring";
  if (ready != 0) return "the ring differs from the ready sites";
  if (timers != site_timers_.size() || !site_timers_.valid(sites_)) return "timers of sites out of order";
  if (lingering != lingering_) return "lingering sites miscounted";
  if (shares != shares_) return "connections miscounted";
  if (groups != groups_.size()) return "groups that are in no site";
  if (flows != tally.flows) return "flows that are in no turn";
  return {};
}

std::string Queue::Implementation::check_some(std::optional<base::MessageId>& after, std::size_t most) const {
  const base::MessageId first{after ? after->value + 1 : 0};
  std::string wrong;
  std::size_t seen = 0;
  after.reset();
  auto last = first;
  by_id_.for_each_from(first, "", [&](base::MessageId id, Index index) {
    if (seen >= most && id != last) {
      after = last;
      return false;
    }
    ++seen;
    last = id;
    wrong = check_item(id, index);
    return wrong.empty();
  });
  return wrong;
}

std::string Queue::Implementation::check() const {
  if (by_id_.size() != records_.size()) return "records that no index names";
  if (group_names_.size() != groups_.size()) return "groups that no name leads to";
  if (site_names_.size() != sites_.size()) return "sites that no name leads to";
  if (!by_id_.valid_order()) return "the index out of order";
  if (!timers_.valid(records_)) return "timers out of order";
  Tally tally;
  auto wrong = check_items(tally);
  if (wrong.empty()) wrong = check_groups(tally);
  if (wrong.empty()) wrong = check_sites(tally);
  return wrong;
}

}  // namespace godwit::queue
